import { constants, fdatasync, fdatasyncSync, openSync, read, readSync, write, writeSync } from 'node:fs';
import { promisify } from 'node:util';
import { BerthError, messageOf } from '../../core/errors.ts';
import { type BlockRange, blockBytes } from './verity.ts';

const readLater = promisify(read);
const writeLater = promisify(write);
const syncLater = promisify(fdatasync);

/**
 * What a file is opened for: `seed` keeps the kernel's read-ahead, the others go past its cache where the file system lets them. `write`
 * claims a partition for this process, and `write-too` does not: for a second thread.
 */
export type SlotFileUse = 'seed' | 'check' | 'write' | 'write-too';

/**
 * Memory that a device can read and write itself: page aligned, as only resizable buffers are in Node (WebAssembly's are too, but
 * the agent's V8 has none). `blocks` are of 4096 bytes.
 */
export function alignedBlocks(blocks: number): Uint8Array {
  const length = blocks * blockBytes;
  return new Uint8Array(new ArrayBuffer(length, { maxByteLength: length }));
}

/**
 * A partition or file with a slot's content, read and written in whole blocks: for threads of their own, whose end
 * closes it. All methods throw DISK_FULL, or HOST_REFUSED with the system's message.
 */
export class SlotFile {
  readonly path: string;
  readonly #descriptor: number;

  constructor(path: string, use: SlotFileUse) {
    this.path = path;
    this.#descriptor = attempt(path, () => open(path, use));
  }

  /** Fills `into` from a block on. Throws HOST_REFUSED when the file ends before that. */
  read(into: Uint8Array, block: number): void {
    for (let done = 0; done < into.length; ) {
      const position = block * blockBytes + done;
      const count = attempt(this.path, () => readSync(this.#descriptor, into, done, into.length - done, position));
      if (count === 0) throw new BerthError('HOST_REFUSED', `${this.path} ends at byte ${position}`);
      done += count;
    }
  }

  /** As {@link read}, while the thread does something else: rejects with the same. */
  async readMeanwhile(into: Uint8Array, block: number): Promise<void> {
    for (let done = 0; done < into.length; ) {
      const position = block * blockBytes + done;
      const reading = readLater(this.#descriptor, into, done, into.length - done, position);
      const { bytesRead } = await this.#later(reading);
      if (bytesRead === 0) throw new BerthError('HOST_REFUSED', `${this.path} ends at byte ${position}`);
      done += bytesRead;
    }
  }

  /** Writes all of `from`, from a block on. Not durable before {@link sync}. */
  write(from: Uint8Array, block: number): void {
    for (let done = 0; done < from.length; ) {
      const position = block * blockBytes + done;
      done += attempt(this.path, () => writeSync(this.#descriptor, from, done, from.length - done, position));
    }
  }

  /** As {@link write}, while the thread does something else: rejects with the same. */
  async writeMeanwhile(from: Uint8Array, block: number): Promise<void> {
    for (let done = 0; done < from.length; ) {
      const position = block * blockBytes + done;
      const writing = writeLater(this.#descriptor, from, done, from.length - done, position);
      done += (await this.#later(writing)).bytesWritten;
    }
  }

  /** Makes all that was written to the file durable, whoever wrote it. */
  sync(): void {
    attempt(this.path, () => fdatasyncSync(this.#descriptor));
  }

  /** As {@link sync}, while the thread does something else: rejects with the same. */
  async syncMeanwhile(): Promise<void> {
    await this.#later(syncLater(this.#descriptor));
  }

  async #later<Result>(result: Promise<Result>): Promise<Result> {
    return result.catch((cause: unknown) => Promise.reject(failure(this.path, cause)));
  }
}

/** Cuts a range into pieces of at most so many blocks. Pure. */
export function* piecesOf({ block, blocks }: BlockRange, most: number): Generator<BlockRange> {
  for (let done = 0; done < blocks; done += most) yield { block: block + done, blocks: Math.min(most, blocks - done) };
}

function open(path: string, use: SlotFileUse): number {
  const { O_RDONLY, O_RDWR, O_EXCL, O_DIRECT } = constants;
  // Linux refuses O_EXCL for a partition that is mounted or a part of something else, such as the running slot.
  const access = { seed: O_RDONLY, check: O_RDONLY, write: O_RDWR | O_EXCL, 'write-too': O_RDWR }[use];
  if (use === 'seed') return openSync(path, access);
  try {
    return openSync(path, access | O_DIRECT);
  } catch (error) {
    // A file system in memory has nothing to go past.
    if (codeOf(error) !== 'EINVAL') throw error;
    return openSync(path, access);
  }
}

function attempt<Result>(path: string, action: () => Result): Result {
  try {
    return action();
  } catch (cause) {
    throw failure(path, cause);
  }
}

function failure(path: string, cause: unknown): BerthError {
  if (codeOf(cause) === 'ENOSPC') return new BerthError('DISK_FULL', `${path} is full`, { cause });
  return new BerthError('HOST_REFUSED', `${path}: ${messageOf(cause)}`, { cause });
}

function codeOf(error: unknown): unknown {
  return error instanceof Error ? Reflect.get(error, 'code') : undefined;
}
