import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { BerthError, messageOf } from '../../core/errors.ts';
import { refuse } from './refusal.ts';
import { leadsElsewhere, type Source } from './source.ts';

/** A repository's files in a directory, such as on a USB stick. */
export class DirectorySource implements Source {
  readonly location: string;

  constructor(directory: string) {
    this.location = directory;
  }

  async read(path: readonly string[], maxBytes: number, signal: AbortSignal): Promise<Uint8Array | undefined> {
    signal.throwIfAborted();
    const opened = await openBelow(this.location, path);
    if (opened === undefined) return undefined;
    const { file, name, size } = opened;
    try {
      if (size > maxBytes) throw refuse('oversized', name, `it has ${size} bytes, at most ${maxBytes} are taken`);
      const content = Buffer.alloc(size);
      const { bytesRead } = await file.read(content, 0, size, 0);
      return content.subarray(0, bytesRead);
    } catch (error) {
      throw unreadable(name, error);
    } finally {
      await file.close();
    }
  }
}

/** A file of a repository, to be closed by whoever opened it. */
export interface OpenedFile {
  readonly file: FileHandle;
  /** With the directory, for a person. */
  readonly name: string;
  readonly size: number;
}

/**
 * Opens a file below a directory; undefined when there is none. Links are followed in directories, not to files. Throws
 * RELEASE_UNREACHABLE.
 */
export async function openBelow(directory: string, path: readonly string[]): Promise<OpenedFile | undefined> {
  if (leadsElsewhere(path) || path.some((part) => part.includes('/'))) return undefined;
  const name = join(directory, ...path);
  try {
    // A pipe would be waited for without end.
    const file = await open(name, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    const stats = await file.stat();
    if (stats.isFile()) return { file, name, size: stats.size };
    await file.close();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw unreadable(name, error);
  }
  throw unreadable(name, new Error('it is no file'));
}

/** The error for what the file system says about a file; one of ours stays as it is. Pure. */
export function unreadable(name: string, error: unknown): BerthError {
  if (error instanceof BerthError) return error;
  return new BerthError('RELEASE_UNREACHABLE', `${name} cannot be read: ${messageOf(error)}`, { cause: error });
}
