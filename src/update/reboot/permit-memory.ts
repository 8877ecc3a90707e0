import { readFile, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { isMissing, writeDurably } from '../../engine/durable-file.ts';
import type { PermitAnswer, RebootPermit } from './permit.ts';

const noteSchema = z.object({
  version: z.literal(1),
  path: z.string().startsWith('/'),
  /** Agents of before noted none. */
  releases: z.array(z.string()).default([]),
});

interface Note {
  readonly path: string;
  /** Versions that the host restarted for, or was about to. */
  readonly releases: readonly string[];
}

/** Remembers over a restart where this host may have a permit, for the config may name another place by then, or none; and for what. */
export class PermitMemory {
  readonly #file: string;
  #note: Note | undefined;

  private constructor(file: string, note: Note | undefined) {
    this.#file = file;
    this.#note = note;
  }

  /** A note that cannot be read is none. Throws when the directory cannot be read. */
  static async open(stateDirectory: string): Promise<PermitMemory> {
    const file = join(stateDirectory, 'reboot-permit.json');
    return new PermitMemory(file, await readNote(file));
  }

  /** Where a permit may be held. */
  get path(): string | undefined {
    return this.#note?.path;
  }

  /** What it was asked for, the last one last. */
  get releases(): readonly string[] {
    return this.#note?.releases ?? [];
  }

  /**
   * The permit at a path, remembered from before it is asked for until it is known not to be held.
   * @param wanted versions that it is asked for.
   */
  remembering(path: string, permit: RebootPermit, wanted: () => readonly string[]): RebootPermit {
    return {
      acquire: async (signal): Promise<PermitAnswer> => {
        await this.#save({ path, releases: [...new Set(wanted())] });
        const answer = await permit.acquire(signal);
        if (answer.kind === 'refused') await this.#forget(path);
        return answer;
      },
      release: async (signal) => {
        await permit.release(signal);
        await this.#forget(path);
      },
    };
  }

  /** The others of {@link releases} do not count any more. Durable when it resolves. */
  async keepReleases(releases: readonly string[]): Promise<void> {
    if (this.#note !== undefined) await this.#save({ ...this.#note, releases });
  }

  async #save(note: Note): Promise<void> {
    const text = JSON.stringify({ version: 1, ...note });
    if (this.#note !== undefined && text === JSON.stringify({ version: 1, ...this.#note })) return;
    await writeDurably(this.#file, `${text}\n`);
    this.#note = note;
  }

  async #forget(path: string): Promise<void> {
    if (this.path !== path) return;
    await unlink(this.#file).catch((error: unknown) => {
      if (!isMissing(error)) throw error;
    });
    this.#note = undefined;
  }
}

async function readNote(file: string): Promise<Note | undefined> {
  try {
    const { path, releases } = noteSchema.parse(JSON.parse(await readFile(file, 'utf8')));
    return { path, releases };
  } catch (error) {
    if (isMissing(error) || error instanceof SyntaxError || error instanceof z.ZodError) return undefined;
    throw error;
  }
}
