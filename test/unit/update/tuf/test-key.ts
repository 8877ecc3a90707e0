import { createHash, constants as crypto, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';

export type KeyKind = keyof typeof schemes;

const schemes = {
  ed25519: 'ed25519',
  ecdsa: 'ecdsa-sha2-nistp256',
  rsa: 'rsassa-pss-sha256',
  'rsa-pkcs1v15': 'rsa-pkcs1v15-sha256',
} as const;

/** A key as metadata lists it, and what signs with it. */
export interface TestKey {
  readonly id: string;
  readonly document: {
    readonly keytype: string;
    readonly scheme: string;
    readonly keyval: { readonly public: string };
  };
  readonly sign: (bytes: Uint8Array) => string;
}

export function makeKey(kind: KeyKind = 'ed25519'): TestKey {
  const { publicKey, privateKey } = generate(kind);
  const document = {
    keytype: kind === 'rsa-pkcs1v15' ? 'rsa' : kind,
    scheme: schemes[kind],
    keyval: {
      public: kind === 'ed25519' ? rawHex(publicKey) : publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    },
  };
  return {
    id: createHash('sha256').update(JSON.stringify(document)).digest('hex'),
    document,
    sign: (bytes) => signWith(kind, privateKey, bytes).toString('hex'),
  };
}

function generate(kind: KeyKind): { publicKey: KeyObject; privateKey: KeyObject } {
  if (kind === 'ed25519') return generateKeyPairSync('ed25519');
  return kind === 'ecdsa'
    ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
    : generateKeyPairSync('rsa', { modulusLength: 2048 });
}

function rawHex(key: KeyObject): string {
  return Buffer.from(key.export({ format: 'jwk' }).x ?? '', 'base64url').toString('hex');
}

function signWith(kind: KeyKind, key: KeyObject, bytes: Uint8Array): Buffer {
  if (kind === 'ed25519') return sign(null, bytes, key);
  if (kind !== 'rsa') return sign('sha256', bytes, key);
  return sign('sha256', bytes, { key, padding: crypto.RSA_PKCS1_PSS_PADDING, saltLength: 32 });
}
