import { BerthError } from '../../core/errors.ts';
import { stageTargets } from './channel-feed.ts';
import {
  type DelegationsDocument,
  expiryOf,
  type RootDocument,
  type TargetsDocument,
  type TopRole,
} from './documents.ts';
import type { PublicKey } from './key-file.ts';
import { complete, type Outcome, type Signing } from './publishing.ts';
import { Repository } from './repository.ts';

/** What is to change about the keys of a role. */
export interface KeyChange {
  readonly add: readonly PublicKey[];
  /** Ids, or how they begin. */
  readonly remove: readonly string[];
  readonly threshold?: number;
}

/** Roles that the root names keys for, by what they are called here: "release keygen" makes one key for two of them. */
const topRoles: Readonly<Record<string, readonly TopRole[]>> = {
  root: ['root'],
  targets: ['targets'],
  snapshot: ['snapshot'],
  timestamp: ['timestamp'],
  online: ['snapshot', 'timestamp'],
};

/**
 * Signs timestamp and snapshot anew, so that hosts see that nothing is held back from them; and new versions of the roles
 * named, before they expire. Throws NOT_FOUND when there is no such role.
 */
export async function renew(directory: string, roles: readonly string[], signing: Signing): Promise<Outcome> {
  let repository = await Repository.open(directory);
  const renewed = roles.flatMap<string>((role) => rolesOfRoot(role) ?? [role]);
  for (const role of renewed) repository = await renewRole(repository, role, signing.nowMs);
  return complete(repository, signing, ['timestamp', ...renewed]);
}

/**
 * Exchanges keys of a role. Its documents are signed anew by the keys that it has then, so that none of them hangs on a key
 * that is gone. Throws NOT_FOUND, USAGE when too few keys would be left.
 */
export async function changeKeys(
  directory: string,
  role: string,
  change: KeyChange,
  signing: Signing,
): Promise<Outcome> {
  const { nowMs } = signing;
  let repository = await Repository.open(directory);
  const ofRoot = rolesOfRoot(role);
  if (ofRoot !== undefined) {
    const root = repository.newestRoot;
    const changed = ofRoot.map((name) => [name, changedRole(name, root.roles[name], change)]);
    const roles = { ...root.roles, ...(Object.fromEntries(changed) as Partial<RootDocument['roles']>) };
    repository = await stageRoot(
      repository,
      { ...root, roles, keys: listedKeys(root.keys, change.add, Object.values(roles)) },
      nowMs,
    );
    if (role === 'targets') repository = await renewRole(repository, role, nowMs);
    return complete(repository, signing, role === 'targets' ? ['root', role] : ['root']);
  }
  repository.authorities(role);
  const targets = repository.newestTargets('targets');
  if (targets?.delegations === undefined) throw new BerthError('STORE_CORRUPT', 'the role targets delegates to nobody');
  const { keys, roles } = targets.delegations;
  const changed = roles.map((one) => (one.name === role ? { ...one, ...changedRole(role, one, change) } : one));
  const delegations = { roles: changed, keys: listedKeys(keys, change.add, changed) };
  repository = await stageDelegations(repository, targets, delegations, nowMs);
  return complete(await renewRole(repository, role, nowMs), signing, ['targets', role]);
}

function rolesOfRoot(name: string): readonly TopRole[] | undefined {
  return Object.hasOwn(topRoles, name) ? topRoles[name] : undefined;
}

async function renewRole(repository: Repository, role: string, nowMs: number): Promise<Repository> {
  if (role === 'root') return stageRoot(repository, repository.newestRoot, nowMs);
  if (role === 'snapshot' || role === 'timestamp') return repository;
  repository.authorities(role);
  const document = repository.newestTargets(role);
  if (document === undefined) throw new BerthError('STORE_CORRUPT', `the repository has no ${role}.json`);
  if (document.delegations !== undefined) return stageDelegations(repository, document, document.delegations, nowMs);
  return stageTargets(repository, role, document.targets, nowMs);
}

async function stageRoot(repository: Repository, root: RootDocument, nowMs: number): Promise<Repository> {
  const signed = { ...root, version: repository.nextVersion('root'), expires: expiryOf('root', nowMs) };
  return repository.stage(new Map([['root', { signatures: [], signed }]]));
}

async function stageDelegations(
  repository: Repository,
  targets: TargetsDocument,
  delegations: DelegationsDocument,
  nowMs: number,
): Promise<Repository> {
  const version = repository.nextVersion('targets');
  const signed = { ...targets, delegations, version, expires: expiryOf('targets', nowMs) };
  return repository.stage(new Map([['targets', { signatures: [], signed }]]));
}

function changedRole(
  role: string,
  { keyids, threshold }: { readonly keyids: readonly string[]; readonly threshold: number },
  change: KeyChange,
) {
  const unknown = change.remove.find((start) => !keyids.some((id) => id.startsWith(start)));
  if (unknown !== undefined) {
    throw new BerthError('NOT_FOUND', `${role} has no key ${unknown}`, { hint: `its keys: ${keyids.join(', ')}` });
  }
  const kept = keyids.filter((id) => !change.remove.some((start) => id.startsWith(start)));
  const next = [...new Set([...kept, ...change.add.map(({ id }) => id)])];
  const needed = change.threshold ?? threshold;
  if (needed >= 1 && next.length >= needed) return { keyids: next, threshold: needed };
  throw new BerthError('USAGE', `${role} would have ${next.length} keys and need ${needed} signatures`);
}

/** Those keys that a role still has. */
function listedKeys<Key>(
  keys: Readonly<Record<string, Key>>,
  added: readonly { readonly id: string; readonly document: Key }[],
  roles: readonly { readonly keyids: readonly string[] }[],
): Record<string, Key> {
  const all = { ...keys, ...Object.fromEntries(added.map(({ id, document }) => [id, document])) };
  const used = new Set(roles.flatMap(({ keyids }) => keyids));
  return Object.fromEntries(Object.entries(all).filter(([id]) => used.has(id)));
}
