import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { BerthError } from '../../src/core/errors.ts';
import type { PackageFile } from '../apt.ts';
import { type ImageOptions, lockFile, wantedSets } from './build.ts';
import { fixedVulnerabilities } from './changelog.ts';
import { type Architecture, architectures } from './layout.ts';
import { nodeSpecification, publishedIntegrity } from './node-runtime.ts';
import { lockChanges, type PackageChange } from './package-lock.ts';
import { fetchSets, lockOf, readLock, unpackPackages, writeLock } from './package-store.ts';
import type { KernelFlavour } from './packages.ts';

/** A package that moved, and what its changelog says was fixed. */
export interface BumpedPackage extends PackageChange {
  /** CVE ids. */
  readonly fixes: readonly string[];
}

const flavours: readonly KernelFlavour[] = ['cloud', 'generic'];

/**
 * Moves the package lock to the newest packages, for all architectures and kernels.
 * @returns what moved. Throws IMAGE_PULL_FAILED (retryable).
 */
export async function bumpPackages(options: ImageOptions): Promise<BumpedPackage[]> {
  const path = join(options.projectDirectory, lockFile);
  const before = await readLock(path);
  let after = { ...before, node: {} as Record<string, string>, sets: {} as typeof before.sets };
  const files = new Map<string, PackageFile>();
  for (const architecture of Object.keys(architectures) as Architecture[]) {
    const specification = nodeSpecification(architecture, options.nodeVersion);
    after.node[specification] = await publishedIntegrity(specification);
    for (const kernel of flavours) {
      options.onProgress(`resolving the packages of ${architecture}, ${kernel} kernel`);
      const wanted = await wantedSets({ ...options, architecture, kernel });
      const sets = await fetchSets(wanted, before, 'ignore', options);
      after = { ...lockOf(wanted, sets, after), node: after.node };
      for (const file of [...sets.values()].flat()) files.set(file.name, file);
    }
  }
  await writeLock(path, after);
  const changes = lockChanges(before, after);
  return Promise.all(changes.map(async (change) => ({ ...change, fixes: await fixesOf(change, files, options) })));
}

async function fixesOf(
  { name, from, to }: PackageChange,
  files: ReadonlyMap<string, PackageFile>,
  { cacheDirectory }: ImageOptions,
): Promise<string[]> {
  const file = files.get(name);
  if (file === undefined || from === undefined || to === undefined) return [];
  const directory = (await unpackPackages([file], cacheDirectory)).get(name);
  if (directory === undefined) throw new BerthError('UNSUPPORTED', `${name} was not unpacked`);
  const documents = join(directory, 'usr/share/doc', name);
  for (const changelog of ['changelog.Debian.gz', 'changelog.gz']) {
    const packed = await readFile(join(documents, changelog)).catch(() => undefined);
    if (packed !== undefined) return fixedVulnerabilities(gunzipSync(packed).toString(), from);
  }
  // Its documents are those of another package of the same source, which moved with it.
  return [];
}
