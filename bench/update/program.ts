import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';

/** Bundles `ours.ts` as the agent is bundled on a host: there nothing is compiled at the start. @returns its path in `directory`. */
export async function bundledProgram(directory: string): Promise<string> {
  await writeFile(join(directory, 'package.json'), '{"type":"module"}');
  await build({
    entryPoints: { ours: join(import.meta.dirname, 'ours.ts') },
    outdir: directory,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    minify: true,
    logLevel: 'warning',
  });
  return join(directory, 'ours.js');
}
