import { copyFile, mkdir, mkdtemp, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { runCommand } from '../command.ts';
import { configDriveFiles, noCloudFiles, type SeedFile } from './seed-files.ts';
import type { Delivery } from './vm-spec.ts';

/** mkfs.vfat makes nothing smaller that every system reads. */
const vfatBytes = 2 * 2 ** 20;

/**
 * Makes what a delivery is handed over with: a volume or a file; nothing for those that are part of the command line.
 * What a running VM has open stays as it is: the new one takes its name.
 * Throws UNSUPPORTED when mkfs.vfat, mcopy or xorriso is missing or fails.
 */
export async function writeDelivery(delivery: Delivery, path: string): Promise<void> {
  switch (delivery.kind) {
    case 'nocloud-vfat':
      return withTree(noCloudFiles(delivery.seed), path, (tree, file, names) => makeVfat(tree, file, names));
    case 'nocloud-iso':
      return withTree(noCloudFiles(delivery.seed), path, (tree, file) => makeIso(tree, file, 'cidata'));
    case 'config-drive':
      return withTree(configDriveFiles(delivery.seed), path, (tree, file) => makeIso(tree, file, 'config-2'));
    case 'disc':
      return copyFile(delivery.image, path);
    case 'fw-cfg':
      return writeFile(path, delivery.text, { mode: 0o600 });
    case 'metadata-service':
      return writeFile(path, relayTo(delivery.port), { mode: 0o700 });
    case 'smbios-strings':
    case 'smbios-serial':
    case 'command-line':
      return;
  }
}

/** Joins its input and output with a connection. */
function relayTo(port: number): string {
  return `#!/bin/bash\nexec 3<>/dev/tcp/127.0.0.1/${port} || exit\ncat <&3 &\ncat >&3\nwait\n`;
}

type MakeVolume = (tree: string, file: string, topLevelNames: readonly string[]) => Promise<void>;

async function withTree(files: readonly SeedFile[], path: string, make: MakeVolume): Promise<void> {
  const work = await mkdtemp(join(dirname(path), '.seed-'));
  try {
    const tree = join(work, 'tree');
    for (const file of files) {
      await mkdir(dirname(join(tree, file.path)), { recursive: true });
      await writeFile(join(tree, file.path), file.text);
    }
    const volume = join(work, 'volume');
    // The config may hold secrets: the volume is its owner's alone.
    await writeFile(volume, '', { mode: 0o600 });
    await make(tree, volume, [...new Set(files.map((file) => file.path.split('/', 1)[0] ?? ''))]);
    await rename(volume, path);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function makeVfat(tree: string, file: string, names: readonly string[]): Promise<void> {
  await truncate(file, vfatBytes);
  await runCommand('mkfs.vfat', ['-n', 'CIDATA', file], { environment: { PATH: pathWithSbin() } });
  const environment = { MTOOLSRC: '/dev/null' };
  await runCommand('mcopy', ['-s', '-i', file, ...names.map((name) => join(tree, name)), '::'], { environment });
}

async function makeIso(tree: string, file: string, label: string): Promise<void> {
  // -joliet and -rock: names as they are, for every reader.
  const options = ['-joliet', '-rock', '-volid', label, '-quiet', '-output', file];
  await runCommand('xorriso', ['-as', 'mkisofs', ...options, tree]);
}

/** mkfs.vfat is in a directory that only root's PATH has. */
function pathWithSbin(): string {
  return `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`;
}
