import type { Role } from './model.ts';

/** Labels on everything Berth creates. The values of `instance` keep two Berths on one engine apart. */
export const label = {
  instance: 'io.berth.instance',
  service: 'io.berth.service',
  digest: 'io.berth.digest',
  after: 'io.berth.after',
  grace: 'io.berth.grace',
  networks: 'io.berth.networks',
  due: 'io.berth.due',
} as const;

const suffixes = [
  ['.next', 'next'],
  ['.previous', 'previous'],
] as const satisfies readonly (readonly [string, Role])[];

/** `web` → `berth-web`: our containers can stand beside anybody's. */
export function containerName(instance: string, service: string): string {
  return `${instance}-${service}`;
}

export function nextName(name: string): string {
  return `${name}.next`;
}

export function previousName(name: string): string {
  return `${name}.previous`;
}

export function runName(name: string, dueMs: number): string {
  return `${name}.run-${Math.floor(dueMs / 1000)}`;
}

/** The part a container plays, from its name: renaming is one atomic call of the engine, relabelling is impossible. */
export function roleOf(name: string): Role {
  for (const [suffix, role] of suffixes) if (name.endsWith(suffix)) return role;
  return /\.run-\d+$/.test(name) ? 'run' : 'current';
}

/** `front` → `berth_front`, as Compose names a project's networks and volumes. */
export function resourceName(instance: string, name: string): string {
  return `${instance}_${name}`;
}

/**
 * `busybox` → `busybox:latest`, `docker.io/library/busybox:1` → `busybox:1`: the form in which Docker lists an image.
 * Source: the reference grammar of github.com/distribution/reference ("familiar" names).
 */
export function normalizeReference(reference: string): string {
  let name = reference.replace(/^(index\.)?docker\.io\//, '').replace(/^library\/(?=[^/]+$)/, '');
  if (!name.includes('@') && !/:[^/]+$/.test(name)) name += ':latest';
  return name;
}
