import { lstatSync, readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { join, relative, resolve, sep } from 'node:path';
import type { LocalFile, LocalFiles, LocalProblem, LocalTree, TreeEntry } from '../config/local-files.ts';
import type { Cli } from './context.ts';
import { explainFileError } from './files.ts';

/** The files of the directory that `--files-dir` names; undefined without it. */
export function localFilesOf({ context, flags }: Pick<Cli, 'context' | 'flags'>): LocalFilesDirectory | undefined {
  return flags.filesDir === undefined ? undefined : new LocalFilesDirectory(resolve(context.cwd, flags.filesDir));
}

/** The local files of one directory, read when a config names them. */
export class LocalFilesDirectory implements LocalFiles {
  readonly #root: string;

  constructor(directory: string) {
    this.#root = resolve(directory);
  }

  read(path: string): LocalFile | LocalProblem {
    return this.#inside(path, (file) => ({ kind: 'file', content: readFileSync(file) }));
  }

  tree(path: string): LocalTree | LocalProblem {
    return this.#inside(path, (directory) => {
      if (!statSync(directory).isDirectory()) return { kind: 'problem', reason: 'it is not a folder' };
      return { kind: 'tree', entries: [...this.#walk(directory, directory)] };
    });
  }

  #inside<T>(path: string, read: (file: string) => T | LocalProblem): T | LocalProblem {
    const file = join(this.#root, path);
    if (file !== this.#root && !file.startsWith(this.#root + sep)) {
      return { kind: 'problem', reason: 'it lies outside of the directory for local files' };
    }
    try {
      return read(file);
    } catch (error) {
      return { kind: 'problem', reason: explainFileError(error) };
    }
  }

  *#walk(root: string, file: string): Generator<TreeEntry> {
    const path = relative(root, file);
    try {
      const status = lstatSync(file);
      if (status.isDirectory()) {
        yield { path, kind: 'directory' };
        for (const name of readdirSync(file).toSorted(byBytes)) yield* this.#walk(root, join(file, name));
      } else if (status.isFile()) {
        yield { path, kind: 'file', executable: (status.mode & 0o111) !== 0, content: readFileSync(file) };
      } else if (status.isSymbolicLink()) {
        yield { path, kind: 'link', target: readlinkSync(file) };
      } else {
        yield { path, kind: 'problem', reason: 'a tree holds files, folders and links only' };
      }
    } catch (error) {
      yield { path, kind: 'problem', reason: explainFileError(error) };
    }
  }
}

/** Go's order of names. */
function byBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
