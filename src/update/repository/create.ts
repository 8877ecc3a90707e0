import { BerthError } from '../../core/errors.ts';
import { emptyFeed } from '../feed/feed.ts';
import { stageFeed } from './channel-feed.ts';
import {
  type DelegationDocument,
  expiryOf,
  type KeyDocument,
  type RootDocument,
  specVersion,
  type TargetsDocument,
} from './documents.ts';
import type { PublicKey } from './key-file.ts';
import { complete, type Outcome, type Signing } from './publishing.ts';
import { beginRepository, Repository, type StagedDocument } from './repository.ts';
import { differencesFrom, type RepositoryKeys, type Thresholds } from './repository-keys.ts';

const usualRootThreshold = 2;

/** Throws USAGE when there are not enough keys for that many signatures, or none would be needed. Pure. */
export function requireEnoughKeys(keys: RepositoryKeys, thresholds: Thresholds): void {
  firstDocuments(keys, thresholds, 0);
}

/**
 * Makes a repository with empty channels. Where the same one is already, it is completed; one that was begun in another way and
 * never published is begun anew, unless signatures would be lost. Throws as {@link requireEnoughKeys} does, and USAGE where another
 * repository is.
 */
export async function createRepository(
  directory: string,
  keys: RepositoryKeys,
  thresholds: Thresholds,
  signing: Signing,
): Promise<Outcome> {
  const documents = firstDocuments(keys, thresholds, signing.nowMs);
  const present = await Repository.find(directory);
  const differences = present === undefined ? [] : differencesFrom(present, keys, thresholds);
  if (present !== undefined && differences.length > 0) requireNothingLost(present, differences, signing);
  const isNew = present === undefined || differences.length > 0;
  let repository = isNew ? await beginRepository(directory, documents) : present;
  if (repository.root === undefined) {
    for (const name of repository.channels) repository = await stageFirstFeed(repository, name, signing.nowMs);
  }
  // Once it is published, "release sign" alone signs what waits.
  return complete(repository, signing, repository.root === undefined ? undefined : []);
}

/** Unless we died after that. */
async function stageFirstFeed(repository: Repository, channel: string, nowMs: number): Promise<Repository> {
  const isThere = repository.newestTargets(channel)?.targets[`${channel}/feed.json`] !== undefined;
  return isThere ? repository : stageFeed(repository, emptyFeed(channel), nowMs);
}

/** Throws USAGE when a repository is more than a beginning that the signers at hand can repeat. */
function requireNothingLost(
  { directory, root, staged }: Repository,
  differences: readonly string[],
  { signers }: Signing,
): void {
  const what = `${directory} is another repository than is asked for: ${differences.join('; ')}`;
  if (root !== undefined) {
    throw new BerthError('USAGE', what, {
      hint: '"berth release rekey" exchanges keys and changes how many have to sign; other channels take another repository',
    });
  }
  const atHand = new Set(signers.map(({ keyId }) => keyId));
  const lost = [...staged].filter(([, { signatures }]) => signatures.some(({ keyid }) => !atHand.has(keyid)));
  if (lost.length === 0) return;
  const roles = lost.map(([role]) => role).join(', ');
  throw new BerthError('USAGE', `${what}. It was begun, and has signatures of keys that are not at hand: of ${roles}`, {
    hint: `"berth release sign ${directory}" goes on with it; without ${directory}/.staged, it is begun anew`,
  });
}

function firstDocuments(keys: RepositoryKeys, thresholds: Thresholds, nowMs: number): Map<string, StagedDocument> {
  const common = (role: string) => ({ spec_version: specVersion, version: 1, expires: expiryOf(role, nowMs) });
  const { root: ofRoot = Math.max(1, Math.min(usualRootThreshold, keys.root.length)), channel: ofChannel = 1 } =
    thresholds;
  const online = roleOf('online', keys.online, 1);
  const root: RootDocument = {
    _type: 'root',
    ...common('root'),
    consistent_snapshot: true,
    keys: keysOf([...keys.root, ...keys.targets, ...keys.online]),
    roles: {
      root: roleOf('root', keys.root, ofRoot),
      targets: roleOf('targets', keys.targets, 1),
      snapshot: online,
      timestamp: online,
    },
  };
  const roles = [...keys.channels].map(([name, its]) => delegationOf(name, its, ofChannel));
  const delegations = { keys: keysOf([...keys.channels.values()].flat()), roles };
  const documents = new Map<string, StagedDocument>();
  for (const name of keys.channels.keys()) {
    const signed: TargetsDocument = { _type: 'targets', ...common(name), targets: {} };
    documents.set(name, { signatures: [], signed });
  }
  documents.set('targets', {
    signatures: [],
    signed: { _type: 'targets', ...common('targets'), targets: {}, delegations },
  });
  // Last: a repository is one once it has a root.
  documents.set('root', { signatures: [], signed: root });
  return documents;
}

/** A channel has a say about what is below its name, and nobody else has. */
function delegationOf(name: string, keys: readonly PublicKey[], threshold: number): DelegationDocument {
  return { name, ...roleOf(name, keys, threshold), terminating: true, paths: [`${name}/*`] };
}

function keysOf(keys: readonly PublicKey[]): Record<string, KeyDocument> {
  return Object.fromEntries(keys.map(({ id, document }) => [id, document]));
}

function roleOf(name: string, keys: readonly PublicKey[], threshold: number) {
  const keyids = [...new Set(keys.map(({ id }) => id))];
  if (threshold < 1) throw new BerthError('USAGE', `of ${name}, at least one key has to sign, not ${threshold}`);
  if (keyids.length >= threshold) return { keyids, threshold };
  throw new BerthError('USAGE', `${name} has ${keyids.length} keys and would need ${threshold} signatures`, {
    hint: `"berth release keygen" makes keys that are called by their role`,
  });
}
