import { constants } from 'node:fs';
import { type FileHandle, open, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { BerthError, messageOf } from '../core/errors.ts';

/**
 * Reads a regular file below `root` with at most `maxBytes`. Whoever made the file system is not trusted: a link out of
 * `root`, a pipe or a device, and a file that is too long are refused, and nothing is waited for.
 * Undefined when there is no such file. Throws DATASOURCE_UNREADABLE.
 */
export async function readBoundedFile(root: string, path: string, maxBytes: number): Promise<Uint8Array | undefined> {
  try {
    const base = await realpath(root);
    const real = await realpath(join(base, path));
    if (base !== '/' && !real.startsWith(`${base}/`))
      throw refusal(path, 'is a link that leads out of its file system');
    const file = await open(real, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      if (!(await file.stat()).isFile()) throw refusal(path, 'is not a regular file');
      return await readAtMost(file, path, maxBytes);
    } finally {
      await file.close();
    }
  } catch (error) {
    if (error instanceof BerthError) throw error;
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw new BerthError('DATASOURCE_UNREADABLE', `${path} cannot be read: ${messageOf(error)}`, { cause: error });
  }
}

/** The size that a file claims to have is not believed: files of sysfs claim a page, and a disk may lie. */
async function readAtMost(file: FileHandle, path: string, maxBytes: number): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for (;;) {
    const { bytesRead, buffer } = await file.read({ buffer: new Uint8Array(64 * 2 ** 10) });
    if (bytesRead === 0) return new Uint8Array(Buffer.concat(parts, length));
    length += bytesRead;
    if (length > maxBytes) throw refusal(path, `is longer than ${maxBytes} bytes`);
    parts.push(buffer.subarray(0, bytesRead));
  }
}

function refusal(path: string, what: string): BerthError {
  return new BerthError('DATASOURCE_UNREADABLE', `${path} ${what}`);
}
