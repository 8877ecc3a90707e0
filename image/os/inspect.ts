import { createHash } from 'node:crypto';
import { mkdtemp, open, readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { BerthError } from '../../src/core/errors.ts';
import { runCommand } from '../command.ts';
import { fetchPackages, type ImageOptions, prepareTools } from './build.ts';
import { type GptEntry, gptBytes, readGpt } from './gpt.ts';
import { readSignature, type SignatureState } from './signature.ts';
import type { Tools } from './tools.ts';
import { readUki } from './uki.ts';

/** A bootable entry on the disk's EFI partition. */
export interface InspectedEntry {
  /** File name in EFI/Linux: a boot counter in it says that it is not blessed. */
  readonly file: string;
  readonly version: string;
  readonly kernelRelease: string;
  readonly commandLine: string;
  /** The slot that holds the /usr this entry asks for; absent: none does. */
  readonly slot?: string;
  /** Whether every block of that slot is as its hash tree says. */
  readonly isIntact: boolean;
  readonly signature: SignatureState;
}

/** systemd-boot on the disk's EFI partition. */
export interface InspectedBootLoader {
  /** File name in EFI/BOOT. */
  readonly file: string;
  readonly signature: SignatureState;
}

/** What is on a disk image. */
export interface InspectedImage {
  readonly partitions: readonly GptEntry[];
  readonly bootLoaders: readonly InspectedBootLoader[];
  readonly entries: readonly InspectedEntry[];
}

const blockBytes = 4096;

/** Looks into a disk image: raw, qcow2, vmdk, fixed VHD, or any of them compressed with zstd. Throws CONFIG_INVALID, NOT_FOUND. */
export async function inspectImage(file: string, options: ImageOptions): Promise<InspectedImage> {
  await stat(file).catch((cause: unknown) => {
    throw new BerthError('NOT_FOUND', `${file} is not there`, { cause });
  });
  const packages = await fetchPackages(options);
  const work = await mkdtemp(join(options.cacheDirectory, '.inspect-'));
  try {
    const tools = await prepareTools(packages, work, options.cacheDirectory);
    const disk = await asRaw(file, work, tools);
    const partitions = readGpt(await readRange(disk, 0, gptBytes));
    const esp = partitions.find(({ name }) => name === 'berth-esp');
    const copied = async (directory: string) =>
      esp === undefined ? [] : copyPrograms(disk, esp, directory, work, tools);
    const entries: InspectedEntry[] = [];
    for (const name of await copied('Linux'))
      entries.push(await inspectEntry(join(work, 'Linux', name), name, disk, partitions, tools));
    const bootLoaders: InspectedBootLoader[] = [];
    for (const file of await copied('BOOT'))
      bootLoaders.push({ file, signature: await readSignature(join(work, 'BOOT', file), tools) });
    return { partitions, bootLoaders, entries };
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** The disk as a raw file: the same, or a copy in `work`. */
export async function asRaw(file: string, work: string, tools: Tools): Promise<string> {
  let plain = file;
  if (file.endsWith('.zst')) {
    plain = join(work, 'disk');
    await tools.run('zstd', ['--quiet', '--decompress', '--sparse', file, '-o', plain]);
  }
  const head = await readRange(plain, 0, gptBytes);
  if (head.toString('latin1', 512, 520) === 'EFI PART') return plain;
  const raw = join(work, 'disk.raw');
  await tools.run('qemu-img', ['convert', '-O', 'raw', plain, raw], { code: 'CONFIG_INVALID' });
  return raw;
}

/** Copies a directory of `EFI` off the disk into `work`. @returns the names in it. */
export async function copyPrograms(
  disk: string,
  esp: GptEntry,
  directory: string,
  work: string,
  tools: Tools,
): Promise<string[]> {
  await tools.run('mcopy', ['-s', '-n', '-i', `${disk}@@${esp.startBytes}`, `::/EFI/${directory}`, work]);
  return (await readdir(join(work, directory))).sort();
}

async function inspectEntry(
  path: string,
  file: string,
  disk: string,
  partitions: readonly GptEntry[],
  tools: Tools,
): Promise<InspectedEntry> {
  const { osRelease, kernelRelease, commandLine } = readUki(await readFile(path));
  const [, rootHash = '', blocks = ''] = /berth\.usr=([0-9a-f]{64}):(\d+)/.exec(commandLine) ?? [];
  const dataBlocks = Number(blocks);
  const version = /^IMAGE_VERSION=(.*)$/m.exec(osRelease)?.[1] ?? '';
  const entry = { file, version, kernelRelease, commandLine, signature: await readSignature(path, tools) };
  for (const { name, startBytes } of partitions.filter((partition) => /^berth-[ab]$/.test(partition.name))) {
    const top = await readRange(disk, startBytes + (dataBlocks + 1) * blockBytes, blockBytes);
    if (createHash('sha256').update(top).digest('hex') !== rootHash) continue;
    return { ...entry, slot: name, isIntact: await isIntact(disk, startBytes, dataBlocks, rootHash, tools) };
  }
  return { ...entry, isIntact: false };
}

async function isIntact(
  disk: string,
  start: number,
  dataBlocks: number,
  rootHash: string,
  tools: Tools,
): Promise<boolean> {
  const slot = `${disk}.slot`;
  const total = dataBlocks * 2;
  try {
    await runCommand('dd', [
      `if=${disk}`,
      `of=${slot}`,
      'bs=1M',
      `skip=${start / 2 ** 20}`,
      `count=${Math.ceil((total * blockBytes) / 2 ** 20)}`,
      'conv=sparse',
      'status=none',
    ]);
    const { exitCode } = await tools.run(
      'veritysetup',
      ['verify', `--hash-offset=${dataBlocks * blockBytes}`, slot, slot, rootHash],
      { accept: [0, 1, 2, 3, 4, 5] },
    );
    return exitCode === 0;
  } finally {
    await rm(slot, { force: true });
  }
}

async function readRange(file: string, start: number, length: number): Promise<Buffer> {
  const handle = await open(file);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, start);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}
