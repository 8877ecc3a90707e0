import { compareVersions } from '../core/release-version.ts';
import type { BootEntry } from './boot-entry.ts';

/**
 * The order in which systemd-boot offers the entries of one operating system, the first being the default: entries without tries
 * left come last, the newest version first, then the one with most tries left. UAPI.1, Boot Loader Specification, "Sorting".
 * Pure.
 */
export function bootOrder(entries: readonly BootEntry[]): BootEntry[] {
  return [...entries].sort(
    (one, other) =>
      Number(isUsedUp(one)) - Number(isUsedUp(other)) ||
      compareVersions(other.version, one.version) ||
      (other.tries?.left ?? Number.POSITIVE_INFINITY) - (one.tries?.left ?? Number.POSITIVE_INFINITY) ||
      (one.tries?.done ?? 0) - (other.tries?.done ?? 0),
  );
}

function isUsedUp({ tries }: BootEntry): boolean {
  return tries?.left === 0;
}
