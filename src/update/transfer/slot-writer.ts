import { hash } from 'node:crypto';
import { BerthError, isBerthError } from '../../core/errors.ts';
import { keyBytes, keysOf } from './block-index.ts';
import { BlockOutput } from './block-output.ts';
import { deltaLimits } from './delta-format.ts';
import { formerLayout } from './former-content.ts';
import type { ByteSpan, Segment } from './segment.ts';
import { alignedBlocks, piecesOf, SlotFile } from './slot-file.ts';
import { unpackFrame } from './unpack-frame.ts';
import { type BlockRange, blockBytes, digestBytes, hashBlocks, type SlotLayout } from './verity.ts';

/** Blocks looked at or written at once, but for those of segments: 4 MiB, the most that a patch makes. */
const bufferBlocks = deltaLimits.patchBlocks;
/** Blocks of segments written at once: 1 MiB. */
const outputBlocks = 256;
/** Stands where the hash tree's superblock will be while a slot is being written; behind it the root hash, in hex. */
const marker = 'berth: being written\n';

/** A part of an artifact. */
export interface Payload {
  /** Where in the artifact it begins. */
  readonly start: number;
  readonly bytes: Uint8Array;
}

export interface WriterOptions {
  readonly target: string;
  /** Another slot, to copy from. */
  readonly seed?: string;
  readonly layout: SlotLayout;
  /** Claims the target for itself; others beside it, in threads of their own, only write segments. */
  readonly isFirst: boolean;
}

/**
 * Carries out segments on the target. For a thread of its own: it waits for the disk only where that has nothing else to do. Its methods
 * throw what {@link SlotFile}'s do.
 */
export class SlotWriter {
  readonly #target: SlotFile;
  readonly #seed: SlotFile | undefined;
  readonly #layout: SlotLayout;
  readonly #buffer = alignedBlocks(bufferBlocks);
  /** The block with the superblock of a former release's hash tree. */
  #formerTree: number | undefined;
  /** Memory for what is being written. */
  readonly #spare: Uint8Array[] = [];
  /** Room for dictionaries: one of its own for each patch would be garbage of many times the patch. */
  #dictionary = new Uint8Array();
  /** The windows that it holds. */
  #windows = '';

  constructor({ target, seed, layout, isFirst }: WriterOptions) {
    this.#layout = layout;
    this.#target = new SlotFile(target, isFirst ? 'write' : 'write-too');
    this.#seed = seed === undefined ? undefined : openSeed(seed);
  }

