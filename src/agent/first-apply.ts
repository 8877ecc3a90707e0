import { readFile } from 'node:fs/promises';
import { isMissing, writeDurably } from './durable-file.ts';

interface Noted {
  readonly instance: string;
}

/**
 * Whether a config was ever applied as a whole on this instance: until then, and never again, it may partition and format
 * disks that it names. An image of a disk that boots as another instance starts afresh.
 */
export class FirstApply {
  readonly #path: string;
  readonly #instance: string;
  #isDue: boolean;

  private constructor(path: string, instance: string, isDue: boolean) {
    this.#path = path;
    this.#instance = instance;
    this.#isDue = isDue;
  }

  /** @param instance what the provider calls this machine; it changes when a disk's image starts a new one. */
  static async open(path: string, instance: string): Promise<FirstApply> {
    try {
      const noted = JSON.parse(await readFile(path, 'utf8')) as Noted;
      return new FirstApply(path, instance, noted.instance !== instance);
    } catch (error) {
      if (isMissing(error)) return new FirstApply(path, instance, true);
      // Unreadable: that something was applied is certain, and a second first apply could destroy data.
      if (error instanceof SyntaxError) return new FirstApply(path, instance, false);
      throw error;
    }
  }

  get isDue(): boolean {
    return this.#isDue;
  }

  /** A config is applied as a whole. Durable when it resolves. */
  async note(): Promise<void> {
    if (!this.#isDue) return;
    await writeDurably(this.#path, `${JSON.stringify({ instance: this.#instance } satisfies Noted)}\n`);
    this.#isDue = false;
  }
}
