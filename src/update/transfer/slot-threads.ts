import type { Segment } from './segment.ts';
import type { ThreadCalls } from './slot-calls.ts';
import { SlotLane } from './slot-lane.ts';
import type { Payload, WriterOptions } from './slot-writer.ts';
import type { BlockRange } from './verity.ts';

/** Threads that work on a slot: as many as do its unpacking and hashing on two processors, as the smallest clouds' hosts have. */
const threadCount = 2;
/** Blocks that are read back by several threads: 8 MiB. */
const leastShared = 2048;

export interface ThreadsSetup extends Omit<WriterOptions, 'isFirst'> {
  /** Digests of all its data blocks, in shared memory. */
  readonly leaves: Uint8Array;
}

/**
 * The threads that write a slot and read it back. Parts may be written at the same time; all else is the first one's, but for what is
 * read back meanwhile. All methods reject with what those of {@link ThreadCalls} throw.
 */
export class SlotThreads {
  readonly #lanes: readonly SlotLane[];
  /** Requests of each that are not answered yet. */
  readonly #waiting: number[];

  constructor({ target, leaves, ...write }: ThreadsSetup) {
    this.#lanes = Array.from(
      { length: threadCount },
      (_, at) => new SlotLane({ target, leaves, write: { ...write, isFirst: at === 0 } }),
    );
    this.#waiting = this.#lanes.map(() => 0);
  }

  /** Asks the first thread. */
  async call<Kind extends keyof ThreadCalls>(
    kind: Kind,
    ...input: Parameters<ThreadCalls[Kind]>
  ): Promise<Awaited<ReturnType<ThreadCalls[Kind]>>> {
    return this.#ask(0, kind, ...input);
  }

  /** Writes segments by the thread that has the least to do: see {@link SlotWriter.write}. */
  async write(segments: readonly Segment[], payload: Payload | undefined): Promise<Segment[]> {
    return this.#ask(this.#waiting.indexOf(Math.min(...this.#waiting)), 'write', segments, payload);
  }

  /** Makes durable what was written so far, and has parts read back: by one thread when it is little, as each makes it durable first. */
  async seal(ranges: readonly BlockRange[]): Promise<void> {
    const sum = ranges.reduce((before, { blocks }) => before + blocks, 0);
    const all = this.#lanes.map((_, at) => at);
    const some = sum < leastShared ? all.slice(-1) : all;
    const shares = some.map(async (at, index) =>
      this.#ask(
        at,
        'seal',
        ranges.map((range) => share(range, index, some.length)),
      ),
    );
    await Promise.all(shares);
  }

  /** Ends the threads; no write begins after it. */
  async close(): Promise<void> {
    await Promise.all(this.#lanes.map(async (lane) => lane.close()));
  }

  async #ask<Kind extends keyof ThreadCalls>(
    at: number,
    kind: Kind,
    ...input: Parameters<ThreadCalls[Kind]>
  ): Promise<Awaited<ReturnType<ThreadCalls[Kind]>>> {
    const lane = this.#lanes[at];
    if (lane === undefined) throw new Error(`there is no thread ${at}`);
    this.#waiting[at] = (this.#waiting[at] ?? 0) + 1;
    try {
      return await lane.call(kind, ...input);
    } finally {
      this.#waiting[at] = (this.#waiting[at] ?? 0) - 1;
    }
  }
}

/** One of `count` parts of much the same size. Pure. */
function share({ block, blocks }: BlockRange, at: number, count: number): BlockRange {
  const start = Math.floor((blocks * at) / count);
  return { block: block + start, blocks: Math.floor((blocks * (at + 1)) / count) - start };
}
