import { createHash } from 'node:crypto';
import { lstat, mkdir, readdir, readFile, rename, rm, utimes, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { type BuiltOs, buildOs, fetchPackages, type ImageOptions } from './build.ts';
import { type PackageSets, setDigest } from './package-store.ts';

/** What an image is made of, besides packages: below the project directory. */
const inputs: readonly string[] = ['dist', 'image', 'system-containers'];
/** Builds that are kept; each takes as much space as what is in its slot, twice. */
const keptBuilds = 4;
/** Whoever took a build may still be at it: tests of another checkout that shares this cache. Milliseconds. */
const inUseMs = 2 * 3_600_000;

/** A release, and whether it had to be built. */
export interface CachedOs extends BuiltOs {
  readonly packages: PackageSets;
  readonly cached: boolean;
}

/**
 * The release that these options and the present sources make: built, or taken from the cache. The files in it must not be
 * changed. Throws what {@link buildOs} throws.
 */
export async function cachedOs(options: ImageOptions): Promise<CachedOs> {
  const packages = await fetchPackages(options);
  const store = join(options.cacheDirectory, 'os');
  await mkdir(store, { recursive: true });
  const directory = join(store, await cacheKey(options, packages));
  const known = await readBuilt(directory);
  if (known !== undefined) {
    await utimes(directory, new Date(), new Date());
    return { ...known, packages, cached: true };
  }
  const built = await buildOs(options, packages, directory);
  // Last: a build without its facts is done again.
  await writeBuilt(built);
  await removeOldest(store);
  return { ...built, packages, cached: false };
}

/** What was built in a directory of the cache; undefined: nothing, or not to the end. */
export async function readBuilt(directory: string): Promise<BuiltOs | undefined> {
  const text = await readFile(factsOf(directory), 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  const built = JSON.parse(text) as BuiltOs;
  // Whoever wrote the paths may have had the cache in another place.
  const here = (path: string): string => join(directory, basename(path));
  return {
    ...built,
    ...{ directory, disk: here(built.disk), uki: here(built.uki), bootLoader: here(built.bootLoader) },
    ...{ kernel: here(built.kernel), initrd: here(built.initrd), slot: { ...built.slot, file: here(built.slot.file) } },
  };
}

/** Makes a build one that {@link readBuilt} finds. */
export async function writeBuilt(built: BuiltOs): Promise<void> {
  const facts = factsOf(built.directory);
  await writeFile(`${facts}.new`, JSON.stringify(built));
  await rename(`${facts}.new`, facts);
}

const factsOf = (directory: string): string => join(directory, 'facts.json');

/** What names a build in the cache: the same options and sources, the same key. */
export async function cacheKey(options: ImageOptions, packages: PackageSets): Promise<string> {
  const { version, nodeVersion, architecture, kernel, fast, projectDirectory } = options;
  const { epochSeconds = null, bakedConfig = null, bakedTrust = null } = options;
  const hash = createHash('sha256');
  const facts = [version, nodeVersion, architecture, kernel, fast, epochSeconds, bakedConfig, bakedTrust];
  hash.update(JSON.stringify(facts));
  for (const [name, files] of packages) hash.update(`${name} ${setDigest(files)}\n`);
  for (const input of inputs) await addTree(hash, join(projectDirectory, input));
  return hash.digest('hex').slice(0, 24);
}

async function addTree(hash: ReturnType<typeof createHash>, directory: string): Promise<void> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  for (const file of files.sort()) {
    const { mode } = await lstat(file);
    hash.update(`${file.slice(directory.length)} ${mode & 0o100}\n`);
    hash.update(await readFile(file));
  }
}

async function removeOldest(store: string): Promise<void> {
  const builds = await Promise.all(
    (await readdir(store)).map(async (name) => ({ name, usedMs: (await lstat(join(store, name))).mtimeMs })),
  );
  builds.sort((a, b) => b.usedMs - a.usedMs);
  const old = builds.slice(keptBuilds).filter(({ usedMs }) => Date.now() - usedMs > inUseMs);
  for (const { name } of old) await rm(join(store, name), { recursive: true });
}
