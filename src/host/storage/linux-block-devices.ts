import { open, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { deviceTag } from '../../config/device-path.ts';
import { BerthError } from '../../core/errors.ts';
import type {
  ArrayRequest,
  BlockDevice,
  BlockDevices,
  FilesystemRequest,
  HostCommands,
  PartitionChanges,
  Signature,
} from '../ports.ts';
import { runProgram } from '../program-runner.ts';
import { filesystemBytes, parsePartitionName, parsePartitionTable, parseSignature, xfsBytes } from './block-texts.ts';
import { deviceBelow, numberIn, parentOf, realDevice, sysDirectory } from './device-node.ts';

const headBytes = 4096;

/** How each kind of file system is made; what is on the device is overwritten. */
const makers: Readonly<Record<string, (label: string | undefined) => readonly [program: string, ...args: string[]]>> = {
  ...Object.fromEntries(
    ['ext2', 'ext3', 'ext4'].map((type) => [
      type,
      (label: string | undefined) => [`mkfs.${type}`, '-q', '-F', ...named('-L', label)] as const,
    ]),
  ),
  xfs: (label) => ['mkfs.xfs', '-q', '-f', ...named('-L', label)],
  btrfs: (label) => ['mkfs.btrfs', '-q', '-f', ...named('-L', label)],
  vfat: (label) => ['mkfs.vfat', '-I', ...named('-n', label?.toUpperCase())],
  swap: (label) => ['mkswap', '--force', ...named('-L', label)],
};

function named(option: string, label: string | undefined): string[] {
  return label === undefined ? [] : [option, label];
}

/** Disks of this machine, by util-linux, mdadm and the programs of each file system. */
export class LinuxBlockDevices implements BlockDevices {
  readonly #commands: HostCommands;

  constructor(commands: HostCommands) {
    this.#commands = commands;
  }

  async look(device: string): Promise<BlockDevice | undefined> {
    const path = await this.#find(device);
    const status = path === undefined ? undefined : await stat(path).catch(() => undefined);
    if (path === undefined || status === undefined || !(status.isBlockDevice() || status.isFile())) return undefined;
    const sys = sysDirectory(status.rdev);
    const sizeBytes = status.isFile() ? status.size : 512 * (await numberIn(join(sys, 'size'), 0));
    // The node of an array that does not run, or a drive without a disk in it.
    if (status.isBlockDevice() && sizeBytes === 0) return undefined;
    const { signature, partitionName } = await this.#probe(path);
    const table = signature.kind === 'table' ? await this.#table(path) : undefined;
    const taken = signature.kind === 'filesystem' ? filesystemBytes(signature.type, await readHead(path)) : undefined;
    const partOf = status.isFile() ? undefined : await parentOf(sys);
    const mappedFrom = status.isFile() ? undefined : await deviceBelow(sys);
    return {
      path,
      sizeBytes,
      signature,
      ...(table === undefined ? {} : { table }),
      ...(taken === undefined ? {} : { filesystemBytes: taken }),
      ...(partOf === undefined
        ? {}
        : { partOf: { ...partOf, ...(partitionName === undefined ? {} : { name: partitionName }) } }),
      ...(mappedFrom === undefined ? {} : { mappedFrom }),
    };
  }

  async mountedBytes(mountPoint: string): Promise<number | undefined> {
    const { exitCode, stdout } = await this.#commands.run({ program: 'xfs_growfs', args: ['-n', mountPoint] });
    return exitCode === 0 ? xfsBytes(stdout) : undefined;
  }

  async partition(name: string, script: string, signal: AbortSignal): Promise<void> {
    const device = await this.#path(name);
    const args = ['--quiet', '--wipe', 'always', '--wipe-partitions', 'always', device];
    await this.#run('sfdisk', args, signal, script);
    // The kernel reads the table again by itself, but not while anything on the disk is open.
    if ((await stat(device)).isBlockDevice()) await this.#run('partx', ['--update', device], signal);
  }

  async changePartitions(name: string, { remove, resize, add }: PartitionChanges, signal: AbortSignal): Promise<void> {
    const device = await this.#path(name);
    // Refused while anything on the disk is in use: without --force.
    if (remove.length > 0) await this.#run('sfdisk', ['--quiet', '--delete', device, ...remove.map(String)], signal);
    for (const { number, sizeBytes } of resize) {
      const size = sizeBytes === undefined ? '+' : `${sizeBytes / 2 ** 20}MiB`;
      await this.#run('sfdisk', ['--quiet', '-N', String(number), device], signal, `, ${size}\n`);
    }
    const appending = ['--quiet', '--append', '--wipe-partitions', 'always', device];
    if (add !== '') await this.#run('sfdisk', appending, signal, add);
    if ((await stat(device)).isBlockDevice()) await this.#run('partx', ['--update', device], signal);
  }

  async growPartition(disk: string, number: number, signal: AbortSignal): Promise<void> {
    // The disk is in use: the kernel is told of this one partition only.
    await this.#run('sfdisk', ['--quiet', '--no-reread', '--force', '-N', String(number), disk], signal, ', +\n');
    if ((await stat(disk)).isBlockDevice())
      await this.#run('partx', ['--update', '--nr', String(number), disk], signal);
  }

  async growFilesystem(
    device: string,
    type: string,
    mountPoint: string | undefined,
    signal: AbortSignal,
  ): Promise<void> {
    if (type === 'xfs') {
      if (mountPoint === undefined)
        throw new BerthError('HOST_REFUSED', `XFS on ${device} grows only while it is mounted`);
      await this.#run('xfs_growfs', [mountPoint], signal);
      return;
    }
    // resize2fs wants a checked file system unless it is mounted; 1: errors were corrected.
    if (mountPoint === undefined) {
      const { exitCode, stderr } = await this.#commands.run({ program: 'e2fsck', args: ['-f', '-p', device], signal });
      if (exitCode > 1)
        throw new BerthError('HOST_REFUSED', `e2fsck on ${device} ended with ${exitCode}: ${stderr.trim()}`);
    }
    await this.#run('resize2fs', [device], signal);
  }

  async makeFilesystem(
    device: string,
    { type, label, options }: FilesystemRequest,
    signal: AbortSignal,
  ): Promise<void> {
    const maker = makers[type];
    if (maker === undefined) throw new BerthError('UNSUPPORTED', `Berth makes no ${type} file systems`);
    const [program, ...args] = maker(label);
    await this.#run(program, [...args, ...options, await this.#path(device)], signal);
  }

  async createArray({ name, level, devices, spares, options }: ArrayRequest, signal: AbortSignal): Promise<void> {
    const args = [
      ...['--create', `/dev/md/${name}`, '--run', '--name', name, '--level', level],
      ...['--raid-devices', String(devices.length - spares)],
      // RAID 0 has no spares, and mdadm takes not even none.
      ...(spares === 0 ? [] : ['--spare-devices', String(spares)]),
      ...options,
      ...(await this.#paths(devices)),
    ];
    await this.#run('mdadm', args, signal);
  }

  async assembleArray(name: string, devices: readonly string[], signal: AbortSignal): Promise<void> {
    // --run: an array that lost a device is worth more degraded than not at all.
    await this.#run('mdadm', ['--assemble', `/dev/md/${name}`, '--run', ...(await this.#paths(devices))], signal);
  }

  /** Programs are given paths: udev's names mean nothing to them here. */
  async #path(device: string): Promise<string> {
    return (await this.#find(device)) ?? device;
  }

  async #paths(devices: readonly string[]): Promise<string[]> {
    return await Promise.all(devices.map((device) => this.#path(device)));
  }

  async #find(device: string): Promise<string | undefined> {
    const name = deviceTag(device);
    if (name.startsWith('/')) return await realDevice(name);
    if (!/^(LABEL|UUID|PARTLABEL|PARTUUID)=/.test(name)) return undefined;
    const args = ['--cache-file', '/dev/null', '--match-token', name, '--output', 'device'];
    const { stdout } = await this.#commands.run({ program: 'blkid', args });
    const path = stdout.split('\n', 1)[0] ?? '';
    return path === '' ? undefined : await realDevice(path);
  }

  async #probe(path: string): Promise<{ readonly signature: Signature; readonly partitionName?: string | undefined }> {
    const { exitCode, stdout, stderr } = await this.#commands.run({
      program: 'blkid',
      args: ['--probe', '--output', 'export', path],
    });
    if (exitCode === 0 || exitCode === 2 || exitCode === 8) {
      return { signature: parseSignature(stdout, exitCode), partitionName: parsePartitionName(stdout) };
    }
    // Never taken for empty.
    const what = `something that cannot be read (${stderr.trim() || `blkid ended with ${exitCode}`})`;
    return { signature: { kind: 'unclear', what } };
  }

  async #table(path: string): Promise<BlockDevice['table']> {
    const { exitCode, stdout } = await this.#commands.run({ program: 'sfdisk', args: ['--json', path] });
    return exitCode === 0 ? parsePartitionTable(stdout) : undefined;
  }

  async #run(program: string, args: readonly string[], signal: AbortSignal, input = ''): Promise<void> {
    await runProgram(this.#commands, { program, args, input, signal });
  }
}

async function readHead(path: string): Promise<Uint8Array> {
  const file = await open(path, 'r');
  try {
    const head = new Uint8Array(headBytes);
    const { bytesRead } = await file.read(head, 0, headBytes, 0);
    return head.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}
