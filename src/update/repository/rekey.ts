import { BerthError } from '../../core/errors.ts';
import type { RootDocument, TargetsDocument } from './documents.ts';
import { type KeyChange, keysToRemove, listedKeys, type Progress, progressOf, withKeys } from './key-change.ts';
import { complete, isSigned, nothingToDo, type Outcome, type Signing } from './publishing.ts';
import { hasOtherChange, renewRole, stageAgain, stageDelegations, stageRoot } from './renewal.ts';
import { Repository } from './repository.ts';
import { rolesOfRoot } from './role-names.ts';

/**
 * Exchanges keys of a role. Its documents are signed anew by the keys that it has then, so that none of them hangs on a key
 * that is gone. The same change again is signed further while it waits, and is nothing afterwards. Throws NOT_FOUND, USAGE when
 * too few keys would be left, or a key to remove is not named clearly; then nothing has changed.
 */
export async function changeKeys(
  directory: string,
  role: string,
  change: KeyChange,
  signing: Signing,
): Promise<Outcome> {
  const { nowMs } = signing;
  const before = await Repository.open(directory);
  const isOfRoot = rolesOfRoot(role) !== undefined;
  const names = isOfRoot ? 'root' : 'targets';
  const { progress, stage } = isOfRoot ? rootChange(before, role, change) : channelChange(before, role, change);
  if (progress === 'published') return nothingToDo;
  let repository = progress === 'new' ? await stage(nowMs) : await renewRole(before, names, nowMs);
  // Of these, the root lists the keys only: there is nothing else to be signed by them.
  if (isOfRoot && role !== 'targets') return complete(repository, signing, [names]);
  repository = await signAnew(repository, role, nowMs, progress);
  const own = hasOtherChange(repository, role) ? [names] : [names, role];
  return complete(repository, signing, [names, role], own);
}

/** A change, how far it has come, and how it is begun. */
interface Exchange {
  readonly progress: Progress;
  readonly stage: (nowMs: number) => Promise<Repository>;
}

function rootChange(repository: Repository, role: string, change: KeyChange): Exchange {
  const names = rolesOfRoot(role) ?? [];
  const root = repository.newestRoot;
  const newest = names.map((name) => root.roles[name]);
  const published = names.map((name) => repository.root?.signed.roles[name]);
  const removed = keysToRemove(role, change.remove, idsOf([...newest, ...published]));
  const changed = names.map((name) => [name, withKeys(role, root.roles[name], change, removed)] as const);
  const roles: RootDocument['roles'] = { ...root.roles, ...Object.fromEntries(changed) };
  const keys = listedKeys(root.keys, change.add, Object.values(roles));
  return {
    progress: progressOf(
      changed.map(([, one]) => one),
      newest,
      published,
    ),
    stage: async (nowMs) => stageRoot(repository, { ...root, roles, keys }, nowMs),
  };
}

function channelChange(repository: Repository, channel: string, change: KeyChange): Exchange {
  repository.authorities(channel);
  const targets = repository.newestTargets('targets');
  if (targets?.delegations === undefined) throw new BerthError('STORE_CORRUPT', 'the role targets delegates to nobody');
  const { keys, roles } = targets.delegations;
  const newest = roles.filter(({ name }) => name === channel);
  const published = delegatedBy(repository.published.get('targets')?.signed, channel);
  const removed = keysToRemove(channel, change.remove, idsOf([...newest, ...published]));
  const wanted = newest.map((one) => withKeys(channel, one, change, removed));
  const changed = roles.map((one) => wanted.find(({ name }) => name === one.name) ?? one);
  const delegations = { roles: changed, keys: listedKeys(keys, change.add, changed) };
  return {
    progress: progressOf(wanted, newest, published),
    stage: async (nowMs) => stageDelegations(repository, targets, delegations, nowMs),
  };
}

function delegatedBy(targets: TargetsDocument | undefined, channel: string) {
  return (targets?.delegations?.roles ?? []).filter(({ name }) => name === channel);
}

function idsOf(roles: readonly ({ readonly keyids: readonly string[] } | undefined)[]): Set<string> {
  return new Set(roles.flatMap((role) => role?.keyids ?? []));
}

/** Has what a role signed signed by its new keys. Another change that waits there is left to "release sign". */
async function signAnew(repository: Repository, role: string, nowMs: number, progress: Progress): Promise<Repository> {
  if (progress === 'new' && !hasOtherChange(repository, role)) return stageAgain(repository, role, nowMs);
  // What was signed by keys that stay may have been published before the exchange.
  const isLeft = !repository.staged.has(role) && isSigned(repository, role);
  return isLeft ? repository : renewRole(repository, role, nowMs);
}
