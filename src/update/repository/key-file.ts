import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { mkdir, readdir, readFile, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { canonicalize } from '@tufjs/canonical-json';
import { z } from 'zod';
import { BerthError } from '../../core/errors.ts';
import { fileFailure } from '../../core/file-failure.ts';
import { isMissing, isPresent, writeDurably } from '../../engine/durable-file.ts';
import type { KeyDocument } from './documents.ts';
import type { Signer } from './signer.ts';

/** A key as others may know it. */
export interface PublicKey {
  readonly id: string;
  readonly document: KeyDocument;
}

const pubHint =
  '"berth release keygen" writes NAME.pub; of another key it is {"keytype", "scheme", "keyval": {"public"}}';

const keySchema = z.object({
  keytype: z.string(),
  scheme: z.string(),
  keyval: z.object({ public: z.string() }),
});

/** The keys that hosts can check signatures with, by scheme: their key types, and what Node calls them. */
const schemes: Readonly<Record<string, { readonly keytypes: readonly string[]; readonly kind: string }>> = {
  ed25519: { keytypes: ['ed25519'], kind: 'ed25519' },
  'ecdsa-sha2-nistp256': { keytypes: ['ecdsa', 'ecdsa-sha2-nistp256'], kind: 'ec prime256v1' },
  'rsassa-pss-sha256': { keytypes: ['rsa'], kind: 'rsa' },
  'rsa-pkcs1v15-sha256': { keytypes: ['rsa'], kind: 'rsa' },
};

/** The id of a key: the SHA-256 of its canonical form, as TUF 4.2 has it. */
export function keyIdOf(document: KeyDocument): string {
  return createHash('sha256').update(canonicalize(document)).digest('hex');
}

/**
 * Makes an Ed25519 key: `NAME.key`, for its owner only, and `NAME.pub` beside it. One that is there already stays.
 * @returns the public key, and whether it is new.
 */
export async function makeKeyFile(directory: string, name: string): Promise<PublicKey & { readonly isNew: boolean }> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const path = join(directory, `${name}.key`);
  const isNew = !(await isPresent(path));
  if (isNew) {
    const pem = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' });
    await writeDurably(path, pem, 0o600);
  }
  const document = documentOf(await readPrivateKey(path));
  await writeDurably(join(directory, `${name}.pub`), `${JSON.stringify(document)}\n`, 0o644);
  return { id: keyIdOf(document), document, isNew };
}

/** Reads `NAME.pub`: a key as TUF metadata lists it. Throws CONFIG_UNREADABLE, also when no host could check a signature with it. */
export async function readPublicKey(path: string): Promise<PublicKey> {
  let document: KeyDocument;
  try {
    document = keySchema.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch (cause) {
    if (isMissing(cause)) throw new BerthError('CONFIG_UNREADABLE', `${path} is not there`, { cause, hint: pubHint });
    throw new BerthError('CONFIG_UNREADABLE', `${path} is no public key`, {
      cause,
      hint: pubHint,
    });
  }
  const objection = objectionTo(document);
  if (objection !== undefined)
    throw new BerthError('CONFIG_UNREADABLE', `${path} is no public key: ${objection}`, { hint: pubHint });
  return { id: keyIdOf(document), document };
}

/** Why nobody can check a signature with this key; undefined: somebody can. */
function objectionTo({ keytype, scheme, keyval }: KeyDocument): string | undefined {
  const wanted = schemes[scheme];
  if (wanted === undefined) return `its scheme ${scheme} is none of ${Object.keys(schemes).join(', ')}`;
  if (!wanted.keytypes.includes(keytype)) return `a key of type ${keytype} does not sign by ${scheme}`;
  const form = scheme === 'ed25519' ? '64 hexadecimal digits' : 'in PEM form';
  const kind = kindOf(keyval.public);
  if (kind === undefined) return `keyval.public is no key: it has to be ${form}`;
  return kind === wanted.kind ? undefined : `keyval.public is a key of another kind (${kind}) than ${scheme} needs`;
}

/** What Node calls a public key in PEM form, or an Ed25519 one in hexadecimal; undefined: it is none. */
function kindOf(text: string): string | undefined {
  if (/^[0-9a-f]{64}$/i.test(text)) return 'ed25519';
  // Of a private key, too, Node would give the public one.
  if (!text.startsWith('-----BEGIN PUBLIC KEY-----')) return undefined;
  try {
    const { asymmetricKeyType = '', asymmetricKeyDetails } = createPublicKey(text);
    return [asymmetricKeyType, asymmetricKeyDetails?.namedCurve ?? ''].join(' ').trim();
  } catch {
    return undefined;
  }
}

/** The signers of a key file, or of each `*.key` of a directory. Throws CONFIG_UNREADABLE, CONFIG_INVALID. */
export async function keyFileSigners(path: string): Promise<Signer[]> {
  const isDirectory = await stat(path).then(
    (stats) => stats.isDirectory(),
    (cause: unknown) => {
      if (!isMissing(cause)) throw fileFailure(cause, path) ?? cause;
      throw new BerthError('CONFIG_UNREADABLE', `${path} is not there`, {
        cause,
        hint: 'a key is a file NAME.key, or a folder of them: "berth release keygen" makes one',
      });
    },
  );
  const names = isDirectory ? (await readdir(path)).filter((name) => name.endsWith('.key')).sort() : [basename(path)];
  const directory = isDirectory ? path : dirname(path);
  return Promise.all(names.map(async (name) => keyFileSigner(join(directory, name))));
}

async function keyFileSigner(path: string): Promise<Signer> {
  const key = await readPrivateKey(path);
  return { name: path, keyId: keyIdOf(documentOf(key)), sign: async (bytes) => sign(null, bytes, key) };
}

async function readPrivateKey(path: string): Promise<KeyObject> {
  const { mode } = await stat(path);
  if ((mode & 0o077) !== 0) {
    throw new BerthError('CONFIG_INVALID', `${path} can be read by others`, { hint: `chmod 600 ${path}` });
  }
  try {
    const key = createPrivateKey(await readFile(path));
    if (key.asymmetricKeyType !== 'ed25519') throw new Error('it is another kind of key');
    return key;
  } catch (cause) {
    throw (
      fileFailure(cause, path) ??
      new BerthError('CONFIG_UNREADABLE', `${path} is no Ed25519 key in PEM form`, { cause })
    );
  }
}

function documentOf(key: KeyObject): KeyDocument {
  const { x = '' } = createPublicKey(key).export({ format: 'jwk' });
  const value = Buffer.from(x, 'base64url').toString('hex');
  return { keytype: 'ed25519', scheme: 'ed25519', keyval: { public: value } };
}
