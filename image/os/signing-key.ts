import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { subjectOf } from '../../src/boot/certificates.ts';
import { BerthError } from '../../src/core/errors.ts';

/** A person's own key for Secure Boot, and the certificate that firmware knows it by. */
export interface SigningKey {
  /** PEM, not encrypted. It is never copied. */
  readonly keyFile: string;
  readonly certificate: X509Certificate;
}

/** What people tell certificates apart by. */
export interface CertificateFacts {
  /** One line: `CN=Example Secure Boot, O=Example`. */
  readonly subject: string;
  /** SHA-256 of the certificate, hex in small letters. */
  readonly sha256: string;
  /** ISO 8601. Firmware does not look at it. */
  readonly validTo: string;
}

/** UEFI specification 32.4.1: firmware has to know RSA with 2048 bits; what is shorter, none takes. */
const leastBits = 2048;

/**
 * Reads a key (PEM) and its certificate (PEM or DER).
 * Throws NOT_FOUND, and CONFIG_INVALID when one is no such thing, firmware would not take it, or they do not belong together.
 */
export async function readSigningKey(keyFile: string, certificateFile: string): Promise<SigningKey> {
  const certificate = parseCertificate(await readInput(certificateFile), certificateFile);
  const key = parseKey(await readInput(keyFile), keyFile);
  const { asymmetricKeyType, asymmetricKeyDetails } = certificate.publicKey;
  if (asymmetricKeyType !== 'rsa' || (asymmetricKeyDetails?.modulusLength ?? 0) < leastBits) {
    throw new BerthError('CONFIG_INVALID', `${certificateFile} is not for an RSA key of ${leastBits} bits or more`, {
      hint: 'UEFI firmware checks no other signatures: openssl req -x509 -newkey rsa:2048 makes one',
    });
  }
  if (!certificate.checkPrivateKey(key)) {
    throw new BerthError('CONFIG_INVALID', `${certificateFile} is not the certificate of the key in ${keyFile}`, {
      hint: `it is for ${factsOf(certificate).subject}: name the key that was made with it`,
    });
  }
  return { keyFile, certificate };
}

/** What people tell it apart by. Pure. */
export function factsOf(certificate: X509Certificate): CertificateFacts {
  return {
    subject: subjectOf(certificate),
    sha256: certificate.fingerprint256.replaceAll(':', '').toLowerCase(),
    validTo: certificate.validToDate.toISOString(),
  };
}

async function readInput(file: string): Promise<Buffer> {
  return readFile(file).catch((cause: unknown) => {
    throw new BerthError('NOT_FOUND', `${file} cannot be read`, { cause });
  });
}

function parseCertificate(bytes: Buffer, file: string): X509Certificate {
  try {
    return new X509Certificate(bytes);
  } catch (cause) {
    throw new BerthError('CONFIG_INVALID', `${file} is no X.509 certificate`, { cause });
  }
}

function parseKey(bytes: Buffer, file: string): KeyObject {
  const text = bytes.toString('latin1');
  if (/^-----BEGIN ENCRYPTED PRIVATE KEY-----|^Proc-Type: 4,ENCRYPTED/m.test(text)) {
    throw new BerthError('CONFIG_INVALID', `${file} is encrypted, and a build asks nobody for a passphrase`, {
      hint: `openssl pkey -in ${file} -out plain.pem, in a place that only you can read`,
    });
  }
  try {
    return createPrivateKey(bytes);
  } catch (cause) {
    throw new BerthError('CONFIG_INVALID', `${file} holds no private key in PEM`, { cause });
  }
}
