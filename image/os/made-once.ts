import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isPresent } from '../../src/engine/durable-file.ts';

/**
 * Makes a directory of the cache unless it is there: whole or not at all, also when several builds do so at once. `make` fills an
 * empty one beside it. Throws what `make` throws.
 */
export async function madeOnce(directory: string, make: (work: string) => Promise<void>): Promise<void> {
  if (await isPresent(directory)) return;
  await mkdir(dirname(directory), { recursive: true });
  const work = await mkdtemp(join(dirname(directory), '.new-'));
  try {
    await make(work);
    await rename(work, directory).catch(async (error: unknown) => {
      // Another build was quicker.
      if (!(await isPresent(directory))) throw error;
    });
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}
