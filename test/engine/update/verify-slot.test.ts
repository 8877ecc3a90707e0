import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { verifySlot } from '../../../src/update/transfer/verify-slot.ts';
import { blockBytes } from '../../../src/update/transfer/verity.ts';
import { imageOf, never, slotOf, type TestSlot } from '../../unit/update/transfer/support/slots.ts';

let root: string;
let slot: TestSlot;

/** Two levels: 300 data blocks, superblock 300, top 301, leaves 302 to 304. */
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'berth-verify-'));
  slot = await slotOf(join(root, 'slot'), imageOf(5, 300));
});

afterAll(() => rm(root, { recursive: true }));

test.each([
  ['nothing', [], { differs: [], unknown: [] }],
  [
    'data',
    [3, 4, 200],
    {
      differs: [
        { block: 3, blocks: 2 },
        { block: 200, blocks: 1 },
      ],
      unknown: [],
    },
  ],
  ['the superblock', [300], { differs: [{ block: 300, blocks: 1 }], unknown: [] }],
  [
    'the tree alone',
    [301, 303],
    {
      differs: [
        { block: 301, blocks: 1 },
        { block: 303, blocks: 1 },
      ],
      unknown: [],
    },
  ],
  [
    'data and leaves of other data',
    [7, 303],
    {
      differs: [
        { block: 7, blocks: 1 },
        { block: 303, blocks: 1 },
      ],
      unknown: [{ block: 128, blocks: 128 }],
    },
  ],
  ['data and the top', [7, 301], { differs: [{ block: 301, blocks: 1 }], unknown: [{ block: 0, blocks: 300 }] }],
])('names %s that differ', async (_, blocks, damage) => {
  const content = new Uint8Array(await readFile(slot.file));
  for (const block of blocks) content[block * blockBytes + 9] = (content[block * blockBytes + 9] ?? 0) ^ 1;
  const file = join(root, 'damaged');
  await writeFile(file, content);
  expect(await verifySlot(file, slot, never)).toEqual(damage);
});

test('a slot that is too short cannot be read', async () => {
  const file = join(root, 'short');
  await writeFile(file, slot.content.subarray(0, 100 * blockBytes));
  await expect(verifySlot(file, slot, never)).rejects.toMatchObject({ code: 'HOST_REFUSED' });
});

test('nobody’s slot has so many blocks', async () => {
  await expect(verifySlot(slot.file, { ...slot, dataBlocks: 2 ** 40 }, never)).rejects.toMatchObject({
    code: 'RELEASE_REFUSED',
  });
});
