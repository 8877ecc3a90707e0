import { readFile } from 'node:fs/promises';
import { isMissing, writeDurably } from './durable-file.ts';

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
  #writing: Promise<void> = Promise.resolve();

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
    const write = (): Promise<void> => writeDurably(this.#path, `${JSON.stringify(this.#overlay)}\n`);
    // One after the other; the last one has everything.
    this.#writing = this.#writing.then(write, write);
    await this.#writing;
  }
}
