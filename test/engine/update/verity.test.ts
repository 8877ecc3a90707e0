import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { lockFile, prepareTools, wantedSets } from '../../../image/os/build.ts';
import { fetchSets, readLock } from '../../../image/os/package-store.ts';
import { buildSlot } from '../../../image/os/slot.ts';
import type { Tools } from '../../../image/os/tools.ts';
import { blockBytes, digestBytes, hashBlocks, hashTree, slotLayout } from '../../../src/update/transfer/verity.ts';
import { noise } from '../../unit/update/transfer/support/slots.ts';
import { testImageOptions } from '../../vm/support/test-image.ts';

let directory: string;
let tools: Tools;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'berth-verity-'));
  const options = testImageOptions();
  const wanted = (await wantedSets(options)).filter(({ name }) => name.startsWith('tools/'));
  const lock = await readLock(join(options.projectDirectory, lockFile));
  tools = await prepareTools(await fetchSets(wanted, lock, 'prefer', options), directory, options.cacheDirectory);
}, 600_000);

afterAll(() => rm(directory, { recursive: true }));

// One level of hashes, two and three.
test.each([20_000, 3_000_000, 80_000_000])('a tree is what veritysetup writes for %d bytes', async (bytes) => {
  const usr = join(directory, `usr-${bytes}`);
  await mkdir(usr);
  await writeFile(join(usr, 'file'), noise(1, Math.ceil(bytes / blockBytes)).subarray(0, bytes));
  const file = join(directory, `slot-${bytes}`);
  const { rootHash, dataBlocks, sizeBytes } = await buildSlot({ usr, file, epochSeconds: 1, fast: true, tools });
  const content = new Uint8Array(await readFile(file));
  const layout = slotLayout(dataBlocks);
  const leaves = new Uint8Array(dataBlocks * digestBytes);
  hashBlocks(content.subarray(0, dataBlocks * blockBytes), leaves, 0);
  const tree = hashTree(layout, leaves);
  expect(tree.rootHash).toBe(rootHash);
  expect(layout.slotBlocks * blockBytes).toBe(sizeBytes);
  expect(Buffer.compare(tree.bytes, content.subarray(dataBlocks * blockBytes))).toBe(0);
});
