import type { BigIntStats } from 'node:fs';
import { BerthError, isBerthError } from '../../core/errors.ts';
import type { ByteSpan } from '../transfer/segment.ts';
import { type OpenedFile, openFile } from '../tuf/opened-file.ts';
import { indexTar } from './tar-index.ts';

/**
 * A repository with one release, as a tar archive in one file (`berth release bundle` makes them). Its files are read where they lie;
 * none of it is trusted: who made them is told by the signatures in it.
 */
export class Bundle {
  readonly path: string;
  #index: { readonly of: string; readonly files: ReadonlyMap<string, ByteSpan> } | undefined;

  constructor(path: string) {
    this.path = path;
  }

  /**
   * Opens a file of the archive; undefined when there is none. Throws RELEASE_UNREACHABLE, RELEASE_REFUSED for an archive that is no
   * bundle; rejects with the signal's reason.
   */
  async open(path: readonly string[], signal: AbortSignal): Promise<OpenedFile | undefined> {
    signal.throwIfAborted();
    const archive = await openFile(this.path);
    if (archive === undefined) return undefined;
    try {
      const span = path.some((part) => part.includes('/'))
        ? undefined
        : (await this.#files(archive, signal)).get(path.join('/'));
      if (span !== undefined) {
        const { start, end } = span;
        return { ...archive, name: `${path.join('/')} in ${this.path}`, offset: start, size: end - start };
      }
    } catch (error) {
      await archive.file.close();
      throw error;
    }
    await archive.file.close();
    return undefined;
  }

  async #files(archive: OpenedFile, signal: AbortSignal): Promise<ReadonlyMap<string, ByteSpan>> {
    const of = identity(await archive.file.stat({ bigint: true }));
    if (this.#index?.of !== of) {
      const files = await indexTar(archive, signal).catch((error: unknown) => {
        throw named(error, this.path);
      });
      this.#index = { of, files };
    }
    return this.#index.files;
  }
}

/** The same, with the file that it is about. */
function named(error: unknown, path: string): unknown {
  if (!isBerthError(error, 'RELEASE_REFUSED')) return error;
  const { code, message, retryable, details } = error;
  const hint = '"berth release bundle" makes such a file';
  return new BerthError(code, `${path} is no whole ${message}`, { cause: error, retryable, details, hint });
}

/** Another file of the same name is read anew. */
function identity({ dev, ino, size, mtimeNs }: BigIntStats): string {
  return [dev, ino, size, mtimeNs].join(' ');
}
