import { type BlockRange, blockBytes } from './verity.ts';

/** Blocks of the old image that are in or out of a dictionary together: 64 KiB. */
const binBlocks = 16;
const binBytes = binBlocks * blockBytes;
/** One position in 64 is looked at: its rolling hash has these bits clear. */
const sampleMask = 0xfc000000;

/**
 * Finds where an old image has much the same bytes as a piece of a new one, wherever these went. Samples are positions at which
 * a rolling hash over 32 bytes (a "gear" hash) has some bits clear: the same bytes are sampled in both images.
 */
export class SimilarityIndex {
  readonly #hashes: Uint32Array;
  /** Bin + 1; 0: free. */
  readonly #bins: Uint32Array;
  readonly #binCount: number;
  readonly #blocks: number;

  constructor(old: Uint8Array) {
    this.#blocks = old.length / blockBytes;
    this.#binCount = Math.ceil(old.length / binBytes);
    // A power of two, twice what there are of samples.
    const slots = 2 ** Math.ceil(Math.log2(old.length / 32));
    this.#hashes = new Uint32Array(slots);
    this.#bins = new Uint32Array(slots);
    samples(old, (hash, position) => {
      const slot = hash & (slots - 1);
      // The first one stays: of content that is everywhere, such as padding, one place is enough.
      if (this.#bins[slot] !== 0) return;
      this.#hashes[slot] = hash;
      this.#bins[slot] = Math.floor(position / binBytes) + 1;
    });
  }

  /**
   * The parts of the old image that are most like `piece`, in their order there and at most `mostBlocks` together.
   * `expected` is where the old image would have it if it had not moved.
   */
  windows(piece: Uint8Array, mostBlocks: number, expected: BlockRange): BlockRange[] {
    const votes = new Float64Array(this.#binCount);
    samples(piece, (hash) => {
      const slot = hash & (this.#bins.length - 1);
      const bin = this.#bins[slot] ?? 0;
      if (bin !== 0 && this.#hashes[slot] === hash) votes[bin - 1] = (votes[bin - 1] ?? 0) + 1;
    });
    const last = Math.min(expected.block + expected.blocks, this.#blocks) - 1;
    for (let bin = Math.floor(expected.block / binBlocks); bin * binBlocks <= last; bin += 1)
      votes[bin] = (votes[bin] ?? 0) + leastVotes;
    return mergeBins(chosen(votes, Math.floor(mostBlocks / binBlocks)), this.#blocks);
  }
}

/** Fewer samples in common are chance. */
const leastVotes = 3;
/** Of the samples in common, this share is enough: the others lie scattered, and a host would read a whole bin for each. */
const enoughVotes = 0.98;
/** What the table's format can say. */
const mostWindows = 255;

/** The bins with the most votes, in their order. */
function chosen(votes: Float64Array, most: number): number[] {
  const best = [...votes.keys()]
    .filter((bin) => (votes[bin] ?? 0) >= leastVotes)
    .sort((a, b) => (votes[b] ?? 0) - (votes[a] ?? 0) || a - b)
    .slice(0, most);
  const enough = enoughVotes * best.reduce((sum, bin) => sum + (votes[bin] ?? 0), 0);
  let sum = 0;
  const end = best.findIndex((bin) => {
    sum += votes[bin] ?? 0;
    return sum >= enough;
  });
  return best.slice(0, end + 1).sort((a, b) => a - b);
}

function mergeBins(bins: readonly number[], imageBlocks: number): BlockRange[] {
  const windows: { block: number; blocks: number }[] = [];
  for (const bin of bins) {
    const block = bin * binBlocks;
    const blocks = Math.min(binBlocks, imageBlocks - block);
    const previous = windows.at(-1);
    if (previous !== undefined && previous.block + previous.blocks === block) previous.blocks += blocks;
    else if (windows.length < mostWindows) windows.push({ block, blocks });
  }
  return windows;
}

function samples(bytes: Uint8Array, found: (hash: number, position: number) => void): void {
  let hash = 0;
  for (let position = 0; position < bytes.length; position += 1) {
    hash = ((hash << 1) + (gear[bytes[position] ?? 0] ?? 0)) | 0;
    if ((hash & sampleMask) === 0) found(hash >>> 0, position);
  }
}

/** A number without pattern for each byte: the finalizer of MurmurHash3 over a counter. */
const gear = Int32Array.from({ length: 256 }, (_, byte) => {
  let mixed = Math.imul(byte + 1, 0x9e3779b1);
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
});
