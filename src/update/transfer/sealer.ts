import type { SlotChecker } from './slot-checker.ts';
import type { BlockRange } from './verity.ts';

/** What is written before it is made durable: 32 MiB. */
const mostBlocks = 8192;
/** What was fetched for it: a power cut costs no more than this, twice, and what is under way. */
const mostFetchedBytes = 2 ** 20;

/** Has what was written made durable, then read back and hashed: beside the writing, which waits only for the disk to be durable. */
export class Sealer {
  readonly #checker: SlotChecker;
  #syncing: Promise<unknown> = Promise.resolve();
  /** Of all that was to be read back so far; it may be far behind. */
  #reading: Promise<unknown> = Promise.resolve();
  #hasFailed = false;
  #from = 0;
  /** Not sealed yet. */
  #blocks = 0;
  #fetchedBytes = 0;

  constructor(checker: SlotChecker) {
    this.#checker = checker;
  }

  /** All blocks before `end` are as they should be, of which so many were written and so much fetched. Waits while an earlier part is not durable. */
  async writtenTo(end: number, blocks: number, fetchedBytes: number): Promise<void> {
    this.#blocks += blocks;
    this.#fetchedBytes += fetchedBytes;
    if (this.#blocks < mostBlocks && this.#fetchedBytes < mostFetchedBytes) return;
    await this.seal([{ block: this.#from, blocks: end - this.#from }]);
    this.#from = end;
    this.#blocks = 0;
    this.#fetchedBytes = 0;
  }

  /** Seals some parts, once those before them are durable. */
  async seal(ranges: readonly BlockRange[]): Promise<void> {
    await this.#syncing;
    if (this.#hasFailed) await this.#reading;
    this.#syncing = this.#checker.sync();
    this.#reading = this.#readBack(ranges, this.#reading, this.#syncing);
    // It is told to whoever waits next.
    this.#reading.catch(() => {
      this.#hasFailed = true;
    });
  }

  /** Seals what is left before `end`, and waits for all. */
  async finish(end: number): Promise<void> {
    if (end > this.#from) await this.seal([{ block: this.#from, blocks: end - this.#from }]);
    this.#from = end;
    await this.idle();
  }

  /** Waits until all is sealed. Rejects with what went wrong. */
  async idle(): Promise<void> {
    await this.#reading;
  }

  async #readBack(ranges: readonly BlockRange[], before: Promise<unknown>, durable: Promise<unknown>): Promise<void> {
    await Promise.all([before, durable]);
    for (const range of ranges) await this.#checker.digest(range);
  }
}
