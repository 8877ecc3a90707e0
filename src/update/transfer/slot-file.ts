import { closeSync, constants, fdatasync, openSync, read, write } from 'node:fs';
import { promisify } from 'node:util';
import { BerthError, messageOf } from '../../core/errors.ts';
import { errnoOf } from '../../core/file-failure.ts';
import { type BlockRange, blockBytes } from './verity.ts';

const readFrom = promisify(read);
const writeTo = promisify(write);
const syncOf = promisify(fdatasync);

/**
 * What a file is opened for: `seed` keeps the kernel's read-ahead, the others go past its cache where the file system lets them. `write`
 * claims a partition for itself.
 */
export type SlotFileUse = 'seed' | 'check' | 'write';

/**
 * Memory that a device can read and write itself: page aligned, as only resizable buffers are in Node (WebAssembly's are too, but
 * the agent's V8 has none). `blocks` are of 4096 bytes.
 */
export function alignedBlocks(blocks: number): Uint8Array {
  const length = blocks * blockBytes;
  return new Uint8Array(new ArrayBuffer(length, { maxByteLength: length }));
}

/** A partition or file with a slot's content, read and written in whole blocks. All methods reject with DISK_FULL, or HOST_REFUSED with the system's message. */
export class SlotFile {
  readonly path: string;
  readonly #descriptor: number;
  /** What the system is at. */
  readonly #pending = new Set<Promise<unknown>>();
  #isClosed = false;

  /** Throws HOST_REFUSED. */
  constructor(path: string, use: SlotFileUse) {
    this.path = path;
    try {
      this.#descriptor = open(path, use);
    } catch (cause) {
      throw failure(path, cause);
    }
  }

  /** Fills `into` from a block on. Rejects with HOST_REFUSED when the file ends before that. */
  async read(into: Uint8Array, block: number): Promise<void> {
    for (let done = 0; done < into.length; ) {
      const position = block * blockBytes + done;
      const { bytesRead } = await this.#ask((file) => readFrom(file, into, done, into.length - done, position));
      if (bytesRead === 0) throw new BerthError('HOST_REFUSED', `${this.path} ends at byte ${position}`);
      done += bytesRead;
    }
  }

  /** Writes all of `from`, from a block on. Not durable before {@link sync}. */
  async write(from: Uint8Array, block: number): Promise<void> {
    for (let done = 0; done < from.length; ) {
      const position = block * blockBytes + done;
      const { bytesWritten } = await this.#ask((file) => writeTo(file, from, done, from.length - done, position));
      done += bytesWritten;
    }
  }

  /** Makes all that was written to the file durable, whoever wrote it. */
  async sync(): Promise<void> {
    await this.#ask(syncOf);
  }

  /** Waits for what the system is at; whatever is asked for after that is refused. Safe to repeat. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await Promise.allSettled(this.#pending);
    closeSync(this.#descriptor);
  }

  async #ask<Result>(action: (descriptor: number) => Promise<Result>): Promise<Result> {
    if (this.#isClosed) throw new BerthError('CANCELLED', `${this.path} is closed`);
    const result = action(this.#descriptor).catch((cause: unknown) => Promise.reject(failure(this.path, cause)));
    this.#pending.add(result);
    try {
      return await result;
    } finally {
      this.#pending.delete(result);
    }
  }
}

/** Cuts a range into pieces of at most so many blocks. Pure. */
export function* piecesOf({ block, blocks }: BlockRange, most: number): Generator<BlockRange> {
  for (let done = 0; done < blocks; done += most) yield { block: block + done, blocks: Math.min(most, blocks - done) };
}

function open(path: string, use: SlotFileUse): number {
  const { O_RDONLY, O_RDWR, O_EXCL, O_DIRECT } = constants;
  // Linux refuses O_EXCL for a partition that is mounted or a part of something else, such as the running slot.
  const access = { seed: O_RDONLY, check: O_RDONLY, write: O_RDWR | O_EXCL }[use];
  if (use === 'seed') return openSync(path, access);
  try {
    return openSync(path, access | O_DIRECT);
  } catch (error) {
    // A file system in memory has nothing to go past.
    if (errnoOf(error) !== 'EINVAL') throw error;
    return openSync(path, access);
  }
}

function failure(path: string, cause: unknown): BerthError {
  if (errnoOf(cause) === 'ENOSPC') return new BerthError('DISK_FULL', `${path} is full`, { cause });
  return new BerthError('HOST_REFUSED', `${path}: ${messageOf(cause)}`, { cause });
}
