import type { SshKeyType } from './host-config.ts';

/** The types of host keys that OpenSSH's server has, strongest first. */
export const sshKeyTypes = ['ed25519', 'ecdsa', 'rsa'] as const satisfies readonly SshKeyType[];

/** What a key's own bytes call its type, by its beginning. */
const algorithms: Readonly<Record<SshKeyType, string>> = {
  ed25519: 'ssh-ed25519',
  ecdsa: 'ecdsa-sha2-',
  rsa: 'ssh-rsa',
};
const block =
  /^-----BEGIN ((?:(OPENSSH|RSA|EC|ENCRYPTED) )?PRIVATE KEY)-----\r?\n([A-Za-z0-9+/=\r\n]+)\r?\n-----END \1-----\s*$/;
const magic = 'openssh-key-v1\0';

/**
 * Why a text is no private key that an SSH server can use as its host key of this type; undefined when it may be one. Pure.
 * Formats: OpenSSH's PROTOCOL.key; PEM of PKCS #1, SEC 1 and PKCS #8 (RFC 7468), of which the type is checked as far as the label says it.
 */
export function privateKeyFault(type: SshKeyType, text: string): string | undefined {
  if (/^Proc-Type: *4,ENCRYPTED/m.test(text)) return encrypted;
  const [, , label, body] = block.exec(text.trim()) ?? [];
  if (body === undefined) return 'is not a private key: it begins with -----BEGIN OPENSSH PRIVATE KEY-----';
  switch (label) {
    case 'ENCRYPTED':
      return encrypted;
    case 'OPENSSH':
      return openSshFault(type, Buffer.from(body, 'base64'));
    case 'RSA':
      return type === 'rsa' ? undefined : `is a key of type rsa, not ${type}`;
    case 'EC':
      return type === 'ecdsa' ? undefined : `is a key of type ecdsa, not ${type}`;
    default:
      return undefined;
  }
}

const encrypted = 'is encrypted, and nobody could give the passphrase when the SSH server starts';

function openSshFault(type: SshKeyType, bytes: Buffer): string | undefined {
  const reader = new FieldReader(bytes.subarray(magic.length));
  const [cipher] = [reader.text(), reader.text(), reader.text()];
  reader.skip(4);
  const algorithm = new FieldReader(reader.field()).text();
  if (bytes.subarray(0, magic.length).toString('latin1') !== magic || algorithm === '')
    return 'is damaged: it is no private key of OpenSSH';
  if (cipher !== 'none') return encrypted;
  return algorithm.startsWith(algorithms[type]) ? undefined : `is a key of type ${algorithm}, not ${type}`;
}

/** Fields with their length before them (RFC 4251, section 5); empty where there is none. */
class FieldReader {
  #rest: Buffer;

  constructor(bytes: Buffer) {
    this.#rest = bytes;
  }

  field(): Buffer {
    if (this.#rest.length < 4) return Buffer.alloc(0);
    const end = 4 + this.#rest.readUInt32BE();
    const field = this.#rest.subarray(4, end);
    this.skip(end);
    return field;
  }

  text(): string {
    return this.field().toString('latin1');
  }

  skip(bytes: number): void {
    this.#rest = this.#rest.subarray(bytes);
  }
}

/** True for one line that certifies a host key: `TYPE-cert-v01@openssh.com BASE64 …`. Pure. */
export function isHostCertificate(type: SshKeyType, text: string): boolean {
  const [algorithm = '', key = '', ...others] = text.trim().split(/[ \t]+/);
  if (/[\r\n]/.test([key, ...others].join(' ').trim())) return false;
  return algorithm.startsWith(algorithms[type]) && algorithm.endsWith('-cert-v01@openssh.com') && key !== '';
}
