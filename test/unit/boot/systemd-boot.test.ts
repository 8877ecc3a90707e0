import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { EspDirectory } from '../../../src/boot/esp.ts';
import { SystemdBoot } from '../../../src/boot/systemd-boot.ts';

let root = '';
let loader: SystemdBoot;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'berth-esp-'));
  await mkdir(join(root, 'EFI/Linux'), { recursive: true });
  // A directory in the place of the mounted partition.
  loader = new SystemdBoot({ use: async (_mode, work) => work(new EspDirectory(root)) });
});

afterEach(async () => rm(root, { recursive: true }));

const image = (text: string, change: { readonly sha256?: string; readonly bytes?: number } = {}) => ({
  content: [Buffer.from(text.slice(0, 1)), Buffer.from(text.slice(1))],
  bytes: text.length,
  sha256: createHash('sha256').update(text).digest('hex'),
  ...change,
});

async function put(file: string, content = 'MZ kernel'): Promise<void> {
  await writeFile(join(root, 'EFI/Linux', file), content);
}

const files = async (): Promise<string[]> => (await readdir(join(root, 'EFI/Linux'))).sort();
const content = async (file: string): Promise<string> => readFile(join(root, 'EFI/Linux', file), 'latin1');
const entries = async (): Promise<string[]> => (await loader.entries()).map(({ file }) => file);

test('only what begins as a program is an entry; the one that boots next comes first', async () => {
  await put('berth_1.0.efi');
  await put('berth_1.1+3.efi');
  await put('berth_1.2+3.efi', '\0\0 kernel');
  await put('notes.txt');
  await put('empty.efi', '');
  expect(await entries()).toEqual(['berth_1.1+3.efi', 'berth_1.0.efi']);
});

test('a kernel image is staged out of sight, and activated by its first two bytes', async () => {
  await put('berth_1.0.efi');
  await loader.stage('berth_1.1', 3, image('MZ new kernel'));
  expect(await entries()).toEqual(['berth_1.0.efi']);
  expect(await content('berth_1.1+3.efi')).toBe('\0\0 new kernel');
  await loader.activate('berth_1.1', 3);
  expect(await entries()).toEqual(['berth_1.1+3.efi', 'berth_1.0.efi']);
  expect(await content('berth_1.1+3.efi')).toBe('MZ new kernel');
});

test.each([
  { what: 'is another one', change: { sha256: 'a'.repeat(64) } },
  { what: 'is shorter than announced', change: { bytes: 14 } },
  { what: 'is longer than announced', change: { bytes: 12 } },
])('a kernel image that $what is refused, and nothing of it stays', async ({ change }) => {
  await put('berth_1.0.efi');
  await expect(loader.stage('berth_1.1', 3, image('MZ new kernel', change))).rejects.toMatchObject({
    code: 'RELEASE_REFUSED',
  });
  expect(await files()).toEqual(['berth_1.0.efi']);
});

test('what does not fit is refused before anything is written', async () => {
  await expect(loader.stage('berth_1.1', 3, image('MZ', { bytes: 2 ** 60 }))).rejects.toMatchObject({
    code: 'DISK_FULL',
  });
  expect(await files()).toEqual([]);
});

test('what was not staged cannot be activated', async () => {
  await expect(loader.activate('berth_1.1', 3)).rejects.toMatchObject({ code: 'NOT_FOUND' });
});

test('clearing takes whole and half written releases away, and leaves the running one and what is not ours', async () => {
  for (const file of ['berth_1.0.efi', 'berth_0.9.efi', 'berth_1.1+3.efi', 'berth_1.2+0-3.efi', 'memtest.efi'])
    await put(file);
  await put('berth_1.3+3.efi', '\0\0 half');
  expect([...(await loader.clear('berth_1.0'))].sort()).toEqual([
    ...['berth_0.9.efi', 'berth_1.1+3.efi', 'berth_1.2+0-3.efi', 'berth_1.3+3.efi'],
  ]);
  expect(await files()).toEqual(['berth_1.0.efi', 'memtest.efi']);
  expect(await loader.clear('berth_1.0')).toEqual([]);
});

