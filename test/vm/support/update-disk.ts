import { mkdir, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';
import { copyInto, makePartitions } from '../../../image/os/disk.ts';
import { type DiskLayout, diskLayout, loaderConfig, type Partition } from '../../../image/os/layout.ts';
import { blobName } from '../../../src/update/release-manifest.ts';
import { makeSmallReleases, type SmallRelease, type SmallReleases } from '../../support/crash/releases.ts';
import { tinyProgram } from './tiny-program.ts';
import type { LoaderParts } from './tiny-uki.ts';

const mebibyte = 2 ** 20;
/** The least that FAT32 can be, with clusters of one sector as in the image. */
const espBytes = 40 * mebibyte;
const slotBytes = mebibyte;

/** Where the parts of the small disk lie: an EFI partition, two slots. */
export const updateDiskLayout: DiskLayout = placed([
  ['berth-esp', espBytes],
  ['berth-a', slotBytes],
  ['berth-b', slotBytes],
]);

/** Where a partition of it begins, in bytes. */
export function startOf(name: Partition['name']): number {
  return updateDiskLayout.partitions.find((one) => one.name === name)?.startBytes ?? 0;
}

/** Releases whose kernel images say their version when they are booted. */
export async function makeBootableReleases(count: number): Promise<SmallReleases> {
  return makeSmallReleases(count, (version) => tinyProgram({ name: version, version, padding: 3000 }));
}

/** A host of small releases: 2 runs from slot a, and 1 is in slot b. */
export async function makeUpdateDisk(
  directory: string,
  { tools, bootLoader }: LoaderParts,
  [older, running]: readonly [SmallRelease, SmallRelease],
): Promise<string> {
  await mkdir(directory, { recursive: true });
  const at = (name: string): string => join(directory, name);
  const esp = at('esp');
  await writeFile(esp, '');
  await truncate(esp, espBytes);
  await tools.run('mkfs.vfat', ['-F', '32', '-s', '1', '-n', 'BERTH-ESP', esp]);
  await tools.run('mmd', ['-i', esp, ...['EFI', 'EFI/BOOT', 'EFI/Linux', 'loader'].map((path) => `::/${path}`)]);
  await writeFile(at('loader.conf'), loaderConfig);
  const files = [
    [bootLoader, 'EFI/BOOT/BOOTX64.EFI'],
    [at('loader.conf'), 'loader/loader.conf'],
    ...[older, running].map(({ name }) => [at(name), `EFI/Linux/${name}.efi`] as const),
  ] as const;
  for (const { name, uki } of [older, running]) await writeFile(at(name), uki);
  for (const [from, to] of files) await tools.run('mcopy', ['-i', esp, from, `::/${to}`]);
  const disk = at('disk.raw');
  await makePartitions(updateDiskLayout, disk, directory, tools);
  await copyInto(esp, disk, startOf('berth-esp'));
  for (const [name, { slot }] of [
    ['berth-a', running],
    ['berth-b', older],
  ] as const) {
    await writeFile(at(name), slot);
    await copyInto(at(name), disk, startOf(name));
  }
  return disk;
}

/** A disk with the program that updates inside the VM, and what it updates to: FAT, without partitions. */
export async function makeProgramDisk(
  directory: string,
  { tools }: LoaderParts,
  { all, blobs }: SmallReleases,
): Promise<string> {
  const tree = join(directory, 'program');
  await mkdir(join(tree, 'blobs'), { recursive: true });
  await build({
    entryPoints: { program: join(import.meta.dirname, 'update-program.ts') },
    ...{ outdir: tree, bundle: true, format: 'esm', platform: 'node', target: 'node24', logLevel: 'warning' },
  });
  await writeFile(join(tree, 'package.json'), '{"type":"module"}\n');
  // Without the content: that is in the blobs.
  const facts = all.map((release) => ({ ...release, slot: undefined, uki: undefined }));
  await writeFile(join(tree, 'releases.json'), JSON.stringify(facts));
  for (const { manifest } of all)
    for (const file of [manifest.uki, ...manifest.artifacts])
      await writeFile(join(tree, 'blobs', blobName(file)), blobs.get(`blobs/${file.name}`) ?? '');
  const disk = join(directory, 'program.raw');
  await writeFile(disk, '');
  await truncate(disk, 16 * mebibyte);
  await tools.run('mkfs.vfat', ['-n', 'PROGRAM', disk]);
  const names = ['program.js', 'package.json', 'releases.json', 'blobs'];
  await tools.run('mcopy', ['-s', '-i', disk, ...names.map((name) => join(tree, name)), '::/']);
  return disk;
}

function placed(sizes: readonly (readonly [Partition['name'], number])[]): DiskLayout {
  const { diskId, partitions } = diskLayout('amd64');
  let startBytes = mebibyte;
  const own = sizes.map(([name, sizeBytes]): Partition => {
    const partition = { ...partitions.find((one) => one.name === name)!, startBytes, sizeBytes };
    startBytes += sizeBytes;
    return partition;
  });
  return { diskId, partitions: own, sizeBytes: startBytes + mebibyte };
}
