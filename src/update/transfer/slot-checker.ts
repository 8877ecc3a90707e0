import { alignedBlocks, piecesOf, SlotFile } from './slot-file.ts';
import { type BlockRange, blockBytes, hashBlocks } from './verity.ts';

/** Blocks read at once: 1 MiB. */
const bufferBlocks = 256;

/**
 * Reads back what a slot holds, past the kernel's cache. Synchronous: for a thread of its own. Its methods throw what
 * {@link SlotFile}'s do.
 */
export class SlotChecker {
  readonly #file: SlotFile;
  /** Digests of all data blocks, shared with other threads. */
  readonly #leaves: Uint8Array;
  readonly #buffer = alignedBlocks(bufferBlocks);

  constructor(path: string, leaves: Uint8Array) {
    this.#file = new SlotFile(path, 'check');
    this.#leaves = leaves;
  }

  /** Makes durable what was written so far, and puts the digests of what the disk has there among the leaves. */
  seal(ranges: readonly BlockRange[]): void {
    this.#file.sync();
    for (const range of ranges) this.digest(range);
  }

  /** Puts the digests of what the disk has there among the leaves. */
  digest(range: BlockRange): void {
    for (const { block, blocks } of piecesOf(range, bufferBlocks)) {
      const piece = this.#buffer.subarray(0, blocks * blockBytes);
      this.#file.read(piece, block);
      hashBlocks(piece, this.#leaves, block);
    }
  }

  /** What the disk has there. */
  read({ block, blocks }: BlockRange): Uint8Array {
    const bytes = alignedBlocks(blocks);
    this.#file.read(bytes, block);
    return bytes;
  }
}
