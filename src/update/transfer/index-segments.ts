import { type BlockIndex, blocksOfFrame, keyBytes } from './block-index.ts';
import type { Segment } from './segment.ts';

/** Copies are no longer than a batch can take. */
const copiedBlocks = 1024;

/** How to make the slot from a seed's blocks where it has them, and from frames of the full stream. `seedKeys`: of each of its blocks. Pure. */
export function indexSegments(index: BlockIndex, seedKeys: Uint8Array): Segment[] {
  const seed = new SeedBlocks(seedKeys);
  const segments: Segment[] = [];
  for (let frame = 0; frame + 1 < index.frameStarts.length; frame += 1) {
    const places = seed.find(index, frame);
    if (places === undefined) segments.push(frameSegment(index, frame));
    else places.forEach((place, at) => pushCopy(segments, frame * index.frameBlocks + at, place));
  }
  return segments;
}

/** The frames with blocks whose keys are not those of the index. `keys`: of all blocks. Pure. */
export function wrongFrames(index: BlockIndex, keys: Uint8Array): Segment[] {
  const segments: Segment[] = [];
  for (let frame = 0; frame + 1 < index.frameStarts.length; frame += 1) {
    const { block, blocks } = blocksOfFrame(index, frame);
    const span = [block * keyBytes, (block + blocks) * keyBytes] as const;
    if (Buffer.compare(index.keys.subarray(...span), keys.subarray(...span)) !== 0)
      segments.push(frameSegment(index, frame));
  }
  return segments;
}

/** All of the slot, by frames. Pure. */
export function allFrames(index: BlockIndex): Segment[] {
  return Array.from({ length: index.frameStarts.length - 1 }, (_, frame) => frameSegment(index, frame));
}

function frameSegment(index: BlockIndex, frame: number): Segment {
  const range = blocksOfFrame(index, frame);
  const [start = 0, end = 0] = index.frameStarts.slice(frame, frame + 2);
  const keys = index.keys.subarray(range.block * keyBytes, (range.block + range.blocks) * keyBytes);
  return { kind: 'frame', ...range, payload: { start, end }, keys };
}

function pushCopy(segments: Segment[], block: number, seedBlock: number): void {
  const last = segments.at(-1);
  const isNext = last?.kind === 'copy' && last.seedBlock + last.blocks === seedBlock && last.blocks < copiedBlocks;
  if (isNext) segments[segments.length - 1] = { ...last, blocks: last.blocks + 1 };
  else segments.push({ kind: 'copy', block, blocks: 1, seedBlock });
}

/** Where a seed has which block. */
class SeedBlocks {
  readonly #keys: BigUint64Array;
  readonly #places = new Map<bigint, number>();

  constructor(keys: Uint8Array) {
    this.#keys = wide(keys);
    this.#keys.forEach((key, block) => this.#places.set(key, block));
  }

  /** The places of all blocks of a frame; undefined when one is missing. */
  find(index: BlockIndex, frame: number): number[] | undefined {
    const { block, blocks } = blocksOfFrame(index, frame);
    const places: number[] = [];
    for (const key of wide(index.keys.slice(block * keyBytes, (block + blocks) * keyBytes))) {
      const following = (places.at(-1) ?? -2) + 1;
      // Neighbours stay neighbours where they can: one read instead of many.
      const place = this.#keys[following] === key ? following : this.#places.get(key);
      if (place === undefined) return undefined;
      places.push(place);
    }
    return places;
  }
}

function wide(keys: Uint8Array): BigUint64Array {
  const own = new Uint8Array(keys);
  return new BigUint64Array(own.buffer, 0, own.length / keyBytes);
}
