import { createPrivateKey, type KeyObject } from 'node:crypto';
import type { SshKeyType } from './host-config.ts';
import { readOpenSshKey } from './openssh-key.ts';

/** The types of host keys that OpenSSH's server has, strongest first. */
export const sshKeyTypes = ['ed25519', 'ecdsa', 'rsa'] as const satisfies readonly SshKeyType[];

/** What a key's own bytes call its type, by its beginning. */
const algorithms: Readonly<Record<SshKeyType, string>> = {
  ed25519: 'ssh-ed25519',
  ecdsa: 'ecdsa-sha2-',
  rsa: 'ssh-rsa',
};
/** How OpenSSL calls the curves that OpenSSH has. */
const curves: readonly (string | undefined)[] = ['prime256v1', 'secp384r1', 'secp521r1'];
const shortestModulus = 1024;
const block =
  /^-----BEGIN ((?:(OPENSSH|RSA|EC|ENCRYPTED) )?PRIVATE KEY)-----\r?\n([A-Za-z0-9+/=\r\n]+)\r?\n-----END \1-----\s*$/;
const encrypted = 'is encrypted, and nobody could give the passphrase when the SSH server starts';
const damaged = 'is damaged, cut off or has something behind it: no SSH server could read it';

/**
 * Why a text is no private key that an SSH server can use as its host key of this type; undefined when it is one. Pure.
 * Formats: OpenSSH's PROTOCOL.key; PEM of PKCS #1, SEC 1 and PKCS #8 (RFC 7468).
 */
export function privateKeyFault(type: SshKeyType, text: string): string | undefined {
  if (/^Proc-Type: *4,ENCRYPTED/m.test(text)) return encrypted;
  const [, , label, body] = block.exec(text.trim()) ?? [];
  if (body === undefined) {
    const isTorn = /^-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(text.trim());
    return isTorn ? damaged : 'is not a private key: it begins with -----BEGIN OPENSSH PRIVATE KEY-----';
  }
  if (label === 'ENCRYPTED') return encrypted;
  if (label !== 'OPENSSH') return pemFault(type, text.trim());
  const base64 = body.replace(/[\r\n]+/g, '');
  const bytes = Buffer.from(base64, 'base64');
  const found = bytes.toString('base64') === base64 ? readOpenSshKey(bytes) : 'damaged';
  switch (found) {
    case 'encrypted':
      return encrypted;
    case 'damaged':
      return damaged;
    default:
      return found.startsWith(algorithms[type]) ? undefined : otherType(found, type);
  }
}

function pemFault(type: SshKeyType, text: string): string | undefined {
  const key = readPem(text);
  if (key === undefined) return damaged;
  const { asymmetricKeyType, asymmetricKeyDetails = {} } = key;
  const { modulusLength = 0, namedCurve } = asymmetricKeyDetails;
  const found = asymmetricKeyType === 'ec' ? 'ecdsa' : String(asymmetricKeyType);
  if (found !== type) return otherType(found, type);
  if (type === 'rsa' && modulusLength < shortestModulus)
    return `has ${modulusLength} bits, and OpenSSH asks for ${shortestModulus}`;
  return type === 'ecdsa' && !curves.includes(namedCurve)
    ? `is of the curve ${namedCurve}, which OpenSSH has not`
    : undefined;
}

function readPem(text: string): KeyObject | undefined {
  try {
    return createPrivateKey(text);
  } catch {
    return undefined;
  }
}

function otherType(found: string, type: SshKeyType): string {
  return `is a key of type ${found}, not ${type}`;
}

/** A private key as OpenSSH reads it: its ends of lines, and one at the end. Pure. */
export function asKeyFile(text: string): string {
  return `${text.trim().replaceAll('\r\n', '\n')}\n`;
}

/** True for one line that certifies a host key: `TYPE-cert-v01@openssh.com BASE64 …`. Pure. */
export function isHostCertificate(type: SshKeyType, text: string): boolean {
  const [algorithm = '', key = '', ...others] = text.trim().split(/[ \t]+/);
  if (/[\r\n]/.test([key, ...others].join(' ').trim())) return false;
  return algorithm.startsWith(algorithms[type]) && algorithm.endsWith('-cert-v01@openssh.com') && key !== '';
}
