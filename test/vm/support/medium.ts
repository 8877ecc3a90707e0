import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { runCommand } from '../../../image/command.ts';
import type { ExtraDisk } from '../../../image/vm/vm-spec.ts';

const mebibyte = 2 ** 20;

/** A disk labelled BERTH with these files, as a person makes a USB stick. @param volume where its image goes. */
export async function mediumDisk(volume: string, files: readonly string[]): Promise<ExtraDisk> {
  const sizes = await Promise.all(files.map(async (file) => (await stat(file)).size));
  const mebibytes = Math.ceil(sizes.reduce((sum, size) => sum + size, 0) / mebibyte) + 64;
  await runCommand('truncate', ['-s', `${mebibytes}M`, volume]);
  const environment = { PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin` };
  await runCommand('mkfs.vfat', ['-F', '32', '-n', 'BERTH', volume], { environment });
  for (const file of files) await runCommand('mcopy', ['-i', volume, file, `::${basename(file)}`]);
  return { name: 'medium', sizeBytes: mebibytes * mebibyte, bus: 'virtio', base: volume };
}
