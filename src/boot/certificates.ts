import { createHash, X509Certificate } from 'node:crypto';
import { derValues } from './der.ts';

const empty = Buffer.alloc(0);
/** [0], constructed. */
const implicitZero = 0xa0;

/** The certificates in a PKCS #7 signature (RFC 2315, 9.1); none when it cannot be read. Pure. */
export function certificatesOf(signature: Buffer): X509Certificate[] {
  try {
    const [, content] = derValues(derValues(signature)[0]?.content ?? empty);
    const [signedData] = derValues(content?.content ?? empty);
    const certificates = derValues(signedData?.content ?? empty).find(({ tag }) => tag === implicitZero);
    return derValues(certificates?.content ?? empty).map(({ whole }) => new X509Certificate(whole));
  } catch {
    return [];
  }
}

/** The digest by which firmware revokes a certificate, in hexadecimal: of its "to be signed" part (RFC 5280, 4.1). Pure. */
export function certificateDigest({ raw }: X509Certificate, algorithm: 'sha256' | 'sha384' | 'sha512'): string {
  const [signed] = derValues(derValues(raw)[0]?.content ?? empty);
  return createHash(algorithm)
    .update(signed?.whole ?? empty)
    .digest('hex');
}

/** What people tell a certificate apart by, in one line: `CN=Example Secure Boot, O=Example`. Pure. */
export function subjectOf({ subject }: X509Certificate): string {
  return subject.replaceAll('\n', ', ');
}
