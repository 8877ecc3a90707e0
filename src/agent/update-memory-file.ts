import { readFile } from 'node:fs/promises';
import { Turns } from '../core/turns.ts';
import { isMissing, writeDurably } from '../engine/durable-file.ts';
import { noMemory, type UpdateMemory } from '../update/machine/update-memory.ts';

/** Of this form; another one is not understood. */
const version = 1;

/** What is known of updates, in a file. One that is torn or of another form counts as none: it costs a look, nothing else. */
export class UpdateMemoryFile {
  readonly #path: string;
  #value: UpdateMemory = noMemory;
  readonly #saving = new Turns();

  private constructor(path: string) {
    this.#path = path;
  }

  static async open(path: string): Promise<UpdateMemoryFile> {
    const file = new UpdateMemoryFile(path);
    file.#value = await read(path);
    return file;
  }

  get value(): UpdateMemory {
    return this.#value;
  }

  /** Durable when it resolves. */
  async save(memory: UpdateMemory): Promise<void> {
    this.#value = memory;
    await this.#saving.take(async () => writeDurably(this.#path, `${JSON.stringify({ version, ...this.#value })}\n`));
  }
}

async function read(path: string): Promise<UpdateMemory> {
  try {
    const { version: form, ...memory } = JSON.parse(await readFile(path, 'utf8')) as UpdateMemory & {
      version?: number;
    };
    return form === version ? { ...noMemory, ...memory } : noMemory;
  } catch (error) {
    if (isMissing(error) || error instanceof SyntaxError) return noMemory;
    throw error;
  }
}
