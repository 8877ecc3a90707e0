import type { SlotLane } from './slot-lane.ts';
import type { BlockRange } from './verity.ts';

/** What is written before it is made durable: 32 MiB. */
const mostBlocks = 8192;
/** What was fetched for it: a power cut costs no more than this, twice, and what is under way. */
const mostFetchedBytes = 2 ** 20;

/**
 * Has what was written made durable, read back and hashed: beside the writing by a thread of its own, and what is left in the end by the
 * writer's as well. Little is left to the writer alone: to start a thread takes longer.
 */
export class Sealer {
  readonly #writer: SlotLane;
  readonly #startChecker: () => SlotLane;
  #checker: SlotLane | undefined;
  #pending: Promise<unknown> = Promise.resolve();
  #from = 0;
  /** Not sealed yet. */
  #blocks = 0;
  #fetchedBytes = 0;

  constructor(writer: SlotLane, startChecker: () => SlotLane) {
    this.#writer = writer;
    this.#startChecker = startChecker;
  }

  /** So many blocks will be written: starts the thread early when it will be needed. */
  expect(blocks: number): void {
    if (blocks >= mostBlocks) this.#checker ??= this.#startChecker();
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
    this.#checker ??= this.#startChecker();
    await this.#sealBy([this.#checker], ranges);
  }

  /** Seals what is left before `end`, and waits for all. */
  async finish(end: number): Promise<void> {
    const lanes = this.#checker === undefined ? [this.#writer] : [this.#writer, this.#checker];
    if (end > this.#from) await this.#sealBy(lanes, [{ block: this.#from, blocks: end - this.#from }]);
    this.#from = end;
    await this.idle();
  }

  /** Waits until all is sealed. Rejects with what went wrong. */
  async idle(): Promise<void> {
    await this.#pending;
  }

  async #sealBy(lanes: readonly SlotLane[], ranges: readonly BlockRange[]): Promise<void> {
    await this.#pending;
    const shares = lanes.map(async (lane, at) =>
      lane.call(
        'seal',
        ranges.map((range) => share(range, at, lanes.length)),
      ),
    );
    this.#pending = Promise.all(shares);
    // It is told to whoever waits next.
    this.#pending.catch(() => undefined);
  }
}

/** One of `count` parts of much the same size. Pure. */
function share({ block, blocks }: BlockRange, at: number, count: number): BlockRange {
  const start = Math.floor((blocks * at) / count);
  return { block: block + start, blocks: Math.floor((blocks * (at + 1)) / count) - start };
}
