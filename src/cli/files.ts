import { open, readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { ConfigText } from '../agent/agent-service.ts';
import { isButane } from '../config/dialects/butane/recognise.ts';
import { BerthError, messageOf } from '../core/errors.ts';
import { errnoOf } from '../core/file-failure.ts';
import { unpack } from '../datasource/unpack.ts';
import type { CliContext } from './context.ts';

/** A config file as it is stored. */
export interface ConfigBytes {
  readonly file: string;
  readonly bytes: Uint8Array;
}

/** Reads config files; `-` is standard input. Throws CONFIG_UNREADABLE, naming the file. */
export async function readConfigTexts(paths: readonly string[], context: CliContext): Promise<ConfigText[]> {
  const files = await Promise.all(paths.map(async (path) => readConfigBytes(path, context)));
  return files.map(({ file, bytes }) => ({ file, text: textIn(file, bytes) }));
}

/** Reads one config file; `-` is standard input. Throws CONFIG_UNREADABLE, naming the file. */
export async function readConfigBytes(path: string, { stdin, cwd }: CliContext): Promise<ConfigBytes> {
  if (path === '-') return { file: '-', bytes: await readStdin(stdin) };
  try {
    return { file: path, bytes: await readFile(resolve(cwd, path)) };
  } catch (error) {
    throw new BerthError('CONFIG_UNREADABLE', `cannot read ${path}: ${explainFileError(error)}`, { cause: error });
  }
}

async function readStdin(stdin: CliContext['stdin']): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  for await (const chunk of stdin) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}

/** User-data may be packed, as a datasource would hand it over. Throws CONFIG_UNREADABLE. */
function textIn(file: string, bytes: Uint8Array): string {
  const unpacked = unpack(file, bytes);
  if (unpacked.kind === 'unpacked') return butaneInUtf16(unpacked.data) ?? new TextDecoder().decode(unpacked.data);
  throw new BerthError('CONFIG_UNREADABLE', `cannot read ${file}: it ${unpacked.diagnostic.message}`);
}

/** A Butane config in UTF-16 with its byte order mark, as Windows writes texts: go-yaml reads that, and nothing else here does. Pure. */
export function butaneInUtf16(bytes: Uint8Array): string | undefined {
  const mark = `${bytes[0]} ${bytes[1]}`;
  if (mark !== '255 254' && mark !== '254 255') return undefined;
  try {
    const text = new TextDecoder(mark === '255 254' ? 'utf-16le' : 'utf-16be', { fatal: true }).decode(bytes);
    return isButane(text) ? text : undefined;
  } catch {
    return undefined;
  }
}

/** Throws CONFIG_UNREADABLE when a file cannot be read; `shown` is how the user named it. */
export async function requireReadable(path: string, shown: string): Promise<void> {
  try {
    const file = await open(path);
    try {
      // A folder can be opened, too.
      await file.read(Buffer.alloc(1), 0, 1, 0);
    } finally {
      await file.close();
    }
  } catch (cause) {
    throw new BerthError('CONFIG_UNREADABLE', `cannot read ${shown}: ${explainFileError(cause)}`, { cause });
  }
}

/** Why a file could not be read, in words. */
export function explainFileError(error: unknown): string {
  const code = errnoOf(error);
  if (code === 'ENOENT') return 'there is no such file';
  if (code === 'EACCES') return 'not allowed';
  if (code === 'EISDIR') return 'it is a folder';
  return messageOf(error);
}
