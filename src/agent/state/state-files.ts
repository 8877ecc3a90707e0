import { constants } from 'node:fs';
import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { BerthError } from '../../core/errors.ts';
import { isMissing, isPresent, writeDurably } from '../../engine/durable-file.ts';
import { runCommand } from '../../engine/run-command.ts';
import type { StateNote } from './decide-state.ts';
import type { DataDirectory } from './migration.ts';

/** What keeping an agent's data takes of a disk. Nothing but `writeNote` is durable or whole before `flush`. */
export interface StateFiles {
  /** undefined when nothing was noted. Throws STORE_CORRUPT. */
  readNote(path: string): Promise<StateNote | undefined>;
  /** Durable when it resolves; a power cut leaves the note before or this one. */
  writeNote(path: string, note: StateNote): Promise<void>;
  /** Names in a directory; none when there is none. */
  names(directory: string): Promise<readonly string[]>;
  /** Makes a directory that only the agent reads. One that is there is not an error. */
  make(directory: string): Promise<void>;
  /** Copies one file or directory into a directory that is there, if there is one; with reflinks it takes no room. */
  copy(from: string, to: string): Promise<void>;
  remove(path: string): Promise<void>;
  /** What was done below a directory outlives a power cut when this resolves. */
  flush(directory: string): Promise<void>;
  open(directory: string): DataDirectory;
}

export const diskFiles: StateFiles = {
  readNote,
  writeNote: async (path, note) => writeDurably(path, `${JSON.stringify({ version: 1, ...note })}\n`),
  names: async (directory) =>
    readdir(directory).catch((error: unknown) => {
      if (isMissing(error)) return [];
      throw error;
    }),
  make: async (directory) => {
    await mkdir(directory, { recursive: true, mode: 0o700 });
  },
  copy: async (from, to) => {
    if (!(await isPresent(from))) return;
    await cp(from, to, { recursive: true, preserveTimestamps: true, mode: constants.COPYFILE_FICLONE });
  },
  remove: async (path) => rm(path, { recursive: true, force: true }),
  flush: async (directory) => {
    await runCommand('sync', ['--file-system', directory]);
  },
  open: (directory) => ({
    list: async () => {
      const found = await readdir(directory, { recursive: true, withFileTypes: true });
      const files = found.filter((entry) => entry.isFile());
      return files.map(({ parentPath, name }) => join(parentPath, name).slice(directory.length + 1)).toSorted();
    },
    read: async (name) =>
      readFile(join(directory, name), 'utf8').catch((error: unknown) => {
        if (isMissing(error)) return undefined;
        throw error;
      }),
    write: async (name, text) => {
      await mkdir(dirname(join(directory, name)), { recursive: true, mode: 0o700 });
      await writeFile(join(directory, name), text, { mode: 0o600 });
    },
    remove: async (name) => rm(join(directory, name), { force: true }),
  }),
};

async function readNote(path: string): Promise<StateNote | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
  const note = parseNote(text);
  if (note !== undefined) return note;
  throw new BerthError('STORE_CORRUPT', `${path} does not say which of the host's data counts`, {
    hint: 'its form is {"version":1,"inUse":1,"kept":[]}, with the schema of the data that counts',
  });
}

/** Pure. */
function parseNote(text: string): StateNote | undefined {
  try {
    const { version, inUse, kept } = JSON.parse(text) as Record<string, unknown>;
    const isWhole = version === 1 && isSchema(inUse) && Array.isArray(kept) && kept.every(isSchema);
    return isWhole ? { inUse, kept } : undefined;
  } catch {
    return undefined;
  }
}

function isSchema(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) > 0;
}
