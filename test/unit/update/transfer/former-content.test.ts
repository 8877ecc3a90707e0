import { expect, test } from '@jest/globals';
import { keysOf } from '../../../../src/update/transfer/block-index.ts';
import { formerLayout, withoutHeld } from '../../../../src/update/transfer/former-content.ts';
import type { Segment } from '../../../../src/update/transfer/segment.ts';
import { blockBytes, digestBytes, hashBlocks, superblock } from '../../../../src/update/transfer/verity.ts';
import { noise } from './support/slots.ts';

function digestsOf(blocks: Uint8Array): Uint8Array {
  const digests = new Uint8Array((blocks.length / blockBytes) * digestBytes);
  hashBlocks(blocks, digests, 0);
  return digests;
}

const seed = digestsOf(noise(1, 100));
const part = (from: number, to: number): Uint8Array => seed.subarray(from * digestBytes, to * digestBytes);
/** Blocks 0 to 39 as the seed's, 40 and 41 others, 42 to 69 the seed's again, then its 10 to 29, then two of zeros. */
const former = new Uint8Array(
  Buffer.concat([
    part(0, 40),
    digestsOf(noise(2, 2)),
    part(42, 70),
    part(10, 30),
    digestsOf(new Uint8Array(2 * blockBytes)),
  ]),
);
const payload = { start: 0, end: 9 };

test.each<[string, Segment, readonly Segment[]]>([
  ['a copy of what is there', { kind: 'copy', block: 0, blocks: 40, seedBlock: 0 }, []],
  ['a copy from elsewhere of what is there', { kind: 'copy', block: 70, blocks: 20, seedBlock: 10 }, []],
  [
    'a copy of what is elsewhere',
    { kind: 'copy', block: 0, blocks: 20, seedBlock: 10 },
    [{ kind: 'copy', block: 0, blocks: 20, seedBlock: 10 }],
  ],
  [
    'a copy with others in its middle',
    { kind: 'copy', block: 10, blocks: 60, seedBlock: 10 },
    [{ kind: 'copy', block: 40, blocks: 2, seedBlock: 40 }],
  ],
  [
    'a short run between others',
    { kind: 'copy', block: 34, blocks: 8, seedBlock: 30 },
    [{ kind: 'copy', block: 34, blocks: 8, seedBlock: 30 }],
  ],
  [
    'a copy beyond the former release',
    { kind: 'copy', block: 95, blocks: 3, seedBlock: 95 },
    [{ kind: 'copy', block: 95, blocks: 3, seedBlock: 95 }],
  ],
  [
    'a copy from beyond the seed',
    { kind: 'copy', block: 80, blocks: 30, seedBlock: 99 },
    [{ kind: 'copy', block: 80, blocks: 30, seedBlock: 99 }],
  ],
  ['zeros', { kind: 'zero', block: 60, blocks: 32 }, [{ kind: 'zero', block: 60, blocks: 30 }]],
  ['a frame of what is there', { kind: 'frame', block: 50, blocks: 4, payload, keys: keysOf(part(50, 54)) }, []],
  [
    'a frame of something else',
    { kind: 'frame', block: 50, blocks: 4, payload, keys: keysOf(part(51, 55)) },
    [{ kind: 'frame', block: 50, blocks: 4, payload, keys: keysOf(part(51, 55)) }],
  ],
])('%s', (_, segment, missing) => {
  expect(withoutHeld([segment], former, seed)).toEqual(missing);
});

test('a patch says nothing of its blocks', () => {
  const patch: Segment = { kind: 'patch', block: 0, blocks: 4, windows: [], payload, sha256: new Uint8Array(32) };
  expect(withoutHeld([patch], former, seed)).toEqual([patch]);
});

/** A slot with that much data, as far as its length can be told. */
function slot({
  magic = 0xe0f5e1e2,
  blockLog = 12,
  says = 8,
  has = 8,
} = {}): (block: number) => Uint8Array | undefined {
  const head = Buffer.alloc(blockBytes);
  head.writeUInt32LE(magic, 1024);
  head.writeUInt8(blockLog, 1036);
  head.writeUInt32LE(says, 1060);
  const tree = Buffer.alloc(blockBytes);
  tree.set(superblock(has));
  return (block) => (block === 0 ? head : block === has ? tree : undefined);
}

test.each<[string, ReturnType<typeof slot>, number | undefined]>([
  ['a release', slot(), 8],
  ['another file system', slot({ magic: 0xef53 }), undefined],
  ['blocks of another size', slot({ blockLog: 9 }), undefined],
  ['a length behind which there is no hash tree', slot({ says: 9 }), undefined],
  ['more than any slot has', slot({ says: 2 ** 31, has: 2 ** 31 }), undefined],
  ['no length', slot({ says: 0, has: 0 }), undefined],
  ['nothing that can be read', () => undefined, undefined],
])('the layout of %s', async (_, readBlock, dataBlocks) => {
  const layout = await formerLayout(async (block) => readBlock(block));
  expect(layout?.dataBlocks).toBe(dataBlocks);
});
