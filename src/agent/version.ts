import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Put in by `scripts/build.ts`. */
declare const BERTH_VERSION: string | undefined;

/** Berth's own version, from package.json. */
export const berthVersion: string = typeof BERTH_VERSION === 'string' ? BERTH_VERSION : readVersion();

function readVersion(): string {
  const text = readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
