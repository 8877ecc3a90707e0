import { createPublicKey, constants as crypto, verify } from 'node:crypto';
import { canonicalize } from '@tufjs/canonical-json';
import type { Key } from '@tufjs/models';

type SignedMetadata = Parameters<Key['verifySignature']>[0];

/** Whether the key's signature is there and holds. A key of an unknown kind has none. Pure. */
export function isSignedBy(key: Key, metadata: SignedMetadata): boolean {
  try {
    if (key.scheme === 'rsa-pkcs1v15-sha256') return isSignedByPkcs1(key, metadata);
    key.verifySignature(metadata);
    return true;
  } catch {
    return false;
  }
}

/** The models do not know this scheme; key services and smart cards often have no other for RSA. */
function isSignedByPkcs1(key: Key, { signed, signatures }: SignedMetadata): boolean {
  const pem = key.keyVal['public'] ?? '';
  const signature = signatures[key.keyID];
  // Node would take the public half of a private key, too.
  if (key.keyType !== 'rsa' || signature === undefined || !pem.startsWith('-----BEGIN PUBLIC KEY-----')) return false;
  const publicKey = createPublicKey(pem);
  // With another kind of key, Node verifies that kind's signatures.
  if (publicKey.asymmetricKeyType !== 'rsa') return false;
  const bytes = Buffer.from(canonicalize(signed.toJSON()));
  return verify(
    'sha256',
    bytes,
    { key: publicKey, padding: crypto.RSA_PKCS1_PADDING },
    Buffer.from(signature.sig, 'hex'),
  );
}
