import { readFile } from 'node:fs/promises';
import { isMissing, writeDurably } from '../engine/durable-file.ts';

interface Noted {
  readonly instance: string;
}

/**
 * Whether a config was ever applied as a whole on this instance: until then, and never again, it may partition and format
 * disks that it names. An image of a disk that boots as another instance starts afresh.
 */
export class FirstApply {
  readonly #path: string;
  readonly #isKept: boolean;
  #instance: string | undefined;
  #isDue = false;

  /** @param isKept false when what is noted does not outlive this boot: then it is never due. */
  constructor(path: string, isKept = true) {
    this.#path = path;
    this.#isKept = isKept;
  }

  /** False before the instance is known. */
  get isDue(): boolean {
    return this.#isDue;
  }

  /** @param instance what the provider calls this machine; it changes when a disk's image starts a new one. */
  async begin(instance: string): Promise<void> {
    this.#instance = instance;
    // Nobody knows whether this instance was here before: what a first apply may destroy could be its own.
    if (!this.#isKept) return;
    try {
      const noted = JSON.parse(await readFile(this.#path, 'utf8')) as Noted;
      this.#isDue = noted.instance !== instance;
    } catch (error) {
      // Unreadable: that something was applied is certain, and a second first apply could destroy data.
      if (!isMissing(error) && !(error instanceof SyntaxError)) throw error;
      this.#isDue = isMissing(error);
    }
  }

  /** A config is applied as a whole. Durable when it resolves. */
  async note(): Promise<void> {
    if (!this.#isDue || this.#instance === undefined) return;
    await writeDurably(this.#path, `${JSON.stringify({ instance: this.#instance } satisfies Noted)}\n`);
    this.#isDue = false;
  }
}
