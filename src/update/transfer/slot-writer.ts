import { hash } from 'node:crypto';
import { BerthError, isBerthError } from '../../core/errors.ts';
import { keyBytes, keysOf } from './block-index.ts';
import { BlockOutput } from './block-output.ts';
import { deltaLimits } from './delta-format.ts';
import { formerLayout } from './former-content.ts';
import type { ByteSpan, Segment } from './segment.ts';
import { alignedBlocks, piecesOf, SlotFile } from './slot-file.ts';
import { freeFrame, unpackFrame } from './unpack-frame.ts';
import { type BlockRange, blockBytes, digestBytes, hashBlocks, type SlotLayout } from './verity.ts';

/** Blocks looked at or written at once, but for those of segments: 4 MiB, the most that a patch makes. */
const bufferBlocks = deltaLimits.patchBlocks;
/** Blocks of segments written at once: 1 MiB. */
const outputBlocks = 256;
/** Bytes of the smallest room for a dictionary: most fit. */
const leastDictionary = 2 * 2 ** 20;
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
}

/**
 * Carries out segments on the target, which it claims for itself. Several parts may be written at the same time; all else is one thing
 * after the other. Its methods reject with what those of {@link SlotFile} do.
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
  /** Room for dictionaries that nobody uses: one of its own for each patch would be garbage of many times the patch. */
  readonly #dictionaries: Uint8Array[] = [];

  /** Throws HOST_REFUSED when the target cannot be opened. */
  constructor({ target, seed, layout }: WriterOptions) {
    this.#layout = layout;
    this.#target = new SlotFile(target, 'write');
    this.#seed = seed === undefined ? undefined : openSeed(seed);
  }

  /**
   * Takes the target over: from now on it says that it is incomplete, and no hash tree makes it look like a release.
   * Rejects with HOST_REFUSED when it is too small. @returns whether it holds something of the release with this root hash already.
   */
  async begin(rootHash: string): Promise<boolean> {
    const { dataBlocks, slotBlocks } = this.#layout;
    await this.#target.read(this.#buffer.subarray(0, blockBytes), slotBlocks - 1);
    const head = this.#buffer.subarray(0, Math.min(2, slotBlocks - dataBlocks) * blockBytes);
    await this.#target.read(head, dataBlocks);
    const mark = Buffer.from(marker + rootHash);
    const hasLeftovers =
      mark.equals(head.subarray(0, mark.length)) ||
      (head.length > blockBytes && hash('sha256', head.subarray(blockBytes)) === rootHash);
    head.fill(0);
    // What is written from now on is nothing that it vouches for.
    if (this.#formerTree !== undefined) await this.#target.write(head.subarray(0, blockBytes), this.#formerTree);
    head.set(mark);
    await this.#target.write(head, dataBlocks);
    await this.#target.sync();
    return hasLeftovers;
  }

  /** Digests of what the target holds, as the hash tree of a former release says, which {@link begin} takes away. undefined: there is none. */
  async former(): Promise<Uint8Array | undefined> {
    const read = async (into: Uint8Array, block: number): Promise<boolean> => attempt(this.#target.read(into, block));
    const head = this.#buffer.subarray(0, blockBytes);
    const layout = await formerLayout(async (block) => ((await read(head, block)) ? head : undefined));
    const [leaves] = layout?.levels ?? [];
    if (layout === undefined || leaves === undefined) return undefined;
    this.#formerTree = layout.dataBlocks;
    const digests = alignedBlocks(leaves.blocks);
    return (await read(digests, leaves.block))
      ? new Uint8Array(digests.subarray(0, layout.dataBlocks * digestBytes))
      : undefined;
  }

  /** Which segments' blocks the target has already. Of what carries no digest nothing is known. */
  async kept(segments: readonly Segment[]): Promise<boolean[]> {
    const kept: boolean[] = [];
    for (const segment of segments) kept.push(await this.#keeps(segment));
    return kept;
  }

  async #keeps(segment: Segment): Promise<boolean> {
    if (segment.kind === 'copy' || segment.kind === 'zero' || segment.blocks > bufferBlocks) return false;
    const blocks = this.#buffer.subarray(0, segment.blocks * blockBytes);
    await this.#target.read(blocks, segment.block);
    return isRight(segment, blocks);
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

  /** Writes the hash tree, each part durable before the next and the superblock last, and reads it again. Rejects with HOST_REFUSED when the disk has not kept it. */
  async finish(tree: Uint8Array): Promise<void> {
    const { dataBlocks } = this.#layout;
    const blocks = tree.length / blockBytes;
    for (const range of [...piecesOf({ block: 1, blocks: blocks - 1 }, bufferBlocks), { block: 0, blocks: 1 }]) {
      const bytes = tree.subarray(range.block * blockBytes, (range.block + range.blocks) * blockBytes);
      const buffer = this.#buffer.subarray(0, bytes.length);
      buffer.set(bytes);
      await this.#target.write(buffer, dataBlocks + range.block);
      await this.#target.sync();
      await this.#target.read(buffer, dataBlocks + range.block);
      if (Buffer.compare(buffer, bytes) !== 0)
        throw new BerthError('HOST_REFUSED', `${this.#target.path} does not keep what is written to it`);
    }
  }

  /** Reads from the seed; undefined when it cannot be read. */
  async readSeed({ block, blocks }: BlockRange): Promise<Uint8Array | undefined> {
    const bytes = new Uint8Array(blocks * blockBytes);
    return (await this.#readSeed(bytes, block)) ? bytes : undefined;
  }

  /** Waits for what is being read and written; no write begins after it. */
  async close(): Promise<void> {
    await Promise.all([this.#target.close(), this.#seed?.close()]);
  }

  async #make(segment: Segment, payload: Payload | undefined, output: BlockOutput): Promise<boolean> {
    switch (segment.kind) {
      case 'zero':
        for (const piece of piecesOf(segment, outputBlocks)) (await output.room(piece)).fill(0);
        return true;
      case 'copy':
        for (const piece of piecesOf(segment, outputBlocks))
          if (!(await this.#readSeed(await output.room(piece), segment.seedBlock + piece.block - segment.block)))
            return false;
        return true;
      case 'patch':
      case 'frame': {
        const blocks = await this.#unpack(segment, payload);
        // Of a patch, what the disk has of it is held against the root hash soon; of a frame, this tells its damage from the disk's.
        if (blocks === undefined || (segment.kind === 'frame' && !isRight(segment, blocks))) return false;
        for (const piece of piecesOf(segment, outputBlocks)) {
          const start = (piece.block - segment.block) * blockBytes;
          (await output.room(piece)).set(blocks.subarray(start, start + piece.blocks * blockBytes));
        }
        freeFrame(blocks);
        return true;
      }
    }
  }

  /** @returns undefined when the payload is no frame of that size. */
  async #unpack(
    segment: Extract<Segment, { kind: 'patch' | 'frame' }>,
    payload: Payload | undefined,
  ): Promise<Uint8Array<ArrayBuffer> | undefined> {
    if (payload === undefined) return undefined;
    const bytes = slice(payload, segment.payload);
    if (segment.kind === 'frame') return unpackFrame(bytes, segment.blocks);
    const length = segment.windows.reduce((sum, { blocks }) => sum + blocks, 0) * blockBytes;
    const room = this.#roomFor(length);
    const dictionary = room.subarray(0, length);
    let at = 0;
    const windows = segment.windows.map(async ({ block, blocks }) => {
      const into = dictionary.subarray(at, at + blocks * blockBytes);
      at += into.length;
      await this.#readSeed(into, block);
    });
    // What comes of a dictionary with something else in it is seen when the slot is read back.
    await Promise.all(windows);
    const unpacked = await unpackFrame(bytes, segment.blocks, dictionary);
    this.#dictionaries.push(room);
    return unpacked;
  }

  /** Room for so many bytes at least. */
  #roomFor(length: number): Uint8Array {
    const spare = this.#dictionaries.pop();
    return spare !== undefined && spare.length >= length ? spare : new Uint8Array(Math.max(length, leastDictionary));
  }

  /** False where the seed has no such blocks or cannot be read: others will do. */
  async #readSeed(into: Uint8Array, block: number): Promise<boolean> {
    return this.#seed !== undefined && (await attempt(this.#seed.read(into, block)));
  }
}

/** @returns false where the disk does not do it. */
async function attempt(action: Promise<void>): Promise<boolean> {
  try {
    await action;
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
