import { createReadStream, createWriteStream } from 'node:fs';
import { appendFile, copyFile, open, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { BerthError } from '../../src/core/errors.ts';
import { runCommand } from '../command.ts';
import type { Tools } from './tools.ts';
import { vhdFooter } from './vhd.ts';

/** What virtual machines and clouds take. */
export type ImageFormat = 'raw' | 'qcow2' | 'vmdk' | 'vhd' | 'gce';

/** A raw disk that is to be written in another form. */
export interface FormatSource {
  readonly disk: string;
  /** Path of the result without its ending. */
  readonly base: string;
  readonly epochSeconds: number;
  /** zstd's level for what is compressed by it. */
  readonly level: number;
  readonly tools: Tools;
}

/** Fixed ids where a format wants one: the same disk gives the same file. */
const vhdId = Buffer.from('be278000000040008000000000000d15', 'hex');
const vmdkContentId = 'be278000';

/** Writes one format and says which file it became. Everything is compressed for download; the same disk gives the same bytes. */
const writers: Readonly<Record<ImageFormat, (source: FormatSource) => Promise<string>>> = {
  raw: async ({ disk, base, level, tools }) => compress(disk, `${base}.raw.zst`, level, tools),
  qcow2: async ({ disk, base, tools }) => {
    const file = `${base}.qcow2`;
    await tools.run('qemu-img', [
      'convert',
      '-f',
      'raw',
      '-O',
      'qcow2',
      '-c',
      '-o',
      'compression_type=zstd',
      disk,
      file,
    ]);
    return file;
  },
  vmdk: async ({ disk, base, tools }) => {
    const file = `${base}.vmdk`;
    const options = ['-o', 'subformat=streamOptimized,adapter_type=lsilogic'];
    await tools.run('qemu-img', ['convert', '-f', 'raw', '-O', 'vmdk', ...options, disk, file]);
    await fixContentId(file);
    return file;
  },
  vhd: async ({ disk, base, epochSeconds, level, tools }) => {
    const plain = `${base}.vhd`;
    await runCommand('cp', ['--sparse=always', disk, plain]);
    await appendFile(plain, vhdFooter((await stat(disk)).size, epochSeconds, vhdId));
    const file = await compress(plain, `${plain}.zst`, level, tools);
    await rm(plain);
    return file;
  },
  // Google's import wants a disk.raw in a tar archive of the old GNU format.
  gce: async ({ disk, base, epochSeconds }) => {
    const archive = `${base}.gce.tar`;
    const named = join(dirname(base), 'disk.raw');
    const isNamed = basename(disk) === 'disk.raw';
    if (!isNamed) await copyFile(disk, named);
    const owner = ['--owner=0', '--group=0', '--numeric-owner', '--mode=0644', `--mtime=@${epochSeconds}`];
    const directory = isNamed ? dirname(disk) : dirname(named);
    await runCommand('tar', ['--format=oldgnu', '-S', ...owner, '-C', directory, '-cf', archive, 'disk.raw']);
    const file = `${archive}.gz`;
    await pipeline(createReadStream(archive), createGzip({ level: 6 }), createWriteStream(file));
    await rm(archive);
    if (!isNamed) await rm(named);
    return file;
  },
};

/** All formats. */
export const imageFormats = Object.keys(writers) as ImageFormat[];

/** Writes a disk in a format. @returns the file's path. */
export function writeFormat(format: ImageFormat, source: FormatSource): Promise<string> {
  return writers[format](source);
}

async function compress(from: string, to: string, level: number, tools: Tools): Promise<string> {
  await tools.run('zstd', ['--quiet', '--no-progress', '--force', '-T0', `-${level}`, from, '-o', `${to}.new`]);
  await rename(`${to}.new`, to);
  return to;
}

/**
 * Gives a vmdk's descriptor our content id, which qemu-img draws by lot and writes with as many digits as it needs
 * (Virtual Disk Format 5.0, "The Descriptor File"). @throws {BerthError} UNSUPPORTED when it has none.
 */
export function withContentId(descriptor: string): string {
  if (!/^CID=/m.test(descriptor)) throw new BerthError('UNSUPPORTED', 'The vmdk has no content id');
  return descriptor.replace(/^CID=.*$/m, `CID=${vmdkContentId}`);
}

async function fixContentId(file: string): Promise<void> {
  const handle = await open(file, 'r+');
  try {
    const { buffer } = await handle.read(Buffer.alloc(65_536), 0, 65_536, 0);
    // Text within the first sectors, filled up with zeros.
    const start = buffer.indexOf('# Disk DescriptorFile');
    const descriptor = Buffer.from(withContentId(buffer.toString('latin1', start, buffer.indexOf(0, start))), 'latin1');
    await handle.write(descriptor, 0, descriptor.length, start);
  } finally {
    await handle.close();
  }
}
