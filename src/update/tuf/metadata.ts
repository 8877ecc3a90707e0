import {
  type Key,
  Metadata,
  MetadataKind,
  type Root,
  type Snapshot,
  type Targets,
  type Timestamp,
} from '@tufjs/models';
import { messageOf } from '../../core/errors.ts';
import { maxMembers } from './limits.ts';
import { refuse } from './refusal.ts';
import { isSignedBy } from './signature.ts';

type Signed = Root | Timestamp | Snapshot | Targets;
type Document = Parameters<typeof Metadata.fromJSON>[1];

/** Who may sign a role, and how many of them have to. */
export interface SigningRole {
  readonly keyIDs: readonly string[];
  readonly threshold: number;
}

export function parseRoot(content: Uint8Array): Metadata<Root> {
  return parse('root', content, (document) => Metadata.fromJSON(MetadataKind.Root, document));
}

export function parseTimestamp(content: Uint8Array): Metadata<Timestamp> {
  return parse('timestamp', content, (document) => Metadata.fromJSON(MetadataKind.Timestamp, document));
}

export function parseSnapshot(content: Uint8Array): Metadata<Snapshot> {
  return parse('snapshot', content, (document) => Metadata.fromJSON(MetadataKind.Snapshot, document));
}

/** Of the role `targets` or of one that it delegates to. */
export function parseTargets(role: string, content: Uint8Array): Metadata<Targets> {
  return parse(role, content, (document) => Metadata.fromJSON(MetadataKind.Targets, document));
}

/** What the models leave open: versions are whole numbers from 1, times have the specification's form (TUF 4.2.1 and 4.3). */
function parse<T extends Signed>(
  role: string,
  content: Uint8Array,
  read: (document: Document) => Metadata<T>,
): Metadata<T> {
  const attempt = <Result>(work: () => Result): Result => {
    try {
      return work();
    } catch (error) {
      throw refuse('malformed', role, messageOf(error), error);
    }
  };
  const document = attempt(() => JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(content)) as Document);
  requireFew(role, document, memberDepth);
  const metadata = attempt(() => read(document));
  const { version, expires } = metadata.signed;
  if (!Number.isSafeInteger(version) || version < 1) throw refuse('malformed', role, `${version} is no version`);
  // A time that cannot be read would never be over.
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(expires) || Number.isNaN(Date.parse(expires)))
    throw refuse('malformed', role, `${expires} is no time`);
  return metadata;
}

/** The keys and roles of a delegation are members of members of what is signed. */
const memberDepth = 3;

/** The models need time by the square of these, and need it before anybody's signature is looked at. */
function requireFew(role: string, value: unknown, depth: number): void {
  if (typeof value !== 'object' || value === null) return;
  const members = Object.values(value);
  if (members.length > maxMembers)
    throw refuse('oversized', role, `it has a list of ${members.length}, at most ${maxMembers} are taken`);
  if (depth > 0) for (const member of members) requireFew(role, member, depth - 1);
}

/**
 * Checks that enough keys of a role signed (TUF 4.2.1): a key counts once, under however many ids it is listed, and a
 * signature that does not hold counts for nothing. Throws RELEASE_REFUSED.
 */
export function requireSigned<T extends Signed>(
  name: string,
  role: SigningRole | undefined,
  keys: Readonly<Record<string, Key>>,
  metadata: Metadata<T>,
): void {
  if (role === undefined) throw refuse('threshold', name, 'nobody was told to sign it');
  const signers = signersOf(role, keys, metadata);
  if (signers.size < role.threshold) {
    throw refuse('threshold', name, `signed by ${signers.size} of the ${role.threshold} keys that have to`);
  }
}

/** Ids of the role's keys whose signatures hold, by the key itself. */
export function signersOf<T extends Signed>(
  role: SigningRole,
  keys: Readonly<Record<string, Key>>,
  metadata: Metadata<T>,
): ReadonlyMap<string, string> {
  const signers = new Map<string, string>();
  for (const id of role.keyIDs) {
    const key = Object.hasOwn(keys, id) ? keys[id] : undefined;
    if (key !== undefined && isSignedBy(key, metadata)) signers.set(key.keyVal['public'] ?? '', id);
  }
  return signers;
}

/** Of any role, by its name. */
export function parseMetadata(role: string, content: Uint8Array): Metadata<Signed> {
  if (role === 'root') return parseRoot(content);
  if (role === 'timestamp') return parseTimestamp(content);
  return role === 'snapshot' ? parseSnapshot(content) : parseTargets(role, content);
}
