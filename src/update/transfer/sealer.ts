import type { SlotLane } from './slot-lane.ts';
import type { BlockRange } from './verity.ts';

/** What is written before it is made durable: 32 MiB. */
const mostBlocks = 8192;
/** What was fetched for it: a power cut costs no more than this, twice, and what is under way. */
const mostFetchedBytes = 2 ** 20;

/** Has what was written made durable, read back and hashed, beside the writing: by several threads, so that one hashes while another reads. */
export class Sealer {
  readonly #lanes: readonly SlotLane[];
  #pending: Promise<unknown> = Promise.resolve();
  #from = 0;
  #fetchedBytes = 0;

  constructor(lanes: readonly SlotLane[]) {
    this.#lanes = lanes;
  }

  /** All blocks before `end` are written, for which so much had to be fetched. Waits while an earlier part is not sealed. */
  async writtenTo(end: number, fetchedBytes: number): Promise<void> {
    this.#fetchedBytes += fetchedBytes;
    if (end - this.#from < mostBlocks && this.#fetchedBytes < mostFetchedBytes) return;
    await this.seal([{ block: this.#from, blocks: end - this.#from }]);
    this.#from = end;
    this.#fetchedBytes = 0;
  }

  /** Seals some parts, once those before them are. */
  async seal(ranges: readonly BlockRange[]): Promise<void> {
    await this.#pending;
    const count = this.#lanes.length;
    this.#pending = Promise.all(
      this.#lanes.map(async (lane, at) =>
        lane.call(
          'seal',
          ranges.map((range) => share(range, at, count)),
        ),
      ),
    );
    // It is told to whoever waits next.
    this.#pending.catch(() => undefined);
  }

  /** Seals what is left before `end`, and waits for all. */
  async finish(end: number): Promise<void> {
    if (end > this.#from) await this.seal([{ block: this.#from, blocks: end - this.#from }]);
    this.#from = end;
    await this.idle();
  }

  /** Waits until all is sealed. Rejects with what went wrong. */
  async idle(): Promise<void> {
    await this.#pending;
  }
}

/** One of `count` parts of much the same size. Pure. */
function share({ block, blocks }: BlockRange, at: number, count: number): BlockRange {
  const start = Math.floor((blocks * at) / count);
  return { block: block + start, blocks: Math.floor((blocks * (at + 1)) / count) - start };
}
