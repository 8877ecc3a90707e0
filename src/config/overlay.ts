import { isDeepStrictEqual } from 'node:util';
import { emptyHostConfig, type HostConfig } from './host-config.ts';
import { isMapping } from './shape.ts';

/** What tells the entries of a list apart. Entries of other lists are told apart by all that they are. */
const identities: Readonly<Record<string, string>> = {
  users: 'name',
  groups: 'name',
  files: 'path',
  directories: 'path',
  links: 'path',
  mounts: 'target',
  disks: 'device',
  filesystems: 'device',
  raid: 'name',
  luks: 'name',
};

/**
 * Two host configs as one, for configs in different languages: what `upper` declares goes over `lower`. Lists are put
 * together; of two entries with one name the upper one stays. Pure.
 */
export function overlayConfigs(lower: HostConfig, upper: HostConfig): HostConfig {
  return overlay(lower, upper, emptyHostConfig, '') as HostConfig;
}

/** @param nothing what stands there when nothing is declared. */
function overlay(lower: unknown, upper: unknown, nothing: unknown, key: string): unknown {
  if (isDeepStrictEqual(upper, nothing) || upper === undefined) return lower;
  if (isDeepStrictEqual(lower, nothing) || lower === undefined) return upper;
  if (Array.isArray(lower) && Array.isArray(upper)) return overlayLists(lower, upper, identities[key]);
  if (!isMapping(lower) || !isMapping(upper)) return upper;
  const keys = [...new Set([...Object.keys(lower), ...Object.keys(upper)])];
  const empty = isMapping(nothing) ? nothing : {};
  return Object.fromEntries(keys.map((name) => [name, overlay(lower[name], upper[name], empty[name], name)]));
}

function overlayLists(
  lower: readonly unknown[],
  upper: readonly unknown[],
  identity: string | undefined,
): readonly unknown[] {
  const isSame = (one: unknown, other: unknown): boolean =>
    identity !== undefined && isMapping(one) && isMapping(other)
      ? one[identity] === other[identity]
      : isDeepStrictEqual(one, other);
  return [...lower.filter((one) => !upper.some((other) => isSame(one, other))), ...upper];
}
