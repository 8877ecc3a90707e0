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
export type Outcome =
  | { readonly kind: 'published'; readonly versions: Readonly<Record<string, number>> }
  /** All is staged; these signatures are missing. What the `unfit` signers make fits none of the keys. */
  | { readonly kind: 'waiting'; readonly missing: readonly MissingSignatures[]; readonly unfit: readonly string[] };

export interface Signing {
  readonly signers: readonly Signer[];
  readonly nowMs: number;
  readonly signal: AbortSignal;
}

/**
 * Signs what is staged with the keys at hand and publishes it once all signatures are there: new versions of roles first,
 * then a snapshot of them, a new root, and the timestamp last, which is what makes hosts see any of it. Safe to repeat after
 * a crash.
 */
export async function complete(repository: Repository, { signers, nowMs, signal }: Signing): Promise<Outcome> {
  const used = new Set<Signer>();
  const sign = async <Doc extends Document>(role: string, document: Doc): Promise<Doc> => {
    const result = await addSignatures(role, document, repository.authorities(role), signers, signal);
    for (const signer of result.used) used.add(signer);
    return result.document as Doc;
  };
  const waiting = (documents: ReadonlyMap<string, Document>): Outcome | undefined => {
    const missing = [...documents].flatMap(([role, document]) =>
      missingSignatures(role, document, repository.authorities(role)),
    );
    const unfit = signers.filter((signer) => signer.keyId === undefined && !used.has(signer)).map(({ name }) => name);
    return missing.length === 0 ? undefined : { kind: 'waiting', missing, unfit };
  };
  const staged = new Map<string, StagedDocument>();
  for (const [role, document] of repository.staged) staged.set(role, await sign(role, document));
  const signed = staged.size === 0 ? repository : await repository.stage(staged);
  const incomplete = waiting(staged);
  if (incomplete !== undefined) return incomplete;
  const snapshot = await sign('snapshot', nextSnapshot(signed, nowMs));
  const timestamp = await sign('timestamp', nextTimestamp(signed, snapshot, nowMs));
  const all = new Map<string, Document>([...staged, ['snapshot', snapshot], ['timestamp', timestamp]]);
  const offline = waiting(all);
  if (offline !== undefined) return offline;
  await publish(signed, snapshot, timestamp);
  const versions = [...all].map(([role, document]) => [role, document.signed.version] as const);
  return { kind: 'published', versions: Object.fromEntries(versions) };
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
  await repository.clearStaged();
}

function nextSnapshot(repository: Repository, nowMs: number): Document<SnapshotDocument> {
  const meta: Record<string, MetaDocument> = {};
  for (const role of ['targets', ...repository.channels]) {
    const document = repository.staged.get(role) ?? repository.published.get(role);
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
