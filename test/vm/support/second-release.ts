import { copyFile, mkdtemp, open, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { runCommand } from '../../../image/command.ts';
import { fetchPackages, prepareTools } from '../../../image/os/build.ts';
import { diskLayout, kernelCommandLine, osRelease } from '../../../image/os/layout.ts';
import { unpackPackages } from '../../../image/os/package-store.ts';
import type { Tools } from '../../../image/os/tools.ts';
import { buildUki, readUki } from '../../../image/os/uki.ts';
import { writeDebugInitrd } from './debug-initrd.ts';
import { emulationArguments, testImage, testImageOptions } from './test-image.ts';

const blockBytes = 4096;
/** erofs leaves a disk's first 1024 bytes to boot loaders: they may hold anything, but the hash tree covers them. */
const unusedByte = 8;

/** A disk with a second release in slot B, as an update leaves it. */
export interface TwoReleases {
  readonly disk: string;
  /** The newer one's name in EFI/Linux, without counter and ending. */
  readonly entry: string;
  /** A byte of slot B, from its beginning, whose lowest bit is flipped: it is in the first block that is read of a file system. */
  readonly flippedByte: number;
}

/**
 * Copies the image under test and puts a newer release into slot B, with so many tries. The content is the same but for a byte
 * that nobody reads; one bit of it is flipped afterwards. Both releases have the test shell.
 */
export async function makeTwoReleases(directory: string, tries: number): Promise<TwoReleases> {
  const image = testImage();
  const disk = join(directory, 'two.raw');
  await runCommand('cp', ['--sparse=always', '--reflink=auto', image.disk, disk]);
  const work = await mkdtemp(join(directory, 'releases-'));
  try {
    const options = testImageOptions();
    const packages = await fetchPackages(options);
    const tools = await prepareTools(packages, work, options.cacheDirectory);
    const place = (name: string) => diskLayout('amd64').partitions.find((one) => one.name === name)?.startBytes ?? 0;
    const slot = await makeOtherSlot(join(dirname(image.disk), 'usr.img'), image.commandLine, work, tools);
    await runCommand('dd', [
      ...[`if=${slot.file}`, `of=${disk}`, 'bs=1M', `seek=${place('berth-b') / 2 ** 20}`],
      ...['conv=notrunc,sparse', 'status=none'],
    ]);
    await flipBit(disk, place('berth-b') + unusedByte);

    const kernelSet = packages.get('amd64/kernel-cloud') ?? [];
    const stub = await findStub(await unpackPackages(kernelSet, options.cacheDirectory));
    await writeDebugInitrd(image.initrd, join(work, 'initrd'));
    const parts = readUki(await readFile(join(dirname(image.disk), 'berth.efi')));
    const initrd = await readFile(join(work, 'initrd'));
    const esp = `${disk}@@${place('berth-esp')}`;
    const put = async (name: string, change: Partial<typeof parts>): Promise<void> => {
      await writeFile(join(work, 'uki'), buildUki(stub, { ...parts, initrd, ...change }));
      await tools.run('mcopy', ['-o', '-i', esp, join(work, 'uki'), `::/EFI/Linux/${name}.efi`]);
    };
    const entry = 'berth_99.0.0';
    const release = osRelease({ version: '99.0.0', architecture: 'amd64' });
    await put(`berth_${options.version}`, { commandLine: `${image.commandLine} ${emulationArguments}` });
    await put(`${entry}+${tries}`, { osRelease: release, commandLine: `${slot.commandLine} ${emulationArguments}` });
    return { disk, entry, flippedByte: unusedByte };
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** The same file system with another byte where none counts, and so another hash tree. */
async function makeOtherSlot(
  usr: string,
  commandLine: string,
  work: string,
  tools: Tools,
): Promise<{ readonly file: string; readonly commandLine: string }> {
  const dataBlocks = Number(/berth\.usr=[0-9a-f]{64}:(\d+)/.exec(commandLine)?.[1]);
  const file = join(work, 'slot');
  await copyFile(usr, file);
  await truncate(file, dataBlocks * blockBytes);
  const data = await open(file, 'r+');
  await data.write(Buffer.from('B'), 0, 1, unusedByte);
  await data.close();
  const { stdout } = await tools.run('veritysetup', [
    ...['format', '--salt=-', `--data-blocks=${dataBlocks}`, `--hash-offset=${(await stat(file)).size}`],
    ...[file, file],
  ]);
  const rootHash = /^Root hash:\s*([0-9a-f]{64})$/m.exec(stdout)?.[1] ?? '';
  return { file, commandLine: kernelCommandLine('amd64', { rootHash, dataBlocks }) };
}

async function flipBit(file: string, offset: number): Promise<void> {
  const disk = await open(file, 'r+');
  const { buffer } = await disk.read(Buffer.alloc(1), 0, 1, offset);
  await disk.write(Buffer.from([(buffer[0] ?? 0) ^ 1]), 0, 1, offset);
  await disk.close();
}

async function findStub(unpacked: ReadonlyMap<string, string>): Promise<Buffer> {
  for (const directory of unpacked.values()) {
    const stub = await readFile(join(directory, 'usr/lib/systemd/boot/efi/linuxx64.efi.stub')).catch(() => undefined);
    if (stub !== undefined) return stub;
  }
  throw new Error('no package of the kernel has linuxx64.efi.stub');
}
