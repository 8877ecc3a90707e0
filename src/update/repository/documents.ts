import { canonicalize } from '@tufjs/canonical-json';

/** The files of a repository's directory `metadata`, as TUF 1.0 (section 4) describes them and as their maker edits them. */

export interface KeyDocument {
  readonly keytype: string;
  readonly scheme: string;
  readonly keyval: { readonly public: string };
}

export interface RoleDocument {
  readonly keyids: readonly string[];
  readonly threshold: number;
}

interface Common {
  readonly spec_version: string;
  readonly version: number;
  readonly expires: string;
}

export type TopRole = 'root' | 'targets' | 'snapshot' | 'timestamp';

export interface RootDocument extends Common {
  readonly _type: 'root';
  readonly consistent_snapshot: true;
  readonly keys: Readonly<Record<string, KeyDocument>>;
  readonly roles: Readonly<Record<TopRole, RoleDocument>>;
}

export interface TargetDocument {
  readonly length: number;
  readonly hashes: { readonly sha256: string };
  /** Whatever its maker wants to say about it (TUF 4.5). */
  readonly custom?: Readonly<Record<string, unknown>>;
}

export interface DelegationDocument extends RoleDocument {
  readonly name: string;
  readonly terminating: boolean;
  readonly paths: readonly string[];
}

export interface DelegationsDocument {
  readonly keys: Readonly<Record<string, KeyDocument>>;
  readonly roles: readonly DelegationDocument[];
}

/** Of the role `targets`, which delegates, and of the channels, which have files. */
export interface TargetsDocument extends Common {
  readonly _type: 'targets';
  readonly targets: Readonly<Record<string, TargetDocument>>;
  readonly delegations?: DelegationsDocument;
}

export interface MetaDocument {
  readonly version: number;
  readonly length: number;
  readonly hashes: { readonly sha256: string };
}

export interface SnapshotDocument extends Common {
  readonly _type: 'snapshot';
  readonly meta: Readonly<Record<string, MetaDocument>>;
}

export interface TimestampDocument extends Common {
  readonly _type: 'timestamp';
  readonly meta: { readonly 'snapshot.json': MetaDocument };
}

export type SignedPart = RootDocument | TargetsDocument | SnapshotDocument | TimestampDocument;

export interface SignatureDocument {
  readonly keyid: string;
  readonly sig: string;
}

export interface Document<Signed extends SignedPart = SignedPart> {
  readonly signatures: readonly SignatureDocument[];
  readonly signed: Signed;
}

export const specVersion = '1.0.31';

/** What is signed: the canonical form of the signed part. */
export function signedBytes(signed: SignedPart): Buffer {
  return Buffer.from(canonicalize(signed));
}

/** The file. */
export function serialize(document: Document): Buffer {
  return Buffer.from(`${JSON.stringify(document, null, 1)}\n`);
}

/** A time as metadata has it, without fractions of a second (TUF 4.2.1). */
export function metadataTime(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}

const day = 86_400_000;

/** How long metadata is good, in milliseconds: what is signed by hand a year or a quarter, the rest as long as a freeze may go unnoticed. */
const lifetimes: Readonly<Record<string, number>> = {
  root: 365 * day,
  targets: 365 * day,
  snapshot: 30 * day,
  timestamp: 7 * day,
};
const channelLifetime = 180 * day;

/** When a role that is signed now expires. */
export function expiryOf(role: string, nowMs: number): string {
  return metadataTime(nowMs + (lifetimes[role] ?? channelLifetime));
}
