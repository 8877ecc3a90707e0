import { lstat, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Writes a file that is not there yet, and flushes it; its name is durable after {@link syncDirectory}. */
export async function writeSynced(path: string, content: string | Uint8Array, mode: number): Promise<void> {
  const file = await open(path, 'wx', mode);
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Replaces a file so that a crash at any moment leaves the old content or the new one. One writer at a time per path. */
export async function replaceSynced(path: string, content: string | Uint8Array, mode: number): Promise<void> {
  const temporary = `${path}.new`;
  // A leftover of a crash may have another mode.
  await rm(temporary, { force: true });
  await writeSynced(temporary, content, mode);
  await rename(temporary, path);
  await syncDirectory(dirname(path));
}

/** Makes what was created, renamed and removed in a directory durable. */
export async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

/** Whether there is something of that name. */
export async function isPresent(path: string): Promise<boolean> {
  return (await lstat(path).catch(() => undefined)) !== undefined;
}
