import { alignedBlocks, type SlotFile } from './slot-file.ts';
import { type BlockRange, blockBytes } from './verity.ts';

/** Collects blocks that follow each other and writes them in one go, while the next ones are collected. */
export class BlockOutput {
  readonly #file: SlotFile;
  readonly #bufferBlocks: number;
  /** Buffers that nobody uses, shared by several outputs. */
  readonly #spare: Uint8Array[];
  #buffer: Uint8Array;
  /** What of the buffer is filled, and where it goes. */
  #filled: BlockRange = { block: 0, blocks: 0 };
  #writing: Promise<unknown> = Promise.resolve();

  /** @param spare buffers of `bufferBlocks` from {@link alignedBlocks}; more are added. */
  constructor(file: SlotFile, bufferBlocks: number, spare: Uint8Array[]) {
    this.#file = file;
    this.#bufferBlocks = bufferBlocks;
    this.#spare = spare;
    this.#buffer = this.#take();
  }

  /**
   * Memory for blocks, at most as many as a buffer has: they are written once they are filled and {@link BlockOutput.end} is called. Rejects
   * with what the file's methods throw of what was collected before.
   */
  async room({ block, blocks }: BlockRange): Promise<Uint8Array> {
    const { block: first, blocks: count } = this.#filled;
    if (count > 0 && (first + count !== block || count + blocks > this.#bufferBlocks)) await this.#flush();
    const { blocks: before } = this.#filled;
    this.#filled = { block: before === 0 ? block : first, blocks: before + blocks };
    return part(this.#buffer, before, blocks);
  }

  /** Writes what is left, and waits for all. Rejects with what the file's methods throw. */
  async end(): Promise<void> {
    await this.#flush();
    await this.#writing;
    this.#spare.push(this.#buffer);
  }

  async #flush(): Promise<void> {
    const { block, blocks } = this.#filled;
    await this.#writing;
    if (blocks === 0) return;
    const full = this.#buffer;
    this.#buffer = this.#take();
    this.#filled = { block: 0, blocks: 0 };
    this.#writing = this.#file.write(part(full, 0, blocks), block).then(() => this.#spare.push(full));
    // It is told to whoever waits next.
    this.#writing.catch(() => undefined);
  }

  #take(): Uint8Array {
    return this.#spare.pop() ?? alignedBlocks(this.#bufferBlocks);
  }
}

function part(buffer: Uint8Array, block: number, blocks: number): Uint8Array {
  return buffer.subarray(block * blockBytes, (block + blocks) * blockBytes);
}
