import { readFile } from 'node:fs/promises';
import type { HostConfig } from '../config/host-config.ts';
import { importIds, importUrl, keysIn } from '../config/imported-keys.ts';
import { messageOf } from '../core/errors.ts';
import { Turns } from '../core/turns.ts';
import { isMissing, writeDurably } from '../engine/durable-file.ts';

export interface KeyImportsDependencies {
  /** Remembers what was got, across boots. */
  readonly path: string;
  /** Gets what is behind a URL; undefined when there is nothing. Rejects with why it cannot be had. */
  readonly fetch: (url: string, signal: AbortSignal) => Promise<Uint8Array | undefined>;
  /** Resolves when there is a network. */
  readonly whenOnline: (signal: AbortSignal) => Promise<void>;
  /** Told what could not be had; the keys that were known stay. */
  readonly onProblem: (why: string) => void;
  readonly signal: AbortSignal;
}

/** Keys that a config takes from other sites: asked for when it is applied, and kept when a site does not answer. */
export class KeyImports {
  readonly #deps: KeyImportsDependencies;
  #known: ReadonlyMap<string, readonly string[]>;
  #wanted = '';
  readonly #asking = new Turns();
  #onChange: () => void = () => undefined;

  private constructor(deps: KeyImportsDependencies, known: ReadonlyMap<string, readonly string[]>) {
    this.#deps = deps;
    this.#known = known;
  }

  static async open(deps: KeyImportsDependencies): Promise<KeyImports> {
    try {
      const known = JSON.parse(await readFile(deps.path, 'utf8')) as Record<string, string[]>;
      return new KeyImports(deps, new Map(Object.entries(known)));
    } catch (error) {
      // Unreadable: they are asked for once more.
      if (!isMissing(error) && !(error instanceof SyntaxError)) throw error;
      return new KeyImports(deps, new Map());
    }
  }

  /** Keys by id. */
  get known(): ReadonlyMap<string, readonly string[]> {
    return this.#known;
  }

  /** Called back when keys have changed. */
  onChange(listener: () => void): void {
    this.#onChange = listener;
  }

  /** This config holds from now on. Returns at once: nothing waits for another site. */
  follow(config: HostConfig): void {
    const ids = importIds(config);
    const wanted = ids.join(' ');
    if (wanted === this.#wanted) return;
    this.#wanted = wanted;
    if (ids.length > 0) void this.#asking.take(() => this.#fetchAll(ids, wanted));
  }

  /** Resolves when nobody is asked any more. */
  async idle(): Promise<void> {
    await this.#asking.over();
  }

  async #fetchAll(ids: readonly string[], wanted: string): Promise<void> {
    const { whenOnline, signal, onProblem, path } = this.#deps;
    try {
      await whenOnline(signal);
      for (const id of ids) {
        const keys = await this.#fetch(id);
        // Another config holds by now, and asks for its own.
        if (wanted !== this.#wanted) return;
        if (keys === undefined || keys.join('\n') === this.#known.get(id)?.join('\n')) continue;
        this.#known = new Map(this.#known).set(id, keys);
        await writeDurably(path, `${JSON.stringify(Object.fromEntries(this.#known))}\n`);
        this.#onChange();
      }
    } catch (error) {
      if (!signal.aborted) onProblem(`ssh_import_id: ${messageOf(error)}`);
    }
  }

  /** @returns undefined when the site gave no keys, which is told. */
  async #fetch(id: string): Promise<readonly string[] | undefined> {
    const { fetch, signal, onProblem } = this.#deps;
    try {
      const bytes = await fetch(importUrl(id), signal);
      const keys = bytes === undefined ? [] : keysIn(Buffer.from(bytes).toString('utf8'), id);
      if (keys.length > 0) return keys;
      onProblem(`ssh_import_id: there are no keys of ${id}`);
    } catch (error) {
      signal.throwIfAborted();
      onProblem(`ssh_import_id: the keys of ${id} cannot be had: ${messageOf(error)}`);
    }
    return undefined;
  }
}
