import { readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { runCommand } from '../../image/command.ts';

/** Bytes of a disk after zstd -19, as for a download. The number is kept beside it. */
export async function downloadBytes(disk: string, onProgress: (line: string) => void): Promise<number> {
  const note = `${disk}.zst-bytes`;
  const known = Number(await readFile(note, 'utf8').catch(() => ''));
  if (known > 0) return known;
  onProgress(`compressing ${disk}`);
  const file = `${disk}.zst`;
  await runCommand('zstd', ['--quiet', '--no-progress', '--force', '-T0', '-19', disk, '-o', file]);
  const { size } = await stat(file);
  await rm(file);
  await writeFile(`${note}.new`, String(size));
  await rename(`${note}.new`, note);
  return size;
}
