import { alignedBlocks, piecesOf, SlotFile } from './slot-file.ts';
import { type BlockRange, blockBytes, hashBlocks } from './verity.ts';

/** Blocks read at once: 1 MiB. */
const bufferBlocks = 256;

/**
 * Reads back what a slot holds, past the kernel's cache. For a thread of its own, that asks for one thing at a time. Its methods throw
 * what {@link SlotFile}'s do.
 */
export class SlotChecker {
  readonly #file: SlotFile;
  /** Digests of all data blocks, shared with other threads. */
  readonly #leaves: Uint8Array;
  /** One is read into while the other is hashed. */
  readonly #buffers = [alignedBlocks(bufferBlocks), alignedBlocks(bufferBlocks)] as const;

  constructor(path: string, leaves: Uint8Array) {
    this.#file = new SlotFile(path, 'check');
    this.#leaves = leaves;
  }

  /** Makes durable what was written so far, and puts the digests of what the disk has there among the leaves. */
  async seal(ranges: readonly BlockRange[]): Promise<void> {
    await this.#file.syncMeanwhile();
    for (const range of ranges) await this.digest(range);
  }

  /** Puts the digests of what the disk has there among the leaves. */
  async digest(range: BlockRange): Promise<void> {
    let [current, next] = this.#buffers;
    let reading = Promise.resolve();
    let arrived: BlockRange | undefined;
    for (const piece of [...piecesOf(range, bufferBlocks), undefined]) {
      await reading;
      [current, next] = [next, current];
      if (piece !== undefined) reading = this.#file.readMeanwhile(part(next, piece), piece.block);
      if (arrived !== undefined) hashBlocks(part(current, arrived), this.#leaves, arrived.block);
      arrived = piece;
    }
  }

  /** What the disk has there. */
  read({ block, blocks }: BlockRange): Uint8Array {
    const bytes = alignedBlocks(blocks);
    this.#file.read(bytes, block);
    return bytes;
  }
}

function part(buffer: Uint8Array, { blocks }: BlockRange): Uint8Array {
  return buffer.subarray(0, blocks * blockBytes);
}
