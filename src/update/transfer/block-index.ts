import { refuse } from '../tuf/refusal.ts';
import { type BlockRange, digestBytes } from './verity.ts';

/**
 * The block index of a release: what is in each block of its data, and where the full stream has it.
 *
 * Numbers are little-endian:
 *
 *     0   8  "BERTHIDX"
 *     8   4  version: 2
 *    12   4  blocks a frame (4 to 8)
 *    16   4  blocks of data, n
 *    20  6n  of each block the first 6 bytes of its SHA-256
 *   20+6n    of each frame its length in the full stream, 2 bytes
 *
 * Six bytes tell blocks apart but for one pair of slots in a hundred thousand; what a slot holds in the end is decided by the hash tree
 * alone. The full stream is one zstd frame after the other, each independent: `zstd -d` unpacks it.
 */
export interface BlockIndex {
  readonly dataBlocks: number;
  readonly frameBlocks: number;
  /** {@link keyBytes} a block. */
  readonly keys: Uint8Array;
  /** Where each frame begins in the full stream, and where the last one ends. */
  readonly frameStarts: readonly number[];
}

/** Bytes of a key in memory: what the index keeps of a digest, and zeros. */
export const keyBytes = 8;
/** Bytes of a digest that the index keeps. */
const storedBytes = 6;
/** Bytes of a frame's length. */
const lengthBytes = 2;
/** Words of 4 bytes of a digest. */
export const digestWords = digestBytes / 4;
/**
 * Blocks in a frame of what we make: 16 KiB. Frames of 64 KiB pack by half a percent better, but a host without a delta fetches
 * almost twice as much when little has changed.
 */
export const defaultFrameBlocks = 4;
/** The length of such a frame has two bytes even of random data, which grows by a few. */
const mostFrameBlocks = 8;
const magic = 'BERTHIDX';
const version = 2;
const headerBytes = 20;

/** How long the index of a slot is. Pure. */
export function indexBytes(dataBlocks: number, frameBlocks: number): number {
  return headerBytes + dataBlocks * storedBytes + Math.ceil(dataBlocks / frameBlocks) * lengthBytes;
}

/** Keys of digests that lie one after the other. Pure. */
export function keysOf(digests: Uint8Array): Uint8Array {
  const words = keyWords(digests);
  const keys = new Uint32Array((words.length / digestWords) * 2);
  for (let from = 0, to = 0; to < keys.length; from += digestWords, to += 2) {
    keys[to] = words[from] ?? 0;
    keys[to + 1] = (words[from + 1] ?? 0) & 0xffff;
  }
  return new Uint8Array(keys.buffer);
}

/** Digests as words of 4 bytes, {@link digestWords} each, of which the first two tell blocks apart: loops over bytes are slow in a V8 that does not compile. Pure. */
export function keyWords(digests: Uint8Array): Uint32Array {
  const { buffer, byteOffset, length } = digests.byteOffset % 4 === 0 ? digests : digests.slice();
  return new Uint32Array(buffer, byteOffset, length / 4);
}

/** Pure. */
export function encodeIndex({ dataBlocks, frameBlocks, keys, frameStarts }: BlockIndex): Uint8Array {
  const bytes = Buffer.alloc(indexBytes(dataBlocks, frameBlocks));
  bytes.write(magic, 0, 'latin1');
  [version, frameBlocks, dataBlocks].forEach((number, at) => bytes.writeUInt32LE(number, 8 + at * 4));
  for (let block = 0; block < dataBlocks; block += 1)
    bytes.set(keys.subarray(block * keyBytes, block * keyBytes + storedBytes), headerBytes + block * storedBytes);
  const table = headerBytes + dataBlocks * storedBytes;
  for (let frame = 0; frame + 1 < frameStarts.length; frame += 1)
    bytes.writeUInt16LE((frameStarts[frame + 1] ?? 0) - (frameStarts[frame] ?? 0), table + frame * lengthBytes);
  return bytes;
}

/**
 * Reads an index. Pure. Throws RELEASE_REFUSED when it is none, or is not of a release with `dataBlocks` and a full stream of
 * `fullBytes`.
 */
export function decodeIndex(source: Uint8Array, dataBlocks: number, fullBytes: number): BlockIndex {
  const bytes = Buffer.from(source.buffer, source.byteOffset, source.byteLength);
  const no = (what: string): never => {
    throw refuse('malformed', 'block index', what);
  };
  if (bytes.length < headerBytes || bytes.toString('latin1', 0, 8) !== magic) return no('it is none');
  if (bytes.readUInt32LE(8) !== version) return no(`it has version ${bytes.readUInt32LE(8)}`);
  const frameBlocks = bytes.readUInt32LE(12);
  if (frameBlocks < 4 || frameBlocks > mostFrameBlocks) return no(`it has frames of ${frameBlocks} blocks`);
  if (bytes.readUInt32LE(16) !== dataBlocks) return no(`it is for ${bytes.readUInt32LE(16)} blocks, not ${dataBlocks}`);
  if (bytes.length !== indexBytes(dataBlocks, frameBlocks)) return no(`it has ${bytes.length} bytes`);
  const table = headerBytes + dataBlocks * storedBytes;
  const frameStarts = [0];
  let end = 0;
  for (let at = table; at < bytes.length; at += lengthBytes) {
    const length = bytes.readUInt16LE(at);
    if (length === 0) return no('it has an empty frame');
    end += length;
    frameStarts.push(end);
  }
  if (end !== fullBytes) return no(`it is for a full stream of ${end} bytes, not ${fullBytes}`);
  const keys = Buffer.alloc(dataBlocks * keyBytes);
  for (let block = 0, from = headerBytes; block < dataBlocks; block += 1, from += storedBytes)
    bytes.copy(keys, block * keyBytes, from, from + storedBytes);
  return { dataBlocks, frameBlocks, keys, frameStarts };
}

/** The blocks of a frame; the last one may be short. Pure. */
export function blocksOfFrame({ dataBlocks, frameBlocks }: BlockIndex, frame: number): BlockRange {
  const block = frame * frameBlocks;
  return { block, blocks: Math.min(frameBlocks, dataBlocks - block) };
}
