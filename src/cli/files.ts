import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { ConfigText } from '../agent/agent-service.ts';
import { BerthError, messageOf } from '../core/errors.ts';
import type { CliContext } from './context.ts';

/** Reads config files; `-` is standard input. Throws CONFIG_UNREADABLE, naming the file. */
export async function readConfigTexts(paths: readonly string[], context: CliContext): Promise<ConfigText[]> {
  return Promise.all(
    paths.map(async (path) => (path === '-' ? readStdin(context) : readConfigText(path, context.cwd))),
  );
}

async function readConfigText(path: string, cwd: string): Promise<ConfigText> {
  try {
    return { file: path, text: await readFile(resolve(cwd, path), 'utf8') };
  } catch (error) {
    throw new BerthError('CONFIG_UNREADABLE', `cannot read ${path}: ${explainFileError(error)}`, { cause: error });
  }
}

async function readStdin({ stdin }: CliContext): Promise<ConfigText> {
  let text = '';
  stdin.setEncoding('utf8');
  for await (const chunk of stdin) text += String(chunk);
  return { file: '<stdin>', text };
}

/** Why a file could not be read, in words. */
export function explainFileError(error: unknown): string {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  if (code === 'ENOENT') return 'there is no such file';
  if (code === 'EACCES') return 'not allowed';
  if (code === 'EISDIR') return 'it is a folder';
  return messageOf(error);
}
