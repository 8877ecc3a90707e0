import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { isMissing, writeDurably } from '../engine/durable-file.ts';

/** The host's secret for the salts of clear-text passwords, kept in a file of its own; made when it is not there. */
export async function loadPasswordSeed(path: string): Promise<string> {
  const stored = await readFile(path, 'utf8').catch((error: unknown) => {
    if (isMissing(error)) return '';
    throw error;
  });
  const { seed, isNew } = passwordSeedIn(stored);
  if (isNew) await writeDurably(path, `${seed}\n`);
  return seed;
}

/** The secret in a file's text; a new one, which is to be kept, where there is none. */
export function passwordSeedIn(text: string): { readonly seed: string; readonly isNew: boolean } {
  const stored = text.trim();
  return stored.length >= 32 ? { seed: stored, isNew: false } : { seed: randomBytes(32).toString('hex'), isNew: true };
}
