import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { constants, zstdCompress } from 'node:zlib';
import { encodeDelta } from './delta-format.ts';
import { inOrder } from './in-order.ts';
import type { Segment } from './segment.ts';
import { SimilarityIndex } from './similarity.ts';
import { type BlockRange, blockBytes, digestBytes } from './verity.ts';

/** The data of a slot, in memory, and the digests of its blocks. */
export interface ImageData {
  readonly bytes: Uint8Array;
  readonly leaves: Uint8Array;
}

/** Blocks that a patch of ours makes: 1 MiB, so that a client that is cut off loses little. */
const patchBlocks = 256;
/** Blocks that did not change are repeated by a patch when there are no more than these between changed ones. */
const bridgedBlocks = 8;
/** Blocks of a patch's dictionary: 2 MiB. Twice as much saves less than a hundredth, and takes a host twice the time to read. */
const windowBlocks = 512;
/** zstd frames made at a time; each takes some 100 MB. */
const parallelFrames = 2;

const compress = promisify(zstdCompress);

/**
 * Makes a delta between two slots' data; the same images give the same bytes.
 * @returns header, table and payloads, in pieces to be written one after the other.
 */
export async function makeDelta(old: ImageData, next: ImageData, signal: AbortSignal): Promise<Uint8Array[]> {
  const matches = matchBlocks(old, next);
  const similarity = new SimilarityIndex(old.bytes);
  const segments: Segment[] = [];
  const payloads: Uint8Array[] = [];
  let end = 0;
  for await (const { draft, payload } of inOrder(
    draftSegments(matches),
    { most: parallelFrames, signal },
    (draft, until) => packDraft(draft, { old, next, matches, similarity }, until),
  )) {
    const { block, blocks } = draft;
    if (draft.kind === 'zero') segments.push({ kind: 'zero', block, blocks });
    else if (draft.kind === 'copy') segments.push({ kind: 'copy', block, blocks, seedBlock: draft.seedBlock });
    else if (payload !== undefined) {
      const { windows, packed, sha256 } = payload;
      segments.push({
        ...{ kind: 'patch', block, blocks, windows, sha256 },
        payload: { start: end, end: end + packed.length },
      });
      payloads.push(packed);
      end += packed.length;
    }
  }
  const head = encodeDelta({
    dataBlocks: next.bytes.length / blockBytes,
    seedBlocks: old.bytes.length / blockBytes,
    segments,
  });
  return [head, ...payloads];
}

type Draft = BlockRange &
  ({ readonly kind: 'zero' } | { readonly kind: 'copy'; readonly seedBlock: number } | { readonly kind: 'patch' });

const zeroMatch = -2;
const noMatch = -1;

/** For each block of `next` the block of `old` with the same content. Runs of neighbours are kept together. */
function matchBlocks(old: ImageData, next: ImageData): Int32Array {
  const places = new Map<string, number>();
  const digest = ({ leaves }: ImageData, block: number): string =>
    Buffer.from(leaves.buffer, leaves.byteOffset + block * digestBytes, digestBytes).toString('latin1');
  const oldBlocks = old.leaves.length / digestBytes;
  for (let block = 0; block < oldBlocks; block += 1) {
    const key = digest(old, block);
    if (!places.has(key)) places.set(key, block);
  }
  const zero = createHash('sha256').update(new Uint8Array(blockBytes)).digest().toString('latin1');
  const matches = new Int32Array(next.leaves.length / digestBytes);
  for (let block = 0; block < matches.length; block += 1) {
    const key = digest(next, block);
    const following = (matches[block - 1] ?? noMatch) + 1;
    if (key === zero) matches[block] = zeroMatch;
    else if (following > 0 && following < oldBlocks && digest(old, following) === key) matches[block] = following;
    else matches[block] = places.get(key) ?? noMatch;
  }
  return matches;
}

/** Cuts the image into runs of zeros, copies and patches, in order. */
function* draftSegments(matches: Int32Array): Generator<Draft> {
  let block = 0;
  while (block < matches.length) {
    const match = matches[block] ?? noMatch;
    let end = block + 1;
    if (match === noMatch) {
      end = endOfChange(matches, block);
      yield* patches(block, end);
    } else if (match === zeroMatch) {
      while (end < matches.length && matches[end] === zeroMatch) end += 1;
      yield { kind: 'zero', block, blocks: end - block };
    } else {
      while (end < matches.length && matches[end] === match + end - block) end += 1;
      yield { kind: 'copy', block, blocks: end - block, seedBlock: match };
    }
    block = end;
  }
}

function endOfChange(matches: Int32Array, start: number): number {
  let end = start + 1;
  for (let block = end; block < matches.length && block - end <= bridgedBlocks; block += 1)
    if (matches[block] === noMatch) end = block + 1;
  return end;
}

/** Pieces of much the same size. */
function* patches(start: number, end: number): Generator<Draft> {
  const pieces = Math.ceil((end - start) / patchBlocks);
  for (let piece = 0; piece < pieces; piece += 1) {
    const block = start + Math.floor(((end - start) * piece) / pieces);
    const next = start + Math.floor(((end - start) * (piece + 1)) / pieces);
    yield { kind: 'patch', block, blocks: next - block };
  }
}

interface Images {
  readonly old: ImageData;
  readonly next: ImageData;
  readonly matches: Int32Array;
  readonly similarity: SimilarityIndex;
}

interface Payload {
  readonly windows: readonly BlockRange[];
  readonly packed: Uint8Array;
  readonly sha256: Uint8Array;
}

async function packDraft(
  draft: Draft,
  images: Images,
  signal: AbortSignal,
): Promise<{ readonly draft: Draft; readonly payload?: Payload }> {
  signal.throwIfAborted();
  if (draft.kind !== 'patch') return { draft };
  const piece = cut(images.next.bytes, draft);
  const windows = images.similarity.windows(piece, windowBlocks, expectedPlace(draft, images.matches));
  const dictionary = Buffer.concat(windows.map((window) => cut(images.old.bytes, window)));
  const packed = await compress(piece, {
    ...patchOptions,
    pledgedSrcSize: piece.length,
    ...(dictionary.length === 0 ? {} : { dictionary }),
  });
  return { draft, payload: { windows, packed, sha256: createHash('sha256').update(piece).digest() } };
}

/** Where the old image would have these blocks if nothing had moved since the copy before them. */
function expectedPlace({ block, blocks }: BlockRange, matches: Int32Array): BlockRange {
  for (let before = block - 1; before >= 0; before -= 1) {
    const match = matches[before] ?? noMatch;
    if (match >= 0) return { block: match + 1, blocks: blocks + (block - before - 1) };
  }
  return { block, blocks };
}

function cut(bytes: Uint8Array, { block, blocks }: BlockRange): Uint8Array {
  return bytes.subarray(block * blockBytes, (block + blocks) * blockBytes);
}

const patchOptions = {
  chunkSize: 2 ** 20,
  params: {
    [constants.ZSTD_c_compressionLevel]: 19,
    // The whole dictionary stays in reach of the last byte.
    [constants.ZSTD_c_windowLog]: 23,
  },
};
