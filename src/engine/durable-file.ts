import { link, lstat, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { errnoOf } from '../core/file-failure.ts';

/**
 * Replaces a file so that a crash at any moment leaves the old content or the new one: temporary file, fsync, rename,
 * fsync of the directory. One writer at a time per path.
 */
export async function writeDurably(path: string, content: string | Uint8Array, mode = 0o600): Promise<void> {
  await replaceFile(path, content, mode);
  await syncPath(dirname(path));
}

/** {@link writeDurably} without its last part: until {@link syncPath}, a power cut may bring the old content back. */
export async function replaceFile(path: string, content: string | Uint8Array, mode: number): Promise<void> {
  const temporary = `${path}.new`;
  // A leftover of a crash may have another mode.
  try {
    await rm(temporary, { force: true });
    await writeSynced(temporary, content, mode);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw aboutPath(error, path);
  }
}

/** Nobody knows of the temporary file; and that a disk is full, the system says of no file at all. */
function aboutPath(error: unknown, path: string): unknown {
  return typeof error === 'object' && error !== null ? Object.assign(error, { path }) : error;
}

/** Writes a file that is not there yet, and flushes it; its name is durable after {@link syncPath}. */
export async function writeSynced(path: string, content: string | Uint8Array, mode: number): Promise<void> {
  const file = await open(path, 'wx', mode);
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
}

/**
 * Creates a file with its content at once, so that of several writers one does it, and nobody sees a part of it; `temporary` is
 * this writer's own, on the same file system. @returns false where there is a file already.
 */
export async function createWhole(path: string, temporary: string, content: string, mode: number): Promise<boolean> {
  await rm(temporary, { force: true });
  await writeSynced(temporary, content, mode);
  try {
    // Atomic on NFS too.
    await link(temporary, path);
    return true;
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') return false;
    if (!withoutLinks.has(errnoOf(error))) throw error;
    return await createInPlace(path, content, mode);
  } finally {
    await rm(temporary, { force: true });
  }
}

/** Where the file system has no links (FAT, some of SMB's): a crash may leave an empty file. */
async function createInPlace(path: string, content: string, mode: number): Promise<boolean> {
  try {
    await writeSynced(path, content, mode);
    return true;
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') return false;
    throw error;
  }
}

/** Makes durable what a file holds; of a directory, what was created, renamed and removed in it. */
export async function syncPath(path: string): Promise<void> {
  const file = await open(path, 'r');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Whether there is something of that name. */
export async function isPresent(path: string): Promise<boolean> {
  return (await lstat(path).catch(() => undefined)) !== undefined;
}

/** True for the error of a file that is not there. */
export function isMissing(error: unknown): boolean {
  return errnoOf(error) === 'ENOENT';
}

const withoutLinks: ReadonlySet<string | undefined> = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK']);
