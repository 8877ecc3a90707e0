import { readFile } from 'node:fs/promises';
import { Turns } from '../core/turns.ts';
import { isMissing, writeDurably } from '../engine/durable-file.ts';

/** What an operator switched by `berth service enable|disable`, over the config's own list. */
export interface Overlay {
  readonly enabled: readonly string[];
  readonly disabled: readonly string[];
}

const empty: Overlay = { enabled: [], disabled: [] };

/** Reads and writes the overlay's file. */
export class OverlayStore {
  readonly #path: string;
  #overlay: Overlay = empty;
  readonly #writing = new Turns();

  constructor(path: string) {
    this.#path = path;
  }

  get current(): Overlay {
    return this.#overlay;
  }

  async load(): Promise<void> {
    const text = await readFile(this.#path, 'utf8').catch((error: unknown) => {
      if (isMissing(error)) return undefined;
      throw error;
    });
    if (text !== undefined) this.#overlay = JSON.parse(text) as Overlay;
  }

  /** Durable when it resolves. */
  async set(name: string, isEnabled: boolean): Promise<void> {
    const without = (names: readonly string[]): string[] => names.filter((other) => other !== name);
    const { enabled, disabled } = this.#overlay;
    this.#overlay = isEnabled
      ? { enabled: [...without(enabled), name], disabled: without(disabled) }
      : { enabled: without(enabled), disabled: [...without(disabled), name] };
    // The last one has everything.
    await this.#writing.take(() => writeDurably(this.#path, `${JSON.stringify(this.#overlay)}\n`));
  }
}
