import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { BerthError, isBerthError } from '../../core/errors.ts';
import { isMissing, writeDurably } from '../../engine/durable-file.ts';
import { imageListName } from '../bundle/image-list.ts';
import { parseMetadata } from '../tuf/metadata.ts';
import { type Document, type SignatureDocument, type SignedPart, serialize, signedBytes } from './documents.ts';
import { Repository, type StagedDocument } from './repository.ts';
import type { Signer } from './signer.ts';
import { type Authority, addSignatures, mergeSignatures } from './signing.ts';

/** A signing request on its way between a repository and a machine that has keys and no network. */

const key = z.object({ keytype: z.string(), scheme: z.string(), keyval: z.object({ public: z.string() }) });
const authority = z.object({
  keys: z.record(z.string(), key),
  keyids: z.array(z.string()),
  threshold: z.int().positive(),
});
const document = z.object({
  signatures: z.array(z.object({ keyid: z.string(), sig: z.string() })),
  /** As it is signed, field by field: `parseMetadata` looks at it. */
  signed: z.custom<SignedPart>((value) => typeof value === 'object' && value !== null),
});

/** Of a key's id: the command line's tables show as many. */
const shownDigits = 12;

const requestSchema = z.object({
  format: z.literal(1),
  kind: z.literal('berth-signing-request'),
  roles: z.array(z.object({ role: z.string(), document, authorities: z.array(authority).min(1) })).min(1),
});

type SigningRequest = z.infer<typeof requestSchema>;
type RoleRequest = SigningRequest['roles'][number];

/** A role that was signed or is to be. */
export interface RequestedRole {
  readonly role: string;
  readonly version: number;
  readonly expires: string;
  readonly signatures: number;
}

/** Writes what is staged into a file, for somebody else to sign. Throws NOT_FOUND when nothing is staged. */
export async function exportRequest(directory: string, file: string): Promise<RequestedRole[]> {
  const repository = await Repository.open(directory);
  if (repository.staged.size === 0) throw new BerthError('NOT_FOUND', 'nothing waits for signatures');
  const roles = [...repository.staged].map(([role, staged]) => requestFor(role, staged, repository.authorities(role)));
  return writeRequest(file, { format: 1, kind: 'berth-signing-request', roles });
}

/** Writes a document that no repository keeps into a file, for somebody else to sign. */
export async function askForSignatures(
  file: string,
  role: string,
  document: Document,
  authorities: readonly Authority[],
): Promise<void> {
  const roles = [requestFor(role, document, authorities)];
  await writeRequest(file, { format: 1, kind: 'berth-signing-request', roles });
}

/**
 * What others signed of a document that no repository keeps; nothing where there is no such file yet. Whether it holds has to be
 * looked at still. Throws USAGE when the file is about something else, CONFIG_UNREADABLE.
 */
export async function signaturesIn(
  file: string,
  role: string,
  signed: SignedPart,
): Promise<readonly SignatureDocument[]> {
  const request = await readRequest(file).catch((error: unknown) => {
    if (isBerthError(error) && isMissing(error.cause)) return undefined;
    throw error;
  });
  if (request === undefined) return [];
  const same = request.roles.find(
    (one) => one.role === role && signedBytes(one.document.signed).equals(signedBytes(signed)),
  );
  if (same !== undefined) return same.document.signatures;
  throw new BerthError(
    'USAGE',
    `${file} is about another list of service images than this one: they, or the state of the repository, were others`,
    { hint: 'without that file, the signatures are asked for anew' },
  );
}

function requestFor(role: string, { signatures, signed }: Document, authorities: readonly Authority[]): RoleRequest {
  return {
    role,
    document: { signatures: [...signatures], signed },
    authorities: authorities.map(({ keys, keyids, threshold }) => ({
      keys: { ...keys },
      keyids: [...keyids],
      threshold,
    })),
  };
}

/** Signs the roles of a request with the keys at hand. Needs no repository. Throws USAGE when none of the keys may. */
export async function signRequest(
  file: string,
  signers: readonly Signer[],
  signal: AbortSignal,
): Promise<RequestedRole[]> {
  const request = await readRequest(file);
  let added = 0;
  const roles = [];
  for (const one of request.roles) {
    const result = await addSignatures(one.role, one.document, one.authorities, signers, signal);
    added += result.used.length;
    roles.push({ ...one, document: { ...result.document, signatures: [...result.document.signatures] } });
  }
  if (added === 0) {
    throw new BerthError('USAGE', `none of the keys may sign what ${file} asks for, or all of them have`, {
      hint: `it waits for ${request.roles.map(({ role, authorities }) => `${role}: ${keysOf(authorities)}`).join('; ')}`,
    });
  }
  return writeRequest(file, { ...request, roles });
}

/** As short as tables have them. */
function keysOf(authorities: readonly { readonly keyids: readonly string[] }[]): string {
  const ids = new Set(authorities.flatMap(({ keyids }) => keyids));
  return [...ids].map((id) => id.slice(0, shownDigits)).join(', ');
}

/** Takes the signatures of a request over. Throws USAGE when they are of something else than what is staged. */
export async function importSignatures(directory: string, file: string): Promise<RequestedRole[]> {
  const repository = await Repository.open(directory);
  const documents = new Map<string, StagedDocument>();
  const { roles } = await readRequest(file);
  for (const { role, document: signed } of roles) {
    if (role === imageListName)
      throw new BerthError('USAGE', `${file} is about a bundle's list of service images, which no repository keeps`, {
        hint: `the "berth release bundle … --request ${file}" that asked for it takes it, too`,
      });
    const staged = repository.staged.get(role);
    if (staged === undefined || !signedBytes(staged.signed).equals(signedBytes(signed.signed))) {
      throw new BerthError('USAGE', `${file} is about another version of ${role} than the one that waits`, {
        hint: `berth release sign ${directory} --export FILE asks anew`,
      });
    }
    documents.set(role, mergeSignatures(role, staged, signed.signatures, repository.authorities(role)).document);
  }
  await repository.stage(documents);
  return [...documents].map(([role, staged]) => summaryOf(role, staged));
}

async function readRequest(file: string): Promise<SigningRequest> {
  try {
    const request = requestSchema.parse(JSON.parse(await readFile(file, 'utf8')));
    for (const { role, document: signed } of request.roles) parseMetadata(role, serialize(signed));
    return request;
  } catch (cause) {
    throw new BerthError('CONFIG_UNREADABLE', `${file} is no signing request`, {
      cause,
      hint: '"berth release sign REPOSITORY --export FILE" writes one',
    });
  }
}

async function writeRequest(file: string, request: SigningRequest): Promise<RequestedRole[]> {
  await writeDurably(file, `${JSON.stringify(request, null, 1)}\n`, 0o644);
  return request.roles.map(({ role, document: signed }) => summaryOf(role, signed));
}

function summaryOf(role: string, { signatures, signed }: Document): RequestedRole {
  return { role, version: signed.version, expires: signed.expires, signatures: signatures.length };
}
