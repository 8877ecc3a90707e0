import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import type { SshKeyType } from '../../../src/config/host-config.ts';
import { parseConfig } from '../../../src/config/parse.ts';
import { secretsOf } from '../../../src/config/redact.ts';
import { isHostCertificate, privateKeyFault } from '../../../src/config/ssh-host-key.ts';
import { writeCloudConfig } from '../../../src/config/write/cloud-config.ts';

const field = (value: string | Buffer): Buffer => {
  const bytes = Buffer.from(value);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
};

/** A key in OpenSSH's own format, as far as it can be read without its passphrase. */
function openSsh(algorithm: string, cipher = 'none'): string {
  const fields = [
    field(cipher),
    field('none'),
    field(''),
    Buffer.from([0, 0, 0, 1]),
    field(field(algorithm)),
    field('x'),
  ];
  const body = Buffer.concat([Buffer.from('openssh-key-v1\0'), ...fields]).toString('base64');
  return `-----BEGIN OPENSSH PRIVATE KEY-----\n${body.replace(/(.{70})/g, '$1\n')}\n-----END OPENSSH PRIVATE KEY-----\n`;
}

const ecdsa = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
const sec1 = ecdsa.export({ type: 'sec1', format: 'pem' }).toString();
const pkcs8 = ecdsa.export({ type: 'pkcs8', format: 'pem' }).toString();
const sealed = ecdsa.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' }).toString();
const traditional = sec1.replace('\n', '\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\n');
const ed25519 = openSsh('ssh-ed25519');

describe('a private key', () => {
  test.each<[string, SshKeyType, string, string | undefined]>([
    ['of OpenSSH', 'ed25519', ed25519, undefined],
    ['of OpenSSH, with ends of lines as Windows has them', 'ed25519', ed25519.replaceAll('\n', '\r\n'), undefined],
    ['of OpenSSH, of another type', 'rsa', ed25519, 'is a key of type ssh-ed25519, not rsa'],
    ['of OpenSSH, with a passphrase', 'rsa', openSsh('ssh-rsa', 'aes256-ctr'), 'is encrypted'],
    ['of OpenSSH, torn', 'ed25519', ed25519.replace(/\n.{40}/, '\n'), 'is damaged'],
    ['SEC 1', 'ecdsa', sec1, undefined],
    ['SEC 1, of another type', 'ed25519', sec1, 'is a key of type ecdsa, not ed25519'],
    ['PKCS #8', 'ecdsa', pkcs8, undefined],
    ['PKCS #8 with a passphrase', 'ecdsa', sealed, 'is encrypted'],
    ['SEC 1 with a passphrase', 'ecdsa', traditional, 'is encrypted'],
    ['that is a public one', 'ed25519', 'ssh-ed25519 AAAA me', 'is not a private key'],
    ['with something after it', 'ecdsa', `${sec1}@ another\n`, 'is not a private key'],
    ['that is empty', 'rsa', '', 'is not a private key'],
  ])('%s', (_, type, text, fault) => {
    const found = privateKeyFault(type, text);
    if (fault === undefined) expect(found).toBeUndefined();
    else expect(found).toContain(fault);
  });
});

test.each([
  ['ssh-ed25519-cert-v01@openssh.com AAAA host', true],
  ['ssh-rsa-cert-v01@openssh.com AAAA host', false],
  ['ssh-ed25519 AAAA host', false],
  ['ssh-ed25519-cert-v01@openssh.com', false],
  ['ssh-ed25519-cert-v01@openssh.com AAAA\n@ another', false],
])('the certificate of an ed25519 key: %j %s', (text, isOne) => {
  expect(isHostCertificate('ed25519', text)).toBe(isOne);
});

function read(document: object) {
  const { config, diagnostics } = parseConfig([{ file: 'a', text: `#cloud-config\n${JSON.stringify(document)}` }]);
  return {
    ssh: config.ssh,
    config,
    told: diagnostics.map(({ severity, code, path }) => `${severity} ${code} ${path}`),
  };
}

const proof = 'ssh-ed25519-cert-v01@openssh.com AAAA';

describe('declared host keys', () => {
  test('by key, with a certificate; the public one is in the private one', () => {
    const keys = {
      ed25519_private: ed25519,
      ed25519_public: 'ssh-ed25519 AAAA',
      ed25519_certificate: proof,
      ecdsa_private: sec1,
    };
    expect(read({ ssh_keys: keys })).toMatchObject({
      ssh: {
        hostKeys: [
          { type: 'ed25519', privateKey: ed25519, certificate: proof },
          { type: 'ecdsa', privateKey: sec1 },
        ],
      },
      told: ['info no-effect ssh_keys.ed25519_public'],
    });
  });

  test('what is no key is told of, and the server makes its own', () => {
    const { ssh, told } = read({
      ssh_keys: { rsa_private: 'not yet', rsa_public: 'ssh-rsa AAAA', rsa_certificate: proof },
    });
    expect(ssh).toBeUndefined();
    expect(told).toEqual([
      'error invalid-value ssh_keys.rsa_private',

      'warning no-effect ssh_keys.rsa_public',
      'error invalid-value ssh_keys.rsa_certificate',
    ]);
  });

  test('by type only', () => {
    expect(read({ ssh_genkeytypes: ['rsa', 'ed25519', 'rsa'] })).toMatchObject({
      ssh: { keyTypes: ['rsa', 'ed25519'] },
      told: [],
    });
  });

  test('as files where OpenSSH has them; a key goes before the file of its type', () => {
    const files = [
      { path: '/etc/ssh/ssh_host_ed25519_key', content: ed25519, permissions: '0600' },
      { path: '/etc/ssh/ssh_host_ed25519_key-cert.pub', content: `${proof}\n` },
      { path: '/etc/ssh/ssh_host_ecdsa_key', content: pkcs8, permissions: '0600' },
      { path: '/etc/ssh/ssh_host_rsa_key', content: 'none' },
    ];
    const { ssh, told } = read({ ssh_keys: { ecdsa_private: sec1 }, write_files: files });
    expect(ssh?.hostKeys).toEqual([
      { type: 'ecdsa', privateKey: sec1 },
      { type: 'ed25519', privateKey: ed25519, certificate: proof },
    ]);
    expect(told).toEqual(['warning unsupported write_files[3]']);
  });

  test('as files of an Ignition config', () => {
    const source = `data:;base64,${Buffer.from(ed25519).toString('base64')}`;
    const file = { path: '/etc/ssh/ssh_host_ed25519_key', mode: 384, contents: { source } };
    const text = JSON.stringify({ ignition: { version: '3.4.0' }, storage: { files: [file] } });
    const { config, diagnostics } = parseConfig([{ file: 'a.ign', text }]);
    expect([config.ssh?.hostKeys, diagnostics]).toEqual([[{ type: 'ed25519', privateKey: ed25519 }], []]);
  });

  test('are secrets, and come back from our own language', () => {
    const { config } = read({
      ssh_keys: { ed25519_private: ed25519, ed25519_certificate: proof },
      ssh_genkeytypes: ['rsa'],
    });
    expect(secretsOf(config)).toContain(ed25519);
    const again = parseConfig([{ file: 'b', text: writeCloudConfig(config) }]);
    expect([again.config.ssh, again.diagnostics]).toEqual([config.ssh, []]);
  });
});
