import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, mkdtemp, open, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { runCommand } from '../../../image/command.ts';
import { type BuiltOs, buildOs, fetchPackages, type ImageOptions, prepareTools } from '../../../image/os/build.ts';
import { type ImageFormat, imageFormats, writeFormat } from '../../../image/os/formats.ts';
import { inspectImage } from '../../../image/os/inspect.ts';
import { type Architecture, diskLayout } from '../../../image/os/layout.ts';
import type { PackageSets } from '../../../image/os/package-store.ts';
import { readUki } from '../../../image/os/uki.ts';

const projectDirectory = join(import.meta.dirname, '..', '..', '..');
const cacheDirectory = process.env['BERTH_CACHE'] ?? join(homedir(), '.cache', 'berth');
let work: string;

beforeAll(async () => {
  await runCommand(process.execPath, [join(projectDirectory, 'scripts/build.ts')]);
  work = await mkdtemp(join(tmpdir(), 'berth-image-'));
});

afterAll(async () => {
  await rm(work, { recursive: true, force: true });
});

function optionsFor(architecture: Architecture): ImageOptions {
  return {
    version: '9.9.1',
    nodeVersion: process.versions.node,
    architecture,
    kernel: 'cloud',
    fast: true,
    lockUse: 'prefer',
    projectDirectory,
    cacheDirectory,
    onProgress: () => undefined,
  };
}

async function sha256(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}

describe.each<Architecture>(['amd64', 'arm64'])('the image for %s', (architecture) => {
  const options = optionsFor(architecture);
  let packages: PackageSets;
  let first: BuiltOs;

  beforeAll(async () => {
    packages = await fetchPackages(options);
    first = await buildOs(options, packages, join(work, `${architecture}-1`));
  }, 600_000);

  test('is built a second time with the same bytes', async () => {
    const second = await buildOs(options, packages, join(work, `${architecture}-2`));
    expect(second.slot.rootHash).toBe(first.slot.rootHash);
    for (const part of ['initrd', 'uki', 'disk'] as const)
      expect([part, await sha256(second[part])]).toEqual([part, await sha256(first[part])]);
    await rm(second.directory, { recursive: true });
  }, 600_000);

  test('has its release in the boot entry, with the hash of its slot, and the slot is intact', async () => {
    const { partitions, bootLoaders, entries } = await inspectImage(first.disk, options);
    expect(
      partitions.map(({ name, startBytes, sizeBytes, type, id }) => ({ name, startBytes, sizeBytes, type, id })),
    ).toEqual(diskLayout(architecture).partitions);
    expect(entries).toEqual([
      {
        file: 'berth_9.9.1.efi',
        version: '9.9.1',
        kernelRelease: first.kernelRelease,
        commandLine: expect.stringContaining(`berth.usr=${first.slot.rootHash}:${first.slot.dataBlocks} `),
        slot: 'berth-a',
        isIntact: true,
        signature: { kind: 'none' },
      },
    ]);
    expect(bootLoaders).toEqual([
      { file: expect.stringMatching(/^BOOT(X64|AA64)\.EFI$/), signature: { kind: 'none' } },
    ]);
    const uki = readUki(await readFile(first.uki));
    expect(uki.kernel.equals(await readFile(first.kernel))).toBe(true);
    expect(uki.initrd.equals(await readFile(first.initrd))).toBe(true);
  }, 120_000);

  test('shows a single flipped bit in its slot', async () => {
    const disk = join(work, 'flipped.raw');
    await runCommand('cp', ['--sparse=always', first.disk, disk]);
    const slot = diskLayout(architecture).partitions.find(({ name }) => name === 'berth-a');
    const position = (slot?.startBytes ?? 0) + 100 * 4096 + 17;
    const handle = await open(disk, 'r+');
    const { buffer } = await handle.read(Buffer.alloc(1), 0, 1, position);
    await handle.write(Buffer.from([(buffer[0] ?? 0) ^ 1]), 0, 1, position);
    await handle.close();
    const { entries } = await inspectImage(disk, options);
    expect(entries.map(({ slot: found, isIntact }) => [found, isIntact])).toEqual([['berth-a', false]]);
    await rm(disk);
  }, 120_000);
});

