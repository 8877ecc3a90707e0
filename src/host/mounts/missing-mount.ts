import type { MountConfig } from '../../config/host-config.ts';
import type { MountEntry } from '../ports.ts';

/** Of the declared mounts at a path and above it, the innermost where nothing is mounted; undefined: the path is what it should be. Pure. */
export function missingMount(
  path: string,
  declared: readonly Pick<MountConfig, 'target'>[],
  mounts: readonly MountEntry[],
): string | undefined {
  return declared
    .map(({ target }) => target)
    .filter((target) => path === target || path.startsWith(`${target.replace(/\/$/, '')}/`))
    .toSorted((a, b) => b.length - a.length)
    .find((target) => mounts.every((mount) => mount.target !== target));
}
