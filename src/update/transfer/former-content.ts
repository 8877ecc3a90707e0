import { createHash } from 'node:crypto';
import { isBerthError } from '../../core/errors.ts';
import { digestWords, keyBytes, keysOf, keyWords } from './block-index.ts';
import type { Segment } from './segment.ts';
import { type BlockRange, blockBytes, type SlotLayout, slotLayout, superblock } from './verity.ts';

/** Fewer blocks that are there already between others are written all the same: one long write is cheaper. */
const leastKept = 16;
const zeroWords = keyWords(new Uint8Array(createHash('sha256').update(new Uint8Array(blockBytes)).digest()));

/**
 * The layout of the release that a target held before: from the head of its data, an erofs superblock, and from the block behind that.
 * undefined: it is no release's. Format: `struct erofs_super_block` of Linux's fs/erofs/erofs_fs.h.
 * @param readBlock gives a block of the target; undefined where there is none.
 */
export async function formerLayout(
  readBlock: (block: number) => Promise<Uint8Array | undefined>,
): Promise<SlotLayout | undefined> {
  const head = await readBlock(0);
  if (head === undefined) return undefined;
  const view = new DataView(head.buffer, head.byteOffset, head.length);
  if (view.getUint32(1024, true) !== 0xe0f5e1e2 || view.getUint8(1024 + 12) !== Math.log2(blockBytes)) return undefined;
  const dataBlocks = view.getUint32(1024 + 36, true);
  const tree = await readBlock(dataBlocks);
  const wanted = superblock(dataBlocks);
  if (tree === undefined || Buffer.compare(tree.subarray(0, wanted.length), wanted) !== 0) return undefined;
  try {
    return slotLayout(dataBlocks);
  } catch (error) {
    if (isBerthError(error)) return undefined;
    throw error;
  }
}

/**
 * What of segments the target does not hold already, by what its former hash tree and the seed's say. Whether it really does is seen when it
 * is read back. Pure.
 * @param former digests of the target's blocks. @param seed digests of the seed's.
 */
export function withoutHeld(segments: readonly Segment[], former: Uint8Array, seed: Uint8Array): Segment[] {
  const formerWords = keyWords(former);
  const seedWords = keyWords(seed);
  // Few deltas have frames.
  let formerKeys: Uint8Array | undefined;
  return segments.flatMap((segment): Segment[] => {
    switch (segment.kind) {
      case 'copy':
        return runsNotHeld(segment, formerWords, { words: seedWords, block: segment.seedBlock, step: 1 }).map(
          ({ block, blocks }) => ({ ...segment, block, blocks, seedBlock: segment.seedBlock + block - segment.block }),
        );
      case 'zero':
        return runsNotHeld(segment, formerWords, { words: zeroWords, block: 0, step: 0 }).map((range) => ({
          ...segment,
          ...range,
        }));
      case 'frame': {
        formerKeys ??= keysOf(former);
        const held = formerKeys.subarray(segment.block * keyBytes, (segment.block + segment.blocks) * keyBytes);
        return Buffer.compare(held, segment.keys.subarray(0, segment.blocks * keyBytes)) === 0 ? [] : [segment];
      }
      case 'patch':
        return [segment];
    }
  });
}

/** Digests that blocks should have: that of the block `at` is at `block + at * step`. */
interface WantedDigests {
  readonly words: Uint32Array;
  readonly block: number;
  readonly step: 0 | 1;
}

/** Parts of a range, without longer runs of blocks that are held. */
function runsNotHeld({ block, blocks }: BlockRange, former: Uint32Array, wanted: WantedDigests): BlockRange[] {
  const runs: { block: number; blocks: number }[] = [];
  const step = wanted.step * digestWords;
  let held = leastKept;
  let one = block * digestWords;
  let other = wanted.block * digestWords;
  for (let at = 0; at < blocks; at += 1, one += digestWords, other += step) {
    const word = former[one];
    if (word !== undefined && word === wanted.words[other] && former[one + 1] === wanted.words[other + 1]) {
      held += 1;
      continue;
    }
    const last = runs.at(-1);
    if (last !== undefined && held < leastKept) last.blocks = block + at + 1 - last.block;
    else runs.push({ block: block + at, blocks: 1 });
    held = 0;
  }
  return runs;
}
