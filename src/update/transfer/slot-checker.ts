import { alignedBlocks, piecesOf, SlotFile } from './slot-file.ts';
import { type BlockRange, blockBytes, digestBytes, hashBlocks } from './verity.ts';

/** Blocks read at once: 1 MiB. */
const bufferBlocks = 256;

/**
 * Reads back what a slot holds, past the kernel's cache: one thing at a time. Its methods reject with what those of {@link SlotFile} do.
 */
export class SlotChecker {
  /** Digests of all data blocks, as far as they were read. */
  readonly leaves: Uint8Array;
  readonly #file: SlotFile;
  /** One is read into while the other is hashed. */
  readonly #buffers = [alignedBlocks(bufferBlocks), alignedBlocks(bufferBlocks)] as const;

  /** Throws HOST_REFUSED when the slot cannot be opened. */
  constructor(path: string, dataBlocks: number) {
    this.#file = new SlotFile(path, 'check');
    this.leaves = new Uint8Array(dataBlocks * digestBytes);
  }

  /** Makes durable what was written so far. Not one of the things that wait for each other. */
  async sync(): Promise<void> {
    await this.#file.sync();
  }

  /** Puts the digests of what the disk has there among the leaves. */
  async digest(range: BlockRange): Promise<void> {
    let [current, next] = this.#buffers;
    let reading = Promise.resolve();
    let arrived: BlockRange | undefined;
    for (const piece of [...piecesOf(range, bufferBlocks), undefined]) {
      await reading;
      [current, next] = [next, current];
      if (piece !== undefined) reading = this.#file.read(part(next, piece), piece.block);
      if (arrived !== undefined) hashBlocks(part(current, arrived), this.leaves, arrived.block);
      arrived = piece;
    }
  }

  /** What the disk has there. */
  async read({ block, blocks }: BlockRange): Promise<Uint8Array> {
    const bytes = alignedBlocks(blocks);
    await this.#file.read(bytes, block);
    return bytes;
  }

  /** Waits for what is being read. */
  async close(): Promise<void> {
    await this.#file.close();
  }
}

function part(buffer: Uint8Array, { blocks }: BlockRange): Uint8Array {
  return buffer.subarray(0, blocks * blockBytes);
}
