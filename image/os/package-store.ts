import { createHash } from 'node:crypto';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BerthError } from '../../src/core/errors.ts';
import {
  type Apt,
  downloadPackages,
  fetchFromPool,
  openApt,
  type PackageFile,
  type PackageRequest,
  resolvePackages,
} from '../apt.ts';
import { runCommand } from '../command.ts';
import { madeOnce } from './made-once.ts';
import { type LockedSet, lockedSet, type PackageLock, requestDigest } from './package-lock.ts';
import type { Progress } from './progress.ts';

/** Packages wanted together under a name. */
export interface WantedSet {
  /** Name in the lock: `amd64/root`. */
  readonly name: string;
  readonly request: PackageRequest;
  /** Another architecture than the machine's own. */
  readonly architecture?: string;
}

/** Package files that are in the store, by the name of their set. */
export type PackageSets = ReadonlyMap<string, readonly PackageFile[]>;

export interface StoreOptions {
  readonly cacheDirectory: string;
  readonly onProgress: Progress;
}

/** How the lock is taken: `prefer` moves on where it must and says so, `require` refuses then, `ignore` takes the newest. */
export type LockUse = 'prefer' | 'require' | 'ignore';

/**
 * Resolves and fetches package sets: the locked versions while the mirror has them. When one is gone, all sets move to the
 * newest together, because they share libraries.
 * Throws IMAGE_PULL_FAILED when `require` is asked and the lock cannot be followed.
 */
export async function fetchSets(
  wanted: readonly WantedSet[],
  lock: PackageLock,
  use: LockUse,
  options: StoreOptions,
): Promise<PackageSets> {
  const store = join(options.cacheDirectory, 'packages');
  if (use !== 'ignore') {
    const sets = new Map(wanted.map((set) => [set.name, lockedSet(lock, set.name, set.request)]));
    const unlocked = wanted.filter(({ name }) => sets.get(name) === undefined).map(({ name }) => name);
    const gone = unlocked.length > 0 ? [] : await fetchLocked(wanted, sets as PackageSets, store, options);
    if (unlocked.length === 0 && gone.length === 0) return sets as PackageSets;
    const reason =
      unlocked.length > 0
        ? `the package lock does not cover ${unlocked.join(', ')}`
        : `the mirror has no more ${gone.map(({ name, version }) => `${name} ${version}`).join(', ')}`;
    if (use === 'require') {
      throw new BerthError('IMAGE_PULL_FAILED', reason, {
        hint: 'berth image bump moves the lock to the newest packages',
      });
    }
    options.onProgress(`${reason}: moving on to the newest packages`);
  }
  const sets = new Map<string, readonly PackageFile[]>();
  for (const set of wanted) {
    const apt = await aptFor(set, options);
    const files = await resolvePackages(apt, set.request);
    await downloadPackages(apt, files, store);
    sets.set(set.name, files);
  }
  return sets;
}

/** The lock that holds these sets, beside what `previous` says of other architectures and flavours. Pure. */
export function lockOf(wanted: readonly WantedSet[], sets: PackageSets, previous: PackageLock): PackageLock {
  const entries = wanted.map(({ name, request }): [string, LockedSet] => [
    name,
    { request: requestDigest(request), packages: sets.get(name) ?? [] },
  ]);
  return { ...previous, sets: { ...previous.sets, ...Object.fromEntries(entries) } };
}

/** Unpacks packages, each once and for all builds: the directories must not be written to. Name of the package → its directory. */
export async function unpackPackages(
  files: readonly PackageFile[],
  cacheDirectory: string,
): Promise<Map<string, string>> {
  const unpacked = join(cacheDirectory, 'unpacked');
  const directories = new Map<string, string>();
  for (const file of files) {
    const directory = join(unpacked, `${file.fileName.replace(/\.deb$/, '')}-${file.sha256.slice(0, 12)}`);
    directories.set(file.name, directory);
    await madeOnce(directory, async (work) => {
      await runCommand('dpkg-deb', ['-x', join(cacheDirectory, 'packages', file.fileName), work]);
    });
  }
  return directories;
}

/** A hash over what a set consists of, for cache keys. Pure. */
export function setDigest(files: readonly PackageFile[]): string {
  return createHash('sha256')
    .update(JSON.stringify(files.map(({ fileName, sha256 }) => [fileName, sha256])))
    .digest('hex');
}

/** Reads the lock; an empty one when there is none. */
export async function readLock(path: string): Promise<PackageLock> {
  const text = await readFile(path, 'utf8').catch(() => undefined);
  return text === undefined ? { node: {}, sets: {} } : (JSON.parse(text) as PackageLock);
}

/** Writes the lock, one package a line: a diff shows what moved. */
export async function writeLock(path: string, lock: PackageLock): Promise<void> {
  const sets = Object.entries(lock.sets)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, { request, packages }]) => {
      const rows = packages.map((file) => `        ${JSON.stringify(file)}`).join(',\n');
      return `    ${JSON.stringify(name)}: {\n      "request": ${JSON.stringify(request)},\n      "packages": [\n${rows}\n      ]\n    }`;
    });
  await writeFile(path, `{\n  "node": ${JSON.stringify(lock.node)},\n  "sets": {\n${sets.join(',\n')}\n  }\n}\n`);
}

async function fetchLocked(
  wanted: readonly WantedSet[],
  sets: PackageSets,
  store: string,
  options: StoreOptions,
): Promise<PackageFile[]> {
  const files = new Map(wanted.flatMap(({ name }) => sets.get(name) ?? []).map((file) => [file.fileName, file]));
  const missing: PackageFile[] = [];
  for (const file of files.values()) if (!(await exists(join(store, file.fileName)))) missing.push(file);
  if (missing.length === 0) return [];
  options.onProgress(`fetching ${missing.length} packages`);
  return fetchFromPool(await aptFor({}, options), missing, store);
}

function aptFor(
  { architecture }: Pick<WantedSet, 'architecture'>,
  { cacheDirectory, onProgress }: StoreOptions,
): Promise<Apt> {
  if (architecture === undefined) return openApt(join(cacheDirectory, 'apt'), { onProgress });
  return openApt(join(cacheDirectory, `apt-${architecture}`), { onProgress, architecture });
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
