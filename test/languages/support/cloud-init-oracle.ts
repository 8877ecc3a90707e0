import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface OraclePart {
  readonly type: string;
  readonly content: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Layers of parts, highest first; a document, in base64; or a template and what it can name. */
export type Question =
  | { readonly layers: readonly (readonly OraclePart[])[] }
  | { readonly document: string }
  | { readonly template: string; readonly data: object };

/**
 * What cloud-init answers: a merged config for layers, `[type, name, content]` of each part for a document, a template's text, null for one
 * that it cannot fill in. Root.
 */
export function askCloudInit(root: string, questions: readonly Question[]): { version: string; answers: unknown[] } {
  const script = readFileSync(join(import.meta.dirname, 'cloud-init-user-data.py'), 'utf8');
  const result = spawnSync('chroot', [root, '/usr/bin/python3', '-c', script], {
    input: JSON.stringify(questions),
    env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C.UTF-8' },
    encoding: 'utf8',
    maxBuffer: 64 * 2 ** 20,
  });
  if (result.status !== 0) throw new Error(`cloud-init's code failed: ${result.stderr}`);
  return JSON.parse(result.stdout) as { version: string; answers: unknown[] };
}

/** Numbers in [0, 1) that are the same for the same seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let value = Math.imul(state ^ (state >>> 15), 1 | state);
    value = (value + Math.imul(value ^ (value >>> 7), 61 | value)) ^ value;
    return ((value ^ (value >>> 14)) >>> 0) / 2 ** 32;
  };
}
