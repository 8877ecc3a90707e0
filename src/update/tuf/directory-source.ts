import { constants } from 'node:fs';
import { join } from 'node:path';
import { type OpenedFile, openFile, readPieces } from './opened-file.ts';
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
    return opened === undefined ? undefined : readAtMost(opened, maxBytes, signal);
  }
}

/**
 * Opens a file below a directory; undefined when there is none. Links are followed in directories, not to files. Throws
 * RELEASE_UNREACHABLE.
 */
export async function openBelow(directory: string, path: readonly string[]): Promise<OpenedFile | undefined> {
  if (leadsElsewhere(path) || path.some((part) => part.includes('/'))) return undefined;
  return openFile(join(directory, ...path), constants.O_NOFOLLOW);
}

/** Reads a file whole, and closes it. Throws RELEASE_REFUSED when it has more than `maxBytes`, RELEASE_UNREACHABLE. */
export async function readAtMost(opened: OpenedFile, maxBytes: number, signal: AbortSignal): Promise<Uint8Array> {
  const { file, name, size } = opened;
  try {
    if (size > maxBytes) throw refuse('oversized', name, `it has ${size} bytes, at most ${maxBytes} are taken`);
    const content = new Uint8Array(size);
    let length = 0;
    for await (const piece of readPieces(opened, 0, size, signal)) {
      content.set(piece, length);
      length += piece.length;
    }
    return content;
  } finally {
    await file.close();
  }
}
