import { readFile, rename } from 'node:fs/promises';
import { isMissing, writeDurably } from '../engine/durable-file.ts';
import { runCommand } from '../engine/run-command.ts';
import { DurableImageLoads, type OpenLoad } from './image-loads.ts';

interface StoredLoads {
  /** Of this form; another one is not understood. */
  readonly version: number;
  readonly loads: readonly OpenLoad[];
}

export interface ImageLoadFileOptions {
  /** The JSON file that keeps the open loads. */
  readonly path: string;
  /** The engine's, on the file system that is flushed. */
  readonly dataDirectory: string;
}

/** The loads of an engine, kept over power cuts. A file that cannot be read is set aside. */
export async function openImageLoads({ path, dataDirectory }: ImageLoadFileOptions): Promise<DurableImageLoads> {
  return new DurableImageLoads({
    bootId: (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim(),
    saved: await readLoads(path),
    save: (loads) => writeDurably(path, `${JSON.stringify({ version: 1, loads } satisfies StoredLoads)}\n`),
    flush: async () => {
      await runCommand('sync', ['--file-system', dataDirectory]);
    },
  });
}

async function readLoads(path: string): Promise<readonly OpenLoad[]> {
  try {
    const stored = JSON.parse(await readFile(path, 'utf8')) as StoredLoads;
    if (stored.version === 1) return stored.loads;
  } catch (error) {
    if (isMissing(error)) return [];
  }
  await rename(path, `${path}.corrupt`);
  return [];
}
