import { createHash } from 'node:crypto';
import {
  type Document,
  expiryOf,
  type MetaDocument,
  type SnapshotDocument,
  serialize,
  specVersion,
  type TimestampDocument,
} from './documents.ts';
import type { Repository, StagedDocument } from './repository.ts';
import type { Signer } from './signer.ts';
import { addSignatures, type MissingSignatures, missingSignatures } from './signing.ts';

/** What came of a change to a repository. */
export interface Outcome {
  /** Whether hosts see all that was to be changed. */
  readonly kind: 'published' | 'waiting';
  /** What was published, by role. */
  readonly versions: Readonly<Record<string, number>>;
  /** What else is staged lacks these signatures. */
  readonly missing: readonly MissingSignatures[];
  /** Signers whose signatures fit none of the keys. */
  readonly unfit: readonly string[];
}

export interface Signing {
  readonly signers: readonly Signer[];
  readonly nowMs: number;
  readonly signal: AbortSignal;
}

/** Of a change that was no change. */
export const nothingToDo: Outcome = { kind: 'published', versions: {}, missing: [], unfit: [] };

/**
 * Signs what is staged of some roles with the keys at hand and publishes whatever has all its signatures: new versions of roles
 * first, then a snapshot of them, a new root, and the timestamp last, which is what makes hosts see any of it. Safe to repeat
 * after a crash.
 * @param concerned the roles that are to be published; with `timestamp` among them, a new one is made in any case.
 * @param own those that are signed: what else waits, whoever has these keys may know nothing of.
 */
export async function complete(
  repository: Repository,
  { signers, nowMs, signal }: Signing,
  concerned: readonly string[] = [...repository.staged.keys()],
  own: readonly string[] = concerned,
): Promise<Outcome> {
  const used = new Set<Signer>();
  const sign = async <Doc extends Document>(role: string, document: Doc, from: Repository): Promise<Doc> => {
    const result = await addSignatures(role, document, from.authorities(role), signers, signal);
    for (const signer of result.used) used.add(signer);
    return result.document as Doc;
  };
  const staged = new Map<string, StagedDocument>();
  for (const [role, document] of repository.staged)
    if (own.includes(role)) staged.set(role, await sign(role, document, repository));
  const signed = staged.size === 0 ? repository : await repository.stage(staged);
  const ready = publishable(signed);
  const missing = [...signed.staged.keys()]
    .filter((role) => !ready.staged.has(role))
    .flatMap((role) => lacks(signed, role));
  const versions: Record<string, number> = {};
  // A root whose new online key has not signed yet does not keep the old one from renewing what hosts see.
  const withoutRoot =
    ready.staged.has('root') && repository.root !== undefined ? [publishable(signed.without('root'))] : [];
  for (const next of [ready, ...withoutRoot]) {
    if (!next.hasRoot || (next.staged.size === 0 && !concerned.includes('timestamp'))) continue;
    const snapshot = await sign('snapshot', nextSnapshot(next, nowMs), next);
    const timestamp = await sign('timestamp', nextTimestamp(next, snapshot, nowMs), next);
    const online = Object.entries({ snapshot, timestamp });
    const lacking = online.flatMap(([role, document]) => missingSignatures(role, document, next.authorities(role)));
    if (next === ready) missing.push(...lacking);
    if (lacking.length > 0) continue;
    await publish(next, snapshot, timestamp);
    for (const [role, document] of [...next.staged, ...online]) versions[role] = document.signed.version;
    break;
  }
  const unfit = signers.filter((signer) => signer.keyId === undefined && !used.has(signer)).map(({ name }) => name);
  // What is not staged has been published already.
  const isDone = (role: string): boolean => role in versions || !(isOnline(role) || signed.staged.has(role));
  return { kind: concerned.every(isDone) ? 'published' : 'waiting', versions, missing, unfit };
}

/**
 * The repository with those of the staged roles only that can be published: each has its signatures, and none takes keys
 * away from a role that still hangs on them.
 */
function publishable(repository: Repository): Repository {
  const below = (role: string): readonly string[] => ({ root: ['targets'], targets: repository.channels })[role] ?? [];
  const early = [...repository.staged.keys()].find((role) =>
    [role, ...below(role)].some((one) => !isSigned(repository, one)),
  );
  return early === undefined ? repository : publishable(repository.without(early));
}

function isOnline(role: string): boolean {
  return role === 'snapshot' || role === 'timestamp';
}

/** Whether the newest version of a role has its signatures. */
export function isSigned(repository: Repository, role: string): boolean {
  return repository.hasRoot && repository.newest(role) !== undefined && lacks(repository, role).length === 0;
}

function lacks(repository: Repository, role: string): MissingSignatures[] {
  const document = repository.newest(role);
  return document === undefined ? [] : missingSignatures(role, document, repository.authorities(role));
}

async function publish(
  repository: Repository,
  snapshot: Document<SnapshotDocument>,
  timestamp: Document<TimestampDocument>,
): Promise<void> {
  const write = (role: string, document: Document): Promise<void> =>
    repository.writeMetadata(`${document.signed.version}.${role}.json`, document);
  for (const [role, document] of repository.staged) if (role !== 'root') await write(role, document);
  await write('snapshot', snapshot);
  // Hosts follow a new root at once, so what its keys signed comes right after it.
  const root = repository.staged.get('root');
  if (root !== undefined) await write('root', root);
  await repository.writeMetadata('timestamp.json', timestamp);
  await repository.unstage();
}

function nextSnapshot(repository: Repository, nowMs: number): Document<SnapshotDocument> {
  const meta: Record<string, MetaDocument> = {};
  for (const role of ['targets', ...repository.channels]) {
    const document = repository.newest(role);
    if (document !== undefined) meta[`${role}.json`] = metaOf(document);
  }
  const version = (repository.snapshot?.signed.version ?? 0) + 1;
  const expires = expiryOf('snapshot', nowMs);
  return { signatures: [], signed: { _type: 'snapshot', spec_version: specVersion, version, expires, meta } };
}

function nextTimestamp(
  repository: Repository,
  snapshot: Document<SnapshotDocument>,
  nowMs: number,
): Document<TimestampDocument> {
  const version = (repository.timestamp?.signed.version ?? 0) + 1;
  const expires = expiryOf('timestamp', nowMs);
  const meta = { 'snapshot.json': metaOf(snapshot) };
  return { signatures: [], signed: { _type: 'timestamp', spec_version: specVersion, version, expires, meta } };
}

function metaOf(document: Document): MetaDocument {
  const content = serialize(document);
  const sha256 = createHash('sha256').update(content).digest('hex');
  return { version: document.signed.version, length: content.length, hashes: { sha256 } };
}
