import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { BerthError, messageOf } from '../../core/errors.ts';

/** Bytes read at a time. */
const pieceBytes = 256 * 1024;

/** A file of a repository: one of its own, or a part of a bundle. To be closed by whoever opened it. */
export interface OpenedFile {
  readonly file: FileHandle;
  /** For a person. */
  readonly name: string;
  /** Where in `file` it begins. */
  readonly offset: number;
  readonly size: number;
}

/** Opens a regular file; undefined when there is none. Further `flags` are those of open(2). Throws RELEASE_UNREACHABLE. */
export async function openFile(name: string, flags = 0): Promise<OpenedFile | undefined> {
  try {
    // A pipe would be waited for without end.
    const file = await open(name, constants.O_RDONLY | constants.O_NONBLOCK | flags);
    const stats = await file.stat();
    if (stats.isFile()) return { file, name, offset: 0, size: stats.size };
    await file.close();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw unreadable(name, error);
  }
  throw unreadable(name, new Error('it is no file'));
}

/** Reads a part of a file, piece by piece. Throws RELEASE_UNREACHABLE, also when the file ends early; rejects with the signal's reason. */
export async function* readPieces(
  { file, name, offset }: OpenedFile,
  start: number,
  end: number,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  for (let position = start; position < end; ) {
    signal.throwIfAborted();
    const piece = new Uint8Array(Math.min(pieceBytes, end - position));
    const { bytesRead } = await file.read(piece, 0, piece.length, offset + position).catch((error: unknown) => {
      throw unreadable(name, error);
    });
    if (bytesRead === 0) throw unreadable(name, new Error(`it ends at byte ${position}`));
    position += bytesRead;
    yield piece.subarray(0, bytesRead);
  }
}

/** The error for what the file system says about a file; one of ours stays as it is. Pure. */
export function unreadable(name: string, error: unknown): BerthError {
  if (error instanceof BerthError) return error;
  return new BerthError('RELEASE_UNREACHABLE', `${name} cannot be read: ${messageOf(error)}`, { cause: error });
}