  /**
   * Takes the target over: from now on it says that it is incomplete, and no hash tree makes it look like a release.
   * Throws HOST_REFUSED when it is too small. @returns whether it holds something of the release with this root hash already.
   */
  begin(rootHash: string): boolean {
    const { dataBlocks, slotBlocks } = this.#layout;
    this.#target.read(this.#buffer.subarray(0, blockBytes), slotBlocks - 1);
    const head = this.#buffer.subarray(0, Math.min(2, slotBlocks - dataBlocks) * blockBytes);
    this.#target.read(head, dataBlocks);
    const mark = Buffer.from(marker + rootHash);
    const hasLeftovers =
      mark.equals(head.subarray(0, mark.length)) ||
      (head.length > blockBytes && hash('sha256', head.subarray(blockBytes)) === rootHash);
    head.fill(0);
    // What is written from now on is nothing that it vouches for.
    if (this.#formerTree !== undefined) this.#target.write(head.subarray(0, blockBytes), this.#formerTree);
    head.set(mark);
    this.#target.write(head, dataBlocks);
    this.#target.sync();
    return hasLeftovers;
  }

  /** Digests of what the target holds, as the hash tree of a former release says, which {@link begin} takes away. undefined: there is none. */
  former(): Uint8Array | undefined {
    const read = (into: Uint8Array, block: number): boolean => attempt(() => this.#target.read(into, block));
    const head = this.#buffer.subarray(0, blockBytes);
    const layout = formerLayout((block) => (read(head, block) ? head : undefined));
    const [leaves] = layout?.levels ?? [];
    if (layout === undefined || leaves === undefined) return undefined;
    this.#formerTree = layout.dataBlocks;
    const digests = alignedBlocks(leaves.blocks);
    return read(digests, leaves.block)
      ? new Uint8Array(digests.subarray(0, layout.dataBlocks * digestBytes))
      : undefined;
  }

  /** Which segments' blocks the target has already. Of what carries no digest nothing is known. */
  kept(segments: readonly Segment[]): boolean[] {
    return segments.map((segment) => {
      if (segment.kind === 'copy' || segment.kind === 'zero' || segment.blocks > bufferBlocks) return false;
      const blocks = this.#buffer.subarray(0, segment.blocks * blockBytes);
      this.#target.read(blocks, segment.block);
      return isRight(segment, blocks);
    });
  }

  /**
   * Writes segments that are in the order of the slot. @returns the ones that could not be made: the seed or the payload is not
   * what it should be. What they leave in the target is undefined. A patch that unpacks to something else is not among them.
   */
  async write(segments: readonly Segment[], payload: Payload | undefined): Promise<Segment[]> {
    const output = new BlockOutput(this.#target, outputBlocks, this.#spare);
    const failed: Segment[] = [];
    for (const segment of segments) if (!(await this.#make(segment, payload, output))) failed.push(segment);
    await output.end();
    return failed;
  }

  /** Writes the hash tree, each part durable before the next and the superblock last, and reads it again. Throws HOST_REFUSED when the disk has not kept it. */
  finish(tree: Uint8Array): void {
    const { dataBlocks } = this.#layout;
    const blocks = tree.length / blockBytes;
    for (const range of [...piecesOf({ block: 1, blocks: blocks - 1 }, bufferBlocks), { block: 0, blocks: 1 }]) {
      const bytes = tree.subarray(range.block * blockBytes, (range.block + range.blocks) * blockBytes);
      const buffer = this.#buffer.subarray(0, bytes.length);
      buffer.set(bytes);
      this.#target.write(buffer, dataBlocks + range.block);
      this.#target.sync();
      this.#target.read(buffer, dataBlocks + range.block);
      if (Buffer.compare(buffer, bytes) !== 0)
        throw new BerthError('HOST_REFUSED', `${this.#target.path} does not keep what is written to it`);
    }
  }

  /** Reads from the seed; undefined when it cannot be read. */
  readSeed({ block, blocks }: BlockRange): Uint8Array | undefined {
    const bytes = new Uint8Array(blocks * blockBytes);
    return this.#readSeed(bytes, block) ? bytes : undefined;
  }

  async #make(segment: Segment, payload: Payload | undefined, output: BlockOutput): Promise<boolean> {
    switch (segment.kind) {
      case 'zero':
        for (const piece of piecesOf(segment, outputBlocks)) (await output.room(piece)).fill(0);
        return true;
      case 'copy':
        for (const piece of piecesOf(segment, outputBlocks))
          if (!this.#readSeed(await output.room(piece), segment.seedBlock + piece.block - segment.block)) return false;
        return true;
      case 'patch':
      case 'frame': {
        const blocks = this.#unpack(segment, payload);
        // Of a patch, what the disk has of it is held against the root hash soon; of a frame, this tells its damage from the disk's.
        if (blocks === undefined || (segment.kind === 'frame' && !isRight(segment, blocks))) return false;
        for (const piece of piecesOf(segment, outputBlocks)) {
          const start = (piece.block - segment.block) * blockBytes;
          (await output.room(piece)).set(blocks.subarray(start, start + piece.blocks * blockBytes));
        }
        return true;
      }
    }
  }

  /** @returns undefined when the payload is no frame of that size. */
  #unpack(
    segment: Extract<Segment, { kind: 'patch' | 'frame' }>,
    payload: Payload | undefined,
  ): Uint8Array | undefined {
    if (payload === undefined) return undefined;
    const dictionary = segment.kind === 'patch' ? this.#dictionaryOf(segment.windows) : undefined;
    return unpackFrame(slice(payload, segment.payload), segment.blocks, dictionary);
  }

  /** False where the seed has no such blocks or cannot be read: others will do. */
  #readSeed(into: Uint8Array, block: number): boolean {
    const seed = this.#seed;
    return seed !== undefined && attempt(() => seed.read(into, block));
  }

  #dictionaryOf(windows: readonly BlockRange[]): Uint8Array {
    const length = windows.reduce((sum, { blocks }) => sum + blocks, 0) * blockBytes;
    const name = JSON.stringify(windows);
    if (length > this.#dictionary.length) this.#dictionary = new Uint8Array(length);
    else if (this.#windows === name) return this.#dictionary.subarray(0, length);
    let at = 0;
    for (const { block, blocks } of windows) {
      // What comes of a dictionary with something else in it is seen when the slot is read back.
      this.#readSeed(this.#dictionary.subarray(at, at + blocks * blockBytes), block);
      at += blocks * blockBytes;
    }
    this.#windows = name;
    return this.#dictionary.subarray(0, length);
  }
}

/** @returns false where the disk does not do it. */
function attempt(action: () => void): boolean {
  try {
    action();
    return true;
  } catch (error) {
    if (isBerthError(error)) return false;
    throw error;
  }
}

/** A seed that cannot be opened is done without, as one that cannot be read. */
function openSeed(path: string): SlotFile | undefined {
  try {
    return new SlotFile(path, 'seed');
  } catch (error) {
    if (isBerthError(error)) return undefined;
    throw error;
  }
}

function slice({ start, bytes }: Payload, span: ByteSpan): Uint8Array {
  return bytes.subarray(span.start - start, span.end - start);
}

function isRight(segment: Extract<Segment, { kind: 'patch' | 'frame' }>, blocks: Uint8Array): boolean {
  if (segment.kind === 'patch') return Buffer.compare(hash('sha256', blocks, 'buffer'), segment.sha256) === 0;
  const digests = new Uint8Array(segment.blocks * digestBytes);
  hashBlocks(blocks, digests, 0);
  return Buffer.compare(keysOf(digests), segment.keys.subarray(0, segment.blocks * keyBytes)) === 0;
}
