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
import { Repository, type StagedDocument, stageDocuments } from './repository.ts';

/** Keys by the role that they sign. */
export interface RepositoryKeys {
  readonly root: readonly PublicKey[];
  readonly targets: readonly PublicKey[];
  /** Signs snapshot and timestamp, from cron. */
  readonly online: readonly PublicKey[];
  readonly channels: ReadonlyMap<string, readonly PublicKey[]>;
}

export interface Thresholds {
  readonly root: number;
  /** Of every channel. */
  readonly channel: number;
}

/**
 * Makes a repository with empty channels. Where the same one is already, it is completed. Throws USAGE when there are not
 * enough keys.
 */
export async function createRepository(
  directory: string,
  keys: RepositoryKeys,
  thresholds: Thresholds,
  signing: Signing,
): Promise<Outcome> {
  const present = await Repository.find(directory);
  // Once it is published, "release sign" alone signs what waits.
  if (present !== undefined) return complete(present, signing, present.root === undefined ? undefined : []);
  let repository = await stageDocuments(directory, firstDocuments(keys, thresholds, signing.nowMs));
  for (const name of keys.channels.keys()) repository = await stageFeed(repository, emptyFeed(name), signing.nowMs);
  return complete(repository, signing);
}

function firstDocuments(keys: RepositoryKeys, thresholds: Thresholds, nowMs: number): Map<string, StagedDocument> {
  const common = (role: string) => ({ spec_version: specVersion, version: 1, expires: expiryOf(role, nowMs) });
  const online = roleOf('online', keys.online, 1);
  const root: RootDocument = {
    _type: 'root',
    ...common('root'),
    consistent_snapshot: true,
    keys: keysOf([...keys.root, ...keys.targets, ...keys.online]),
    roles: {
      root: roleOf('root', keys.root, thresholds.root),
      targets: roleOf('targets', keys.targets, 1),
      snapshot: online,
      timestamp: online,
    },
  };
  const roles = [...keys.channels].map(([name, its]) => delegationOf(name, its, thresholds.channel));
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
  if (keyids.length >= threshold) return { keyids, threshold };
  throw new BerthError('USAGE', `${name} has ${keyids.length} keys and would need ${threshold} signatures`, {
    hint: `"berth release keygen" makes keys that are called by their role`,
  });
}