test('the room for a kernel image counts what clearing will free', async () => {
  // The test machine's own disk has more or less free space from one moment to the next.
  class SteadyEsp extends EspDirectory {
    override async freeBytes(): Promise<number> {
      return Promise.resolve(2 ** 26);
    }
  }
  const steady = new SystemdBoot({ use: async (_mode, work) => work(new SteadyEsp(root)) });
  await put('berth_1.0.efi');
  const before = await steady.room('berth_1.0');
  expect(before).toBeGreaterThan(0);
  expect(before).toBeLessThan(2 ** 26);
  await put('berth_1.1+3.efi', 'MZ'.repeat(50_000));
  expect(await steady.room('berth_1.0')).toBe(before + 100_000);
  expect(await steady.room('berth_1.1')).toBe(before + 'MZ kernel'.length);
});

test('the free space is that of the file system', async () => {
  expect(await new EspDirectory(root).freeBytes()).toBeGreaterThan(0);
});

test('what the guard noted is read', async () => {
  expect(await loader.rejections()).toEqual([]);
  await mkdir(join(root, 'EFI/rejected'));
  await writeFile(join(root, 'EFI/rejected/berth_1.2.txt'), 'it was not well\n');
  expect(await loader.rejections()).toEqual([{ name: 'berth_1.2', text: 'it was not well\n' }]);
});

test('a rejected release is gone, with its reason kept; the only one stays', async () => {
  await put('berth_1.0.efi');
  await expect(loader.reject('berth_1.0', 'why')).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  await put('berth_1.1+0-3.efi');
  await expect(loader.reject('berth_1.0', 'why')).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  await put('berth_1.2+2-1.efi');
  await loader.reject('berth_1.2', 'it lost its route');
  expect(await files()).toEqual(['berth_1.0.efi', 'berth_1.1+0-3.efi']);
  expect(await readFile(join(root, 'EFI/rejected/berth_1.2.txt'), 'utf8')).toBe('it lost its route\n');
});

test.each<{ what: string; running: string; other: string; isThere: boolean }>([
  { what: 'one that is staged', running: 'berth_1.0.efi', other: 'berth_1.1+3.efi', isThere: false },
  {
    what: 'one that is staged and did not start once',
    running: 'berth_1.0.efi',
    other: 'berth_1.1+2-1.efi',
    isThere: false,
  },
  {
    what: 'a newer one on trial, from one on trial',
    running: 'berth_1.0+2-1.efi',
    other: 'berth_1.1+1-2.efi',
    isThere: false,
  },
  { what: 'a blessed one, from one on trial', running: 'berth_1.0+2-1.efi', other: 'berth_0.9.efi', isThere: true },
  { what: 'a blessed one', running: 'berth_1.0.efi', other: 'berth_0.9.efi', isThere: true },
  { what: 'a blessed one that is newer', running: 'berth_1.0.efi', other: 'berth_1.1.efi', isThere: true },
  { what: 'an older one that was not blessed', running: 'berth_1.0.efi', other: 'berth_0.9+2-1.efi', isThere: true },
])('what a release can go back to: $what, $isThere', async ({ running, other, isThere }) => {
  await put(running);
  await put(other);
  // Of a release that a power cut kept from being one.
  await put('berth_0.8.efi', '\0\0 kernel');
  const rejected = loader.reject('berth_1.0', 'why');
  if (isThere) {
    await rejected;
    expect(await entries()).toEqual([other]);
    return;
  }
  await expect(rejected).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    message: '1.1 is staged in the place of the release before: there is none to go back to',
    hint: 'berth os cancel drops it, berth os update restarts into it',
  });
  expect((await entries()).sort()).toEqual([running, other].sort());
  expect(await loader.rejections()).toEqual([]);
});

test('blessing takes the counter from the name', async () => {
  await put('berth_1.1+2-1.efi');
  await loader.bless('berth_1.1');
  await loader.bless('berth_1.1');
  expect(await files()).toEqual(['berth_1.1.efi']);
  await expect(loader.bless('berth_9')).rejects.toMatchObject({ code: 'NOT_FOUND' });
});

test('a kernel image is copied', async () => {
  await put('berth_1.1+2-1.efi', 'MZ one');
  await loader.copy('berth_1.1', join(root, 'copy'));
  expect(await readFile(join(root, 'copy'), 'utf8')).toBe('MZ one');
});
