import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { BuiltOs, ImageOptions } from '../../../../image/os/build.ts';
import { cacheKey, readBuilt, writeBuilt } from '../../../../image/os/cached-build.ts';

let projectDirectory: string;

beforeEach(async () => {
  projectDirectory = await mkdtemp(join(tmpdir(), 'berth-key-'));
  for (const name of ['dist', 'image', 'system-containers']) await mkdir(join(projectDirectory, name));
});

afterEach(async () => rm(projectDirectory, { recursive: true }));

async function key(change: Partial<ImageOptions> = {}): Promise<string> {
  const options: ImageOptions = {
    ...{ version: '1.0.0', nodeVersion: '24.0.0', architecture: 'amd64', kernel: 'cloud', fast: true },
    ...{ lockUse: 'prefer', projectDirectory, cacheDirectory: projectDirectory, onProgress: () => undefined },
    ...change,
  };
  return cacheKey(options, new Map());
}

test.each<[string, Partial<ImageOptions>]>([
  ['another version', { version: '1.0.1' }],
  ['another build time', { epochSeconds: 1 }],
  ['a config baked in', { bakedConfig: '#cloud-config\n' }],
  ['a repository that it trusts', { bakedTrust: { root: '{}' } }],
  ['another channel of it', { bakedTrust: { root: '{}', feed: { feed: 'https://u.example.org', channel: 'edge' } } }],
])('%s makes another build', async (_what, change) => {
  const changed = await key(change);
  expect(changed).not.toBe(await key());
  expect(await key(change)).toBe(changed);
});

test('so does a changed source; the place of the sources does not count', async () => {
  const before = await key();
  await writeFile(join(projectDirectory, 'image', 'init'), 'one');
  const after = await key();
  expect(after).not.toBe(before);
  expect(await key({ cacheDirectory: '/elsewhere' })).toBe(after);
});

/** A build whose files are in a directory. */
function builtIn(directory: string): BuiltOs {
  const slot = { file: join(directory, 'usr.img'), sizeBytes: 4096, rootHash: 'ab'.repeat(32), dataBlocks: 1 };
  return {
    ...{ directory, disk: join(directory, 'disk.raw'), uki: join(directory, 'berth.efi') },
    ...{ bootLoader: join(directory, 'systemd-boot.efi'), kernel: join(directory, 'vmlinuz') },
    ...{
      initrd: join(directory, 'initrd'),
      commandLine: 'root=/dev/ram',
      kernelRelease: '6.12-amd64',
      epochSeconds: 1,
    },
    slot: { ...slot, hashOffset: 4096, salt: '' } as BuiltOs['slot'],
  };
}

test('a cache may be moved: what is in it is found where it is now', async () => {
  const [made, moved] = [join(projectDirectory, 'made'), join(projectDirectory, 'moved')];
  await mkdir(made);
  await writeBuilt(builtIn(made));
  expect(await readBuilt(made)).toEqual(builtIn(made));
  await rename(made, moved);
  expect(await readBuilt(moved)).toEqual(builtIn(moved));
  expect(await readBuilt(made)).toBeUndefined();
});
