import { Key } from '@tufjs/models';
import { parseMetadata, signersOf } from '../tuf/metadata.ts';
import {
  type Document,
  type KeyDocument,
  type RoleDocument,
  type SignatureDocument,
  type SignedPart,
  serialize,
  signedBytes,
} from './documents.ts';
import type { Signer } from './signer.ts';

/** Who has to sign a document, by the word of whoever is above it. */
export interface Authority extends RoleDocument {
  readonly keys: Readonly<Record<string, KeyDocument>>;
}

/** What a role lacks before it can be published. */
export interface MissingSignatures {
  readonly role: string;
  readonly version: number;
  readonly has: number;
  readonly needs: number;
  /** Of the keys that have not signed. */
  readonly keyIds: readonly string[];
}

/** Adds the signatures of those signers whose keys may sign. @returns the document, and which of the signers could. */
export async function addSignatures<Signed extends SignedPart>(
  role: string,
  document: Document<Signed>,
  authorities: readonly Authority[],
  signers: readonly Signer[],
  signal: AbortSignal,
): Promise<{ readonly document: Document<Signed>; readonly used: readonly Signer[] }> {
  const bytes = signedBytes(document.signed);
  let signed = document;
  const used: Signer[] = [];
  for (const signer of signers) {
    const open = unsignedKeys(role, signed, authorities);
    if (signer.keyId === undefined ? open.size === 0 : !open.has(signer.keyId)) continue;
    const sig = Buffer.from(await signer.sign(bytes, signal)).toString('hex');
    const signature = [...open.keys()]
      .map((keyid) => ({ keyid, sig }))
      .find((candidate) => holds(role, signed.signed, candidate, authorities));
    if (signature === undefined) continue;
    signed = withSignature(signed, signature);
    used.push(signer);
  }
  return { document: signed, used };
}

/** Adds signatures that somebody else made; those that do not hold are left out. @returns how many were added, too. */
export function mergeSignatures<Signed extends SignedPart>(
  role: string,
  document: Document<Signed>,
  signatures: readonly SignatureDocument[],
  authorities: readonly Authority[],
): { readonly document: Document<Signed>; readonly added: number } {
  const open = unsignedKeys(role, document, authorities);
  const good = signatures.filter(
    (signature) => open.has(signature.keyid) && holds(role, document.signed, signature, authorities),
  );
  return { document: good.reduce(withSignature<Signed>, document), added: good.length };
}

/** What is missing by each authority's word; empty when the document can be published. */
export function missingSignatures(
  role: string,
  document: Document,
  authorities: readonly Authority[],
): MissingSignatures[] {
  return authorities.flatMap((authority) => {
    const signers = new Set(signersBy(role, document, authority).values());
    if (signers.size >= authority.threshold) return [];
    const keyIds = authority.keyids.filter((id) => !signers.has(id));
    return [{ role, version: document.signed.version, has: signers.size, needs: authority.threshold, keyIds }];
  });
}

function unsignedKeys(role: string, document: Document, authorities: readonly Authority[]): Map<string, KeyDocument> {
  const open = new Map<string, KeyDocument>();
  for (const authority of authorities) {
    const signers = new Set(signersBy(role, document, authority).values());
    for (const id of authority.keyids) {
      const key = authority.keys[id];
      if (key !== undefined && !signers.has(id)) open.set(id, key);
    }
  }
  return open;
}

function signersBy(
  role: string,
  document: Document,
  { keyids, threshold, keys }: Authority,
): ReadonlyMap<string, string> {
  const models = Object.fromEntries(
    Object.entries(keys).map(([id, { keytype, scheme, keyval }]) => [
      id,
      new Key({ keyID: id, keyType: keytype, scheme, keyVal: { ...keyval } }),
    ]),
  );
  return signersOf({ keyIDs: keyids, threshold }, models, parseMetadata(role, serialize(document)));
}

function holds(
  role: string,
  signed: SignedPart,
  signature: SignatureDocument,
  authorities: readonly Authority[],
): boolean {
  const document = { signed, signatures: [signature] };
  return authorities.some((authority) => signersBy(role, document, authority).size > 0);
}

/** Instead of one of the same key that did not hold. */
function withSignature<Signed extends SignedPart>(
  { signed, signatures }: Document<Signed>,
  signature: SignatureDocument,
): Document<Signed> {
  return { signed, signatures: [...signatures.filter(({ keyid }) => keyid !== signature.keyid), signature] };
}
