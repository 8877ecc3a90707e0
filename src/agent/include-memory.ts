import { readFile } from 'node:fs/promises';
import type { IncludeMemory } from '../datasource/resolve-user-data.ts';
import { isMissing, writeDurably } from '../engine/durable-file.ts';

interface Kept {
  readonly instance: string;
  /** Base64, by URL. */
  readonly urls: Readonly<Record<string, string>>;
}

/** What `#include-once` got on this instance: it is not asked for again. May hold secrets: for root only. */
export class IncludeFile implements IncludeMemory {
  readonly #path: string;
  readonly #instance: string;
  #kept: Promise<Kept> | undefined;

  constructor(path: string, instance: string) {
    this.#path = path;
    this.#instance = instance;
  }

  async get(url: string): Promise<Uint8Array | undefined> {
    const { urls } = await this.#load();
    const found = urls[url];
    return found === undefined ? undefined : new Uint8Array(Buffer.from(found, 'base64'));
  }

  async set(url: string, bytes: Uint8Array): Promise<void> {
    const { instance, urls } = await this.#load();
    const kept = { instance, urls: { ...urls, [url]: Buffer.from(bytes).toString('base64') } };
    this.#kept = Promise.resolve(kept);
    await writeDurably(this.#path, `${JSON.stringify(kept)}\n`);
  }

  async #load(): Promise<Kept> {
    this.#kept ??= readKept(this.#path).then((kept) =>
      kept?.instance === this.#instance ? kept : { instance: this.#instance, urls: {} },
    );
    return await this.#kept;
  }
}

async function readKept(path: string): Promise<Kept | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as Kept;
  } catch (error) {
    // Unreadable: what it held is fetched once more.
    if (isMissing(error) || error instanceof SyntaxError) return undefined;
    throw error;
  }
}
