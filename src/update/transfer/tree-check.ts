import { hash } from 'node:crypto';
import { type BlockRange, blockBytes, digestBytes, type HashTree, hashTree, type SlotLayout } from './verity.ts';

/** What of a slot is not as it was released. Block numbers count from the start of the slot. */
export interface SlotDamage {
  readonly differs: readonly BlockRange[];
  /** Data that nothing can be said about: the part of the hash tree that vouches for it differs. */
  readonly unknown: readonly BlockRange[];
}

/** Names what differs. `leaves`: digests of the data; `stored`: what the slot has behind the data. Pure. */
export function checkTree(layout: SlotLayout, leaves: Uint8Array, stored: Uint8Array, rootHash: string): SlotDamage {
  const { dataBlocks, levels } = layout;
  const computed = hashTree(layout, leaves);
  // Data of which the root hash is right is right, whatever the stored tree says.
  if (computed.rootHash === rootHash) return { differs: unlikeBlocks(computed, stored, dataBlocks), unknown: [] };
  const differs: number[] = [];
  const unknown: number[] = [];
  let expected: (Uint8Array | undefined)[] = [Buffer.from(rootHash, 'hex')];
  for (const { block, blocks } of levels.toReversed()) {
    const below: (Uint8Array | undefined)[] = [];
    for (let at = 0; at < blocks; at += 1) {
      const bytes = stored.subarray((block - dataBlocks + at) * blockBytes, (block - dataBlocks + at + 1) * blockBytes);
      const wanted = expected[at];
      const isRight = wanted !== undefined && Buffer.compare(hash('sha256', bytes, 'buffer'), wanted) === 0;
      if (wanted !== undefined && !isRight) differs.push(block + at);
      for (let start = 0; start < blockBytes; start += digestBytes)
        below.push(isRight ? bytes.subarray(start, start + digestBytes) : undefined);
    }
    expected = below;
  }
  for (let block = 0; block < dataBlocks; block += 1) {
    const wanted = expected[block];
    if (wanted === undefined) unknown.push(block);
    else if (Buffer.compare(leaves.subarray(block * digestBytes, (block + 1) * digestBytes), wanted) !== 0)
      differs.push(block);
  }
  return { differs: rangesOf(differs), unknown: rangesOf(unknown) };
}

function unlikeBlocks(computed: HashTree, stored: Uint8Array, dataBlocks: number): BlockRange[] {
  const unlike: number[] = [];
  for (let start = 0; start < stored.length; start += blockBytes) {
    const end = start + blockBytes;
    if (Buffer.compare(computed.bytes.subarray(start, end), stored.subarray(start, end)) !== 0)
      unlike.push(dataBlocks + start / blockBytes);
  }
  return rangesOf(unlike);
}

function rangesOf(blocks: readonly number[]): BlockRange[] {
  const ranges: { block: number; blocks: number }[] = [];
  for (const block of blocks.toSorted((a, b) => a - b)) {
    const last = ranges.at(-1);
    if (last !== undefined && last.block + last.blocks === block) last.blocks += 1;
    else ranges.push({ block, blocks: 1 });
  }
  return ranges;
}
