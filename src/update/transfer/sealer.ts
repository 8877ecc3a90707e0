import type { SlotThreads } from './slot-threads.ts';
import type { BlockRange } from './verity.ts';

/** What is written before it is made durable: 32 MiB. */
const mostBlocks = 8192;
/** What was fetched for it: a power cut costs no more than this, twice, and what is under way. */
const mostFetchedBytes = 2 ** 20;

/** Has what was written made durable, read back and hashed: beside the writing. */
export class Sealer {
  readonly #threads: SlotThreads;
  #pending: Promise<unknown> = Promise.resolve();
  #from = 0;
  /** Not sealed yet. */
  #blocks = 0;
  #fetchedBytes = 0;

  constructor(threads: SlotThreads) {
    this.#threads = threads;
  }

  /** All blocks before `end` are as they should be, of which so many were written and so much fetched. Waits while an earlier part is not sealed. */
  async writtenTo(end: number, blocks: number, fetchedBytes: number): Promise<void> {
    this.#blocks += blocks;
    this.#fetchedBytes += fetchedBytes;
    if (this.#blocks < mostBlocks && this.#fetchedBytes < mostFetchedBytes) return;
    await this.seal([{ block: this.#from, blocks: end - this.#from }]);
    this.#from = end;
    this.#blocks = 0;
    this.#fetchedBytes = 0;
  }

  /** Seals some parts, once those before them are. */
  async seal(ranges: readonly BlockRange[]): Promise<void> {
    await this.#pending;
    this.#pending = this.#threads.seal(ranges);
    // It is told to whoever waits next.
    this.#pending.catch(() => undefined);
  }

  /** Seals what is left before `end`, and waits for all. */
  async finish(end: number): Promise<void> {
    const rest = end > this.#from ? this.#threads.seal([{ block: this.#from, blocks: end - this.#from }]) : undefined;
    this.#from = end;
    await Promise.all([this.#pending, rest]);
  }

  /** Waits until all is sealed. Rejects with what went wrong. */
  async idle(): Promise<void> {
    await this.#pending;
  }
}
