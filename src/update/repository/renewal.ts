import { BerthError } from '../../core/errors.ts';
import { expiringSoon } from '../tuf/expiry.ts';
import { stageTargets } from './channel-feed.ts';
import {
  type DelegationsDocument,
  expiryOf,
  type RootDocument,
  signedBytes,
  type TargetsDocument,
} from './documents.ts';
import { complete, type Outcome, type Signing } from './publishing.ts';
import { Repository, type StagedDocument } from './repository.ts';
import { rolesOfRoot } from './role-names.ts';

/**
 * Signs timestamp and snapshot anew, so that hosts see that nothing is held back from them; and new versions of the roles
 * named, before they expire. A renewal that waits is signed further; another change that waits is left to "release sign".
 * Throws NOT_FOUND when there is no such role.
 */
export async function renew(directory: string, roles: readonly string[], signing: Signing): Promise<Outcome> {
  let repository = await Repository.open(directory);
  const renewed = roles.flatMap<string>((role) => rolesOfRoot(role) ?? [role]);
  for (const role of renewed) repository = await renewRole(repository, role, signing.nowMs);
  const own = renewed.filter((role) => !hasOtherChange(repository, role));
  return complete(repository, signing, ['timestamp', ...renewed], own);
}

/**
 * Stages a next version of a role, with what its newest one says. One that waits stays, unless it would expire soon itself.
 * Throws NOT_FOUND when there is no such role.
 */
export async function renewRole(repository: Repository, role: string, nowMs: number): Promise<Repository> {
  if (role === 'snapshot' || role === 'timestamp') return repository;
  if (role !== 'root') repository.authorities(role);
  const staged = repository.staged.get(role);
  return staged === undefined || isOld(role, staged, nowMs) ? stageAgain(repository, role, nowMs) : repository;
}

/** Stages a next version of a role, with what its newest one says. */
export async function stageAgain(repository: Repository, role: string, nowMs: number): Promise<Repository> {
  if (role === 'root') return stageRoot(repository, repository.newestRoot, nowMs);
  const document = repository.newestTargets(role);
  if (document === undefined) throw new BerthError('STORE_CORRUPT', `the repository has no ${role}.json`);
  if (document.delegations !== undefined) return stageDelegations(repository, document, document.delegations, nowMs);
  return stageTargets(repository, role, document.targets, nowMs);
}

/** Whether what waits of a role is more than a renewal: whoever renews it has not seen the rest. */
export function hasOtherChange(repository: Repository, role: string): boolean {
  const staged = repository.staged.get(role);
  if (staged === undefined) return false;
  const published = role === 'root' ? repository.root : repository.published.get(role);
  return published === undefined || contentOf(staged) !== contentOf(published);
}

function contentOf({ signed }: StagedDocument): string {
  return signedBytes({ ...signed, spec_version: '', version: 0, expires: '' }).toString();
}

function isOld(role: string, { signed: { expires } }: StagedDocument, nowMs: number): boolean {
  return expiringSoon([{ role, expires }], nowMs).length > 0;
}

/** Stages a next root. */
export async function stageRoot(repository: Repository, root: RootDocument, nowMs: number): Promise<Repository> {
  const signed = { ...root, version: repository.nextVersion('root'), expires: expiryOf('root', nowMs) };
  return repository.stage(new Map([['root', { signatures: [], signed }]]));
}

/** Stages a next version of `targets` with these channels. */
export async function stageDelegations(
  repository: Repository,
  targets: TargetsDocument,
  delegations: DelegationsDocument,
  nowMs: number,
): Promise<Repository> {
  const version = repository.nextVersion('targets');
  const signed = { ...targets, delegations, version, expires: expiryOf('targets', nowMs) };
  return repository.stage(new Map([['targets', { signatures: [], signed }]]));
}
