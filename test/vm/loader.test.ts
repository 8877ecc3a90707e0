import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { testVmPrefix } from './support/reap.ts';
import {
  bootLoaderChoice,
  bootLoaderChoices,
  type LoaderEntry,
  type LoaderParts,
  loaderFiles,
  makeLoaderDisk,
  openLoaderParts,
} from './support/tiny-uki.ts';

// What docs/image.md says of entries and power cuts rests on this: it holds for the systemd-boot of the package lock.

const old: LoaderEntry = { file: 'tiny_1.0.0.efi', version: '1.0.0', magic: true };
const limitMs = 600_000;

let work: string;
let parts: LoaderParts;

beforeAll(async () => {
  work = await mkdtemp(testVmPrefix());
  parts = await openLoaderParts(join(work, 'tools'));
}, limitMs);

afterAll(async () => rm(work, { recursive: true, force: true }));

async function diskWith(...entries: LoaderEntry[]): Promise<string> {
  return makeLoaderDisk({ ...parts, directory: await mkdtemp(join(work, 'disk-')), entries });
}

test(
  'a newer file without MZ is passed over, counter or not, long name or not, and keeps its name',
  async () => {
    const ended = { version: '2.0.0', magic: false };
    const files = ['tiny_2.0.0+3.efi', 'tiny_2.0.0.efi', 'TINY_2~9.EFI'];
    const disk = await diskWith(...files.map((file) => ({ ...ended, file })), old);
    const before = await loaderFiles(disk, parts);
    expect(await bootLoaderChoice(disk)).toBe('tiny_1.0.0');
    expect(await loaderFiles(disk, parts)).toEqual(before);
  },
  limitMs,
);

test(
  'with MZ the newer one is booted, and a try is counted in its name',
  async () => {
    const disk = await diskWith(old, { file: 'tiny_2.0.0+3.efi', version: '2.0.0', magic: true });
    expect(await bootLoaderChoice(disk)).toBe('tiny_2.0.0');
    expect(await loaderFiles(disk, parts)).toEqual(['tiny_1.0.0.efi', 'tiny_2.0.0+2-1.efi']);
  },
  limitMs,
);

test(
  'one that restarts the machine each time has three tries, then the older one is booted',
  async () => {
    const disk = await diskWith(old, { file: 'tiny_2.0.0+3.efi', version: '2.0.0', magic: true, then: 'restart' });
    expect(await bootLoaderChoices(disk)).toEqual(['tiny_2.0.0', 'tiny_2.0.0', 'tiny_2.0.0', 'tiny_1.0.0']);
    expect(await loaderFiles(disk, parts)).toEqual(['tiny_1.0.0.efi', 'tiny_2.0.0+0-3.efi']);
  },
  limitMs,
);

test(
  'with MZ and a short name alone it counts as blessed: so its name has to be durable before the two bytes are',
  async () => {
    const disk = await diskWith(old, { file: 'TINY_2~9.EFI', name: 'short', version: '2.0.0', magic: true });
    expect(await bootLoaderChoice(disk)).toBe('short');
    expect(await loaderFiles(disk, parts)).toEqual(['TINY_2~9.EFI', 'tiny_1.0.0.efi']);
  },
  limitMs,
);
