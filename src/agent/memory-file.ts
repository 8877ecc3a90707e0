import { readFile, rename } from 'node:fs/promises';
import { isMissing, writeDurably } from '../engine/durable-file.ts';
import type { Memory } from '../services/model.ts';
import type { MemoryStore } from '../services/ports.ts';

interface StoredMemory {
  /** Of this form; another one is not understood. */
  readonly version: number;
  readonly services: Memory;
}

/** The reconciler's memory as a JSON file. One that cannot be read is set aside: losing it costs retries, not services. */
export class MemoryFile implements MemoryStore {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  async load(): Promise<Memory> {
    try {
      const stored = JSON.parse(await readFile(this.#path, 'utf8')) as StoredMemory;
      if (stored.version === 1) return stored.services;
    } catch (error) {
      if (isMissing(error)) return {};
    }
    await rename(this.#path, `${this.#path}.corrupt`);
    return {};
  }

  async save(memory: Memory): Promise<void> {
    const stored: StoredMemory = { version: 1, services: memory };
    await writeDurably(this.#path, `${JSON.stringify(stored)}\n`);
  }
}
