import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { BerthError, messageOf } from '../core/errors.ts';
import { Turns } from '../core/turns.ts';
import { replaceFile, syncPath, writeDurably } from '../engine/durable-file.ts';
import type { ConfigText } from './agent-service.ts';
import type { Generation } from './model.ts';
import { generationBefore } from './release-generation.ts';

/** What is stored of a generation; its state follows from its place among the others. */
interface StoredGeneration extends Omit<Generation, 'state'> {
  /** As the user wrote them, secrets included: the files are for root only. */
  readonly files: readonly ConfigText[];
}

export interface NewGeneration {
  readonly createdAt: string;
  readonly source: string;
  readonly files: readonly ConfigText[];
  readonly changes: readonly string[];
  readonly release?: string | null;
}

const fileName = /^(\d{6})\.json$/;
const fileMode = 0o600;

/**
 * A directory with one JSON file per applied host config, numbered from 1. The current one is the newest. A file that
 * cannot be read is set aside as `….corrupt`, so the last good one before it is current. One process at a time; its
 * calls may overlap.
 */
export class GenerationStore {
  /** Files that were set aside, for a person. */
  readonly problems: string[] = [];
  readonly #directory: string;
  readonly #keep: number;
  /** Oldest first. */
  #generations: StoredGeneration[] = [];
  #highest = 0;
  readonly #writes = new Turns();
  #finishing: Promise<void> = Promise.resolve();

  private constructor(directory: string, keep: number) {
    this.#directory = directory;
    this.#keep = keep;
  }

  /** @param keep how many generations are kept; beyond these, those to go back to are. */
  static async open(directory: string, keep = 32): Promise<GenerationStore> {
    const store = new GenerationStore(directory, keep);
    await mkdir(directory, { recursive: true, mode: 0o700 });
    await store.#load();
    return store;
  }

  /** undefined on a host to which nothing was applied yet. */
  current(): Generation | undefined {
    return this.list().find(({ state }) => state === 'current');
  }

  /** Newest first. */
  list(): Generation[] {
    return this.#generations
      .toReversed()
      .map((stored, index) => describe(stored, index === 0 ? 'current' : isRejected(stored) ? 'rejected' : 'previous'));
  }

  /** The config texts with everything in them. Throws NOT_FOUND. */
  files(number: number): readonly ConfigText[] {
    return this.#stored(number).files;
  }

  /** Image ids of a generation by service, and which services went back. Throws NOT_FOUND. */
  ran(number: number): Pick<Generation, 'number' | 'images' | 'rolledBack'> {
    return this.#stored(number);
  }

  /** Which services of a generation went back, with why; none of one that is not here. */
  rolledBack(number: number): Readonly<Record<string, string>> {
    return this.#generations.find((generation) => generation.number === number)?.rolledBack ?? {};
  }

