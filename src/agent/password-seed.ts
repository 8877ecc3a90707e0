import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { isMissing, writeDurably } from '../engine/durable-file.ts';

/** The host's secret for the salts of clear-text passwords, kept in a file of its own; made when it is not there. */
export async function loadPasswordSeed(path: string): Promise<string> {
  const stored = await readFile(path, 'utf8').catch((error: unknown) => {
    if (isMissing(error)) return '';
    throw error;
  });
  const seed = stored.trim();
  if (seed.length >= 32) return seed;
  const fresh = randomBytes(32).toString('hex');
  await writeDurably(path, `${fresh}\n`);
  return fresh;
}
