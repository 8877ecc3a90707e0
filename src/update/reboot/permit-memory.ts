import { readFile, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { isMissing, writeDurably } from '../../engine/durable-file.ts';
import type { PermitAnswer, RebootPermit } from './permit.ts';

const noteSchema = z.object({ version: z.literal(1), path: z.string().startsWith('/') });

/** Remembers over a restart where this host may have a permit: the config may name another place by then, or none. */
export class PermitMemory {
  readonly #file: string;
  #path: string | undefined;

  private constructor(file: string, path: string | undefined) {
    this.#file = file;
    this.#path = path;
  }

  /** A note that cannot be read is none. Throws when the directory cannot be read. */
  static async open(stateDirectory: string): Promise<PermitMemory> {
    const file = join(stateDirectory, 'reboot-permit.json');
    return new PermitMemory(file, await readNote(file));
  }

  /** Where a permit may be held. */
  get path(): string | undefined {
    return this.#path;
  }

  /** The permit at a path, remembered from before it is asked for until it is known not to be held. */
  remembering(path: string, permit: RebootPermit): RebootPermit {
    return {
      acquire: async (signal): Promise<PermitAnswer> => {
        await this.#note(path);
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

  async #note(path: string): Promise<void> {
    if (this.#path === path) return;
    await writeDurably(this.#file, `${JSON.stringify({ version: 1, path })}\n`);
    this.#path = path;
  }

  async #forget(path: string): Promise<void> {
    if (this.#path !== path) return;
    await unlink(this.#file).catch((error: unknown) => {
      if (!isMissing(error)) throw error;
    });
    this.#path = undefined;
  }
}

async function readNote(file: string): Promise<string | undefined> {
  try {
    return noteSchema.parse(JSON.parse(await readFile(file, 'utf8'))).path;
  } catch (error) {
    if (isMissing(error) || error instanceof SyntaxError || error instanceof z.ZodError) return undefined;
    throw error;
  }
}