describe('the formats', () => {
  const feed = { feed: 'https://updates.example.org', channel: 'beta' };
  const options = { ...optionsFor('amd64'), bakedTrust: { root: '{"signed":{}}', feed } };

  let packages: PackageSets;
  let built: BuiltOs;

  beforeAll(async () => {
    packages = await fetchPackages(options);
    built = await buildOs(options, packages, join(work, 'formats'));
  }, 600_000);

  test('are made of a slot that has whose releases its hosts trust', async () => {
    const tools = await prepareTools(packages, join(work, 'dump'), cacheDirectory);
    const read = async (name: string) =>
      (await tools.run('dump.erofs', ['--cat', `--path=/share/berth/update/${name}`, built.slot.file])).stdout;
    expect(await read('root.json')).toBe(options.bakedTrust.root);
    expect(JSON.parse(await read('feed.json'))).toEqual(feed);
  }, 60_000);

  test.each<ImageFormat>(imageFormats)('%s holds the disk and is the same each time', async (format) => {
    const tools = await prepareTools(packages, join(work, format), cacheDirectory);
    const source = { disk: built.disk, epochSeconds: built.epochSeconds, level: 1, tools };
    // A vmdk says its own name.
    for (const name of ['one', 'two']) await mkdir(join(work, name), { recursive: true });
    const file = await writeFormat(format, { ...source, base: join(work, 'one', 'berth') });
    const again = await writeFormat(format, { ...source, base: join(work, 'two', 'berth') });
    expect(await sha256(again)).toBe(await sha256(file));
    let inspected = file;
    if (format === 'gce') {
      await runCommand('tar', ['-C', join(work, format), '-xzf', file]);
      inspected = join(work, format, 'disk.raw');
    }
    if (format === 'vhd') {
      // Azure takes a whole number of MiB and the footer's 512 bytes.
      await tools.run('zstd', ['-q', '-d', file, '-o', join(work, 'disk.vhd')]);
      expect((await stat(join(work, 'disk.vhd'))).size % 2 ** 20).toBe(512);
      const { stdout } = await tools.run('qemu-img', ['info', '-f', 'vpc', '--output=json', join(work, 'disk.vhd')]);
      expect(JSON.parse(stdout)).toMatchObject({ format: 'vpc', 'virtual-size': diskLayout('amd64').sizeBytes });
    }
    const { entries } = await inspectImage(inspected, options);
    expect(entries).toMatchObject([{ version: '9.9.1', isIntact: true }]);
  }, 300_000);
});

test('a lock that does not cover what is asked for is refused with --locked', async () => {
  const project = join(work, 'project');
  await runCommand('cp', ['-r', join(projectDirectory, 'system-containers'), join(work, 'system-containers')]);
  await runCommand('mkdir', ['-p', join(project, 'image/os')]);
  await runCommand('mv', [join(work, 'system-containers'), project]);
  const lock = JSON.parse(await readFile(join(projectDirectory, 'image/os/packages.lock.json'), 'utf8')) as {
    sets: Record<string, unknown>;
  };
  const file = join(project, 'image/os/packages.lock.json');
  await writeFile(file, JSON.stringify(lock));
  const options: ImageOptions = { ...optionsFor('amd64'), lockUse: 'require', projectDirectory: project };
  await expect(fetchPackages(options)).resolves.toBeDefined();
  delete lock.sets['amd64/kernel-cloud'];
  await writeFile(file, JSON.stringify(lock));
  await expect(fetchPackages(options)).rejects.toThrow('the package lock does not cover amd64/kernel-cloud');
}, 120_000);
