import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rename, rm, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** Where things that are slow to make are kept between test runs. */
export const cacheDir = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'berth');

/**
 * A directory made once per recipe: `make` fills a fresh one, which is then renamed into place, so that a crash or a second
 * run at the same time never leaves a half one.
 */
export async function cachedDirectory(
  name: string,
  recipe: string,
  make: (directory: string) => Promise<void>,
): Promise<string> {
  const key = createHash('sha256').update(recipe).digest('hex').slice(0, 12);
  const home = join(cacheDir, `${name}-${key}`);
  if (await exists(home)) return home;
  await mkdir(cacheDir, { recursive: true });
  const work = await mkdtemp(join(cacheDir, `.new-${name}-`));
  try {
    await make(work);
    await rename(work, home).catch(async (error: unknown) => {
      if (!(await exists(home))) throw error;
    });
    return home;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