  /**
   * Stores a new generation, which is current from now on, and then forgets the oldest beyond the number to keep. It outlives
   * this process when this resolves, and a power cut when {@link settled} does.
   */
  async create(generation: NewGeneration): Promise<Generation> {
    return this.#writes.take(async () => {
      const { files, createdAt, source, changes } = generation;
      const stored: StoredGeneration = {
        number: this.#highest + 1,
        createdAt,
        source,
        configDigest: digestConfig(files),
        images: {},
        release: generation.release ?? null,
        changes,
        rolledBack: {},
        files,
      };
      await replaceFile(this.#path(stored.number), textOf(stored), fileMode);
      this.#highest = stored.number;
      this.#generations.push(stored);
      this.#finishing = this.#writes.take(() => this.#forgetOldest());
      // It is reported to who waits for it.
      this.#finishing.catch(() => undefined);
      return describe(stored, 'current');
    });
  }

  /** Resolves when the newest generation outlives a power cut, too. */
  async settled(): Promise<void> {
    await this.#finishing;
  }

  /** Adds to the images that ran under a generation. Throws NOT_FOUND. */
  async updateImages(number: number, images: Readonly<Record<string, string>>): Promise<void> {
    await this.#change(number, (stored) => ({ ...stored, images: { ...stored.images, ...images } }));
  }

  /** Notes which services of a generation went back, with why. Throws NOT_FOUND. */
  async updateRolledBack(number: number, rolledBack: Readonly<Record<string, string>>): Promise<void> {
    await this.#change(number, (stored) => ({ ...stored, rolledBack }));
  }

  async #change(number: number, change: (stored: StoredGeneration) => StoredGeneration): Promise<void> {
    await this.#writes.take(async () => {
      const before = this.#stored(number);
      const after = change(before);
      if (isDeepStrictEqual(after, before)) return;
      await this.#write(after);
      this.#generations[this.#generations.indexOf(before)] = after;
    });
  }

  #stored(number: number): StoredGeneration {
    const stored = this.#generations.find((generation) => generation.number === number);
    if (stored !== undefined) return stored;
    const numbers = this.#generations.map((generation) => generation.number);
    const hint =
      numbers.length === 0
        ? 'nothing was applied yet'
        : `there are ${numbers[0]} to ${numbers.at(-1)}: berth generations`;
    throw new BerthError('NOT_FOUND', `there is no generation ${number}`, { hint });
  }

  #path(number: number): string {
    return join(this.#directory, `${String(number).padStart(6, '0')}.json`);
  }

  async #write(stored: StoredGeneration): Promise<void> {
    await writeDurably(this.#path(stored.number), textOf(stored), fileMode);
  }

  async #forgetOldest(): Promise<void> {
    // The one to go back to: the newest before the current one of which nothing was rolled back.
    const needed = this.#generations.slice(0, -1).findLast((generation) => !isRejected(generation));
    const beforeRelease = generationBefore(this.list())?.number;
    const excess = this.#generations
      .slice(0, Math.max(0, this.#generations.length - this.#keep))
      .filter((generation) => generation !== needed && generation.number !== beforeRelease);
    for (const { number } of excess) await rm(this.#path(number), { force: true });
    await syncPath(this.#directory);
    this.#generations = this.#generations.filter((generation) => !excess.includes(generation));
  }

  async #load(): Promise<void> {
    for (const name of (await readdir(this.#directory)).sort()) {
      const number = Number(/^(\d{6})\.json/.exec(name)?.[1] ?? 0);
      // A number is never given twice, even when its file was set aside.
      this.#highest = Math.max(this.#highest, number);
      if (!fileName.test(name)) continue;
      const path = join(this.#directory, name);
      try {
        this.#generations.push(parseStored(await readFile(path, 'utf8'), number));
      } catch (error) {
        await rename(path, `${path}.corrupt`);
        this.problems.push(`${path} is unreadable and was set aside as ${name}.corrupt: ${messageOf(error)}`);
      }
    }
  }
}

/** sha256 of the texts in order; their names do not matter. Pure. */
export function digestConfig(files: readonly ConfigText[]): string {
  const canonical = JSON.stringify(files.map(({ text }) => text));
  return createHash('sha256').update(canonical).digest('hex');
}

function textOf(stored: StoredGeneration): string {
  return `${JSON.stringify(stored)}\n`;
}

function describe(stored: StoredGeneration, state: Generation['state']): Generation {
  const { number, createdAt, source, configDigest, images, release, changes, rolledBack } = stored;
  return { number, createdAt, source, configDigest, images, release, changes, rolledBack, state };
}

function isRejected({ rolledBack }: StoredGeneration): boolean {
  return Object.keys(rolledBack).length > 0;
}

function parseStored(text: string, number: number): StoredGeneration {
  const stored = JSON.parse(text) as Omit<StoredGeneration, 'rolledBack'> & Partial<StoredGeneration>;
  // Files of earlier versions do not tell what was rolled back.
  const value: StoredGeneration = { ...stored, rolledBack: stored.rolledBack ?? {} };
  if (value.number !== number)
    throw new BerthError('STORE_CORRUPT', `it says it is generation ${String(value.number)}`);
  if (digestConfig(value.files) !== value.configDigest)
    throw new BerthError('STORE_CORRUPT', 'its config does not have its digest');
  return value;
}
