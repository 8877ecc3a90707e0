import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { BerthError, messageOf } from '../../core/errors.ts';
import { refuse } from './refusal.ts';
import { leadsElsewhere, type Source } from './source.ts';

/** A repository's files in a directory, such as on a USB stick. Links are followed in directories, not to files. */
export class DirectorySource implements Source {
  readonly location: string;

  constructor(directory: string) {
    this.location = directory;
  }

  async read(path: readonly string[], maxBytes: number, signal: AbortSignal): Promise<Uint8Array | undefined> {
    signal.throwIfAborted();
    if (leadsElsewhere(path) || path.some((name) => name.includes('/'))) return undefined;
    const name = join(this.location, ...path);
    try {
      return await readAtMost(name, maxBytes);
    } catch (error) {
      if (error instanceof BerthError) throw error;
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
      throw new BerthError('RELEASE_UNREACHABLE', `${name} cannot be read: ${messageOf(error)}`, { cause: error });
    }
  }
}

async function readAtMost(path: string, maxBytes: number): Promise<Uint8Array> {
  // A pipe would be waited for without end.
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const stats = await file.stat();
    if (!stats.isFile()) throw new Error('it is no file');
    if (stats.size > maxBytes)
      throw refuse('oversized', path, `it has ${stats.size} bytes, at most ${maxBytes} are taken`);
    const content = Buffer.alloc(stats.size);
    const { bytesRead } = await file.read(content, 0, stats.size, 0);
    return content.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}
