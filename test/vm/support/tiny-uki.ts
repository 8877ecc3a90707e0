import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { prepareTools } from '../../../image/os/build.ts';
import { copyInto, makePartitions } from '../../../image/os/disk.ts';
import { type DiskLayout, diskLayout, loaderConfig } from '../../../image/os/layout.ts';
import type { Tools } from '../../../image/os/tools.ts';
import { machines } from '../../../image/vm/qemu-arguments.ts';
import { findFirmware } from '../../../image/vm/requirements.ts';
import { lastLines, plainLines } from '../../../image/vm/serial-text.ts';
import { parseBootEntry } from '../../../src/boot/boot-entry.ts';
import { builtImage, testImageOptions } from './test-image.ts';
import { type TinyProgram, tinyProgram } from './tiny-program.ts';

/** A boot takes some seconds; four of them in one go, emulated on a loaded machine, take longer. */
const limitMs = 300_000;
const pollMs = 100;
const mebibyte = 2 ** 20;

/** What a disk with nothing but a boot loader is made with. */
export interface LoaderParts {
  readonly tools: Tools;
  /** systemd-boot, as the image has it. */
  readonly bootLoader: string;
}

/** A file in EFI/Linux. */
export interface LoaderEntry extends Omit<TinyProgram, 'name'> {
  /** With ending and counter: `tiny_1.0.0+3.efi`. In capitals and of 8 + 3 characters it gets no long name. */
  readonly file: string;
  /** Whether it begins with the two bytes that make a program of it. */
  readonly magic: boolean;
  /** What it says when it is booted; default: the file's name without counter and ending. */
  readonly name?: string;
}

export interface LoaderDisk extends LoaderParts {
  /** For the disk and what its boots leave; it need not be there. */
  readonly directory: string;
  readonly entries: readonly LoaderEntry[];
}

/** The parts of the image under test. `directory` holds the tools, which take some room. */
export async function openLoaderParts(directory: string): Promise<LoaderParts> {
  const { packages, bootLoader } = await builtImage();
  return { bootLoader, tools: await prepareTools(packages, directory, testImageOptions().cacheDirectory) };
}

const { diskId, partitions } = diskLayout('amd64');
const espBytes = partitions[0]?.sizeBytes ?? 0;

/** Where the EFI partition lies in such a disk: as in the image, and of the same size. */
export const espStartBytes = partitions[0]?.startBytes ?? 0;

/** The last MiB holds the backup of the partition table. */
const layout: DiskLayout = {
  ...{ diskId, partitions: partitions.slice(0, 1) },
  sizeBytes: espStartBytes + espBytes + mebibyte,
};

/** Makes a raw, sparse disk with an EFI partition: boot loader and tiny kernel images. @returns its path. */
export async function makeLoaderDisk({ tools, bootLoader, directory, entries }: LoaderDisk): Promise<string> {
  await mkdir(directory, { recursive: true });
  const at = (name: string): string => join(directory, name);
  const [disk, esp] = [at('disk.raw'), at('esp.raw')];
  await writeFile(esp, '');
  await truncate(esp, espBytes);
  await tools.run('mkfs.vfat', ['-F', '32', '-n', 'BERTH-ESP', esp]);
  const directories = ['EFI', 'EFI/BOOT', 'EFI/Linux', 'loader'];
  await tools.run('mmd', ['-i', esp, ...directories.map((path) => `::/${path}`)]);
  await tools.run('mcopy', ['-i', esp, bootLoader, '::/EFI/BOOT/BOOTX64.EFI']);
  await writeFile(at('loader.conf'), loaderConfig);
  await tools.run('mcopy', ['-i', esp, at('loader.conf'), '::/loader/loader.conf']);
  for (const entry of entries) {
    await writeFile(at('entry'), entryFile(entry));
    await tools.run('mcopy', ['-i', esp, at('entry'), `::/EFI/Linux/${entry.file}`]);
  }
  await makePartitions(layout, disk, directory, tools);
  await copyInto(esp, disk, espStartBytes);
  await rm(esp);
  return disk;
}

/** The names of the files in EFI/Linux, sorted. */
export async function loaderFiles(disk: string, { tools }: Pick<LoaderParts, 'tools'>): Promise<string[]> {
  const { stdout } = await tools.run('mdir', ['-b', '-i', `${disk}@@${espStartBytes}`, '::/EFI/Linux']);
  return stdout
    .split('\n')
    .filter(Boolean)
    .map((path) => path.slice(path.lastIndexOf('/') + 1))
    .sort();
}

/**
 * Boots a disk once, by firmware and boot loader, which may write to it.
 * @returns the name that the booted program said. Rejects when the boot loader found none.
 */
export async function bootLoaderChoice(disk: string): Promise<string> {
  const [name = ''] = await boot(disk, ['-no-reboot']);
  return name;
}

/** Boots a disk again and again until a program switches the machine off. @returns the names, in the order of the boots. */
export async function bootLoaderChoices(disk: string): Promise<string[]> {
  return boot(disk, []);
}

/** One processor: several may wait for each other for ever after a restart, emulated as they are. */
async function boot(disk: string, options: readonly string[]): Promise<string[]> {
  const { code, variables } = findFirmware('amd64');
  const [ownVariables, serial] = [`${disk}.variables`, `${disk}.serial`];
  await copyFile(variables, ownVariables);
  await rm(serial, { force: true });
  const { program, type, emulatedCpu } = machines.amd64;
  const raw = (name: string, filename: string, isReadOnly: boolean): string[] => [
    '-blockdev',
    JSON.stringify({
      ...{ driver: 'raw', 'node-name': name, 'read-only': isReadOnly },
      file: { driver: 'file', filename, cache: { 'no-flush': true } },
    }),
  ];
  // With a limit of its own: it ends even when this process does not live to end it.
  const limited = ['--signal=KILL', String(limitMs / 1000), program];
  const qemu = spawn('timeout', [
    ...limited,
    ...['-machine', `${type},pflash0=code,pflash1=variables`, '-accel', 'tcg', '-cpu', emulatedCpu, '-smp', '1'],
    ...['-m', '256', '-nodefaults', '-display', 'none', '-serial', `file:${serial}`, ...options],
    ...raw('code', code, true),
    ...raw('variables', ownVariables, false),
    ...raw('disk', disk, false),
    ...['-device', 'virtio-blk-pci,drive=disk,bootindex=0'],
  ]);
  let said = '';
  qemu.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const ended = once(qemu, 'close');
  const read = async (): Promise<string> => readFile(serial, 'utf8').catch(() => '');
  while (qemu.exitCode === null && qemu.signalCode === null) {
    // The firmware would go on to a menu of its own, and stay there.
    if ((await read()).includes('No loader found')) qemu.kill();
    await Promise.race([ended, sleep(pollMs)]);
  }
  await ended;
  const text = await read();
  const names = plainLines(text).flatMap((line) => /^tiny: (.+)$/.exec(line)?.[1] ?? []);
  if (names.length === 0) throw new Error(`nothing was booted from ${disk}: ${said}\n${lastLines(text, 20)}`);
  return names;
}

function entryFile({ file, magic, name, ...program }: LoaderEntry): Buffer {
  const image = tinyProgram({ ...program, name: name ?? parseBootEntry(file)?.name ?? file });
  return magic ? image : image.fill(0, 0, 2);
}
