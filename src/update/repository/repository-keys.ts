import type { RoleDocument } from './documents.ts';
import type { PublicKey } from './key-file.ts';
import type { Repository } from './repository.ts';

/** Keys by the role that they sign. */
export interface RepositoryKeys {
  readonly root: readonly PublicKey[];
  readonly targets: readonly PublicKey[];
  /** Signs snapshot and timestamp, from cron. */
  readonly online: readonly PublicKey[];
  readonly channels: ReadonlyMap<string, readonly PublicKey[]>;
}

/** How many of a role's keys have to sign it. What is not said is as it is already; of a new repository: two, and one. */
export interface Thresholds {
  readonly root?: number | undefined;
  /** Of every channel. */
  readonly channel?: number | undefined;
}

/** Of a key's id: the command line's tables show as many. */
const shownDigits = 12;

/** In what a repository is another one than is asked for; of thresholds, only those that are said. Pure. */
export function differencesFrom(repository: Repository, keys: RepositoryKeys, thresholds: Thresholds): string[] {
  const { roles } = repository.newestRoot;
  const delegations = repository.newestTargets('targets')?.delegations?.roles ?? [];
  const [its, asked] = [delegations.map(({ name }) => name), [...keys.channels.keys()]].map((names) =>
    names.toSorted(),
  );
  const channels = delegations.flatMap(({ name, ...role }) => {
    const named = keys.channels.get(name);
    return named === undefined ? [] : differencesOf(name, role, named, thresholds.channel);
  });
  return [
    ...differencesOf('root', roles.root, keys.root, thresholds.root),
    ...differencesOf('targets', roles.targets, keys.targets),
    ...differencesOf('snapshot', roles.snapshot, keys.online),
    ...differencesOf('timestamp', roles.timestamp, keys.online),
    ...(String(its) === String(asked) ? [] : [`its channels are ${listOf(its)}, not ${listOf(asked)}`]),
    ...channels,
  ];
}

function differencesOf(
  name: string,
  { keyids, threshold }: RoleDocument,
  keys: readonly PublicKey[],
  asked: number = threshold,
): string[] {
  const [its, named] = [keyids, [...new Set(keys.map(({ id }) => id))]].map((ids) => ids.toSorted());
  return [
    ...(String(its) === String(named) ? [] : [`the keys of ${name} are ${shortened(its)}, not ${shortened(named)}`]),
    ...(asked === threshold ? [] : [`of ${name}, ${threshold} have to sign, not ${asked}`]),
  ];
}

function shortened(ids: readonly string[] = []): string {
  return listOf(ids.map((id) => id.slice(0, shownDigits)));
}

function listOf(names: readonly string[] = []): string {
  return names.length === 0 ? 'none' : names.join(', ');
}
