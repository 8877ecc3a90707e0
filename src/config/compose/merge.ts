import { type DocumentPath, formatPath } from '../../core/diagnostic.ts';
import { BerthError } from '../../core/errors.ts';
import { isMapping } from '../shape.ts';
import { type MergeRule, serviceKey } from './service-keys.ts';

type Tree = Record<string, unknown>;
type Merger = (base: unknown, override: unknown, path: DocumentPath) => unknown;

/** What each rule does; see {@link MergeRule}. */
const mergers: Readonly<Record<MergeRule | 'pools', Merger>> = {
  deep: mergeDeep,
  replace: (_base, override) => override,
  sequence: (base, override) => [...toSequence(base), ...toSequence(override)],
  hosts(base, override) {
    const before = toSequence(base);
    return [...before, ...toSequence(override).filter((entry) => !before.includes(entry))];
  },
  names: (base, override, path) => mergeMappings(toMapping(base, null), toMapping(override, null), path),
  dependencies: (base, override, path) => mergeMappings(toMapping(base, started), toMapping(override, started), path),
  logging: mergeLogging,
  build: (base, override, path) => mergeMappings(toBuild(base), toBuild(override), path),
  pools: mergePools,
};

/** What a name in a list of dependencies stands for. */
const started = { condition: 'service_started', required: true };

/** Rules below the keys of a service, and of networks and volumes; `*` stands for any one name. */
const nestedRules: readonly (readonly [pattern: string, rule: MergeRule | 'pools'])[] = [
  ['services.*.build.args', 'sequence'],
  ['services.*.build.additional_contexts', 'sequence'],
  ['services.*.build.labels', 'sequence'],
  ['services.*.build.extra_hosts', 'hosts'],
  ['services.*.deploy.labels', 'sequence'],
  ['services.*.healthcheck.test', 'replace'],
  ['services.*.ulimits.*', 'replace'],
  ['networks.*.labels', 'sequence'],
  ['networks.*.ipam.config', 'pools'],
  ['volumes.*.labels', 'sequence'],
];

/**
 * Lays one Compose file's tree over another's (Compose specification, 13-merge.md). What the override does not name
 * stays, and so does what it leaves empty. `cleared`: paths the override marks with `!reset` or `!override`, whose values
 * in the base go first. Neither tree is changed.
 * @throws BerthError CONFIG_INVALID when a mapping meets a list or a plain value.
 */
export function mergeCompose(base: Tree, override: Tree, cleared: readonly DocumentPath[] = []): Tree {
  const kept = cleared.reduce<unknown>((tree, path) => withoutPath(tree, path), base);
  return mergeMappings(kept as Tree, override, []);
}

function mergeAt(base: unknown, override: unknown, path: DocumentPath): unknown {
  return mergers[ruleAt(path)](base, override, path);
}

function ruleAt(path: DocumentPath): MergeRule | 'pools' {
  const [section, , key] = path;
  if (path.length === 3 && section === 'services') return serviceKey(String(key))?.merge ?? 'deep';
  const nested = nestedRules.find(([pattern]) => {
    const parts = pattern.split('.');
    return parts.length === path.length && parts.every((part, index) => part === '*' || part === path[index]);
  });
  return nested?.[1] ?? 'deep';
}

function mergeDeep(base: unknown, override: unknown, path: DocumentPath): unknown {
  if (override === null || override === undefined) return base;
  if (isMapping(base)) {
    if (isMapping(override)) return mergeMappings(base, override, path);
    throw cannotMerge(path, 'a mapping');
  }
  if (!Array.isArray(base)) return override;
  if (Array.isArray(override)) return [...(base as unknown[]), ...(override as unknown[])];
  throw cannotMerge(path, 'a list');
}

function mergeMappings(base: Tree, override: Tree, path: DocumentPath): Tree {
  const merged = new Map(Object.entries(base));
  for (const [key, value] of Object.entries(override)) {
    merged.set(key, merged.has(key) ? mergeAt(merged.get(key), value, [...path, key]) : value);
  }
  return Object.fromEntries(merged);
}

function cannotMerge(path: DocumentPath, what: string): BerthError {
  return new BerthError('CONFIG_INVALID', `cannot override ${formatPath(path)}: it is ${what} in the other file`, {
    hint: `write it as ${what} here too`,
  });
}

/** A list as it is; a mapping as sorted `NAME=value` entries; one text as a list of it. */
function toSequence(value: unknown): unknown[] {
  if (Array.isArray(value)) return value as unknown[];
  if (typeof value === 'string') return [value];
  if (!isMapping(value)) return [];
  const entries = Object.entries(value).flatMap(([name, entry]) => {
    if (entry === null) return [name];
    return (Array.isArray(entry) ? (entry as unknown[]) : [entry]).map((item) => `${name}=${String(item)}`);
  });
  return entries.sort();
}

/** A mapping as it is; a list of names as a mapping from them to the given value. */
function toMapping(value: unknown, entry: unknown): Tree {
  if (isMapping(value)) return value;
  return Array.isArray(value) ? Object.fromEntries((value as unknown[]).map((name) => [String(name), entry])) : {};
}

function toBuild(value: unknown): Tree {
  if (isMapping(value)) return value;
  return typeof value === 'string' ? { context: value } : {};
}

/** Options of one log driver mean nothing to another. */
function mergeLogging(base: unknown, override: unknown, path: DocumentPath): unknown {
  if (!isMapping(base) || !isMapping(override)) return override ?? base;
  const isSame = base['driver'] === override['driver'] || !('driver' in base) || !('driver' in override);
  return isSame ? mergeMappings(base, override, path) : override;
}

/** Address pools: those of the same subnet are joined, new ones come in, and one that only the base has goes. */
function mergePools(base: unknown, override: unknown, path: DocumentPath): unknown {
  if (!Array.isArray(base) || !Array.isArray(override)) throw cannotMerge(path, 'a list');
  const pools = new Map<unknown, unknown>();
  for (const pool of override as unknown[]) {
    const subnet = subnetOf(pool);
    const same = (base as unknown[]).find((candidate) => subnetOf(candidate) === subnet);
    pools.set(subnet, isMapping(pool) && isMapping(same) ? mergeMappings(same, pool, path) : pool);
  }
  return [...pools.values()];
}

function subnetOf(pool: unknown): unknown {
  return isMapping(pool) ? pool['subnet'] : undefined;
}

function withoutPath(tree: unknown, [part, ...rest]: DocumentPath): unknown {
  if (part === undefined) return tree;
  if (Array.isArray(tree)) {
    const items = tree as unknown[];
    return rest.length === 0
      ? items.filter((_item, index) => index !== part)
      : items.map((item, index) => (index === part ? withoutPath(item, rest) : item));
  }
  if (!isMapping(tree)) return tree;
  const entries = Object.entries(tree).flatMap(([key, value]) => {
    if (key !== String(part)) return [[key, value] as const];
    return rest.length === 0 ? [] : [[key, withoutPath(value, rest)] as const];
  });
  return Object.fromEntries(entries);
}
