import { generateKeyPairSync, type JsonWebKey } from 'node:crypto';
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

interface Parts {
  readonly algorithm: string;
  /** The public numbers in the order of the public half, and all of them in the order of the private one. */
  readonly open: readonly Buffer[];
  readonly own: readonly Buffer[];
}

/** A key in OpenSSH's own format. */
function openSsh({ algorithm, open, own }: Parts, cipher = 'none', secondCheck = 7): string {
  const numbers = Buffer.alloc(8);
  numbers.writeUInt32BE(7);
  numbers.writeUInt32BE(secondCheck, 4);
  const section = Buffer.concat([numbers, ...[algorithm, ...own, 'me@here'].map(field)]);
  const padding = Buffer.from([1, 2, 3, 4, 5, 6, 7]).subarray(0, (8 - (section.length % 8)) % 8);
  const fields = [
    ...[field(cipher), field('none'), field(''), Buffer.from([0, 0, 0, 1])],
    field(Buffer.concat([field(algorithm), ...open.map(field)])),
    field(Buffer.concat([section, padding])),
  ];
  return inLines(Buffer.concat([Buffer.from('openssh-key-v1\0'), ...fields]).toString('base64'));
}

const inLines = (body: string): string =>
  `-----BEGIN OPENSSH PRIVATE KEY-----\n${body.replace(/(.{70})/g, '$1\n')}\n-----END OPENSSH PRIVATE KEY-----\n`;

const bytesOf = (jwk: JsonWebKey, ...names: (keyof JsonWebKey)[]): Buffer[] =>
  names.map((name) => Buffer.from(String(jwk[name]), 'base64url'));
/** A number with a zero before it, so that it is not a negative one. */
const positive = (bytes: Buffer): Buffer => Buffer.concat([Buffer.alloc(1), bytes]);

function edParts(): Parts {
  const [d, x] = bytesOf(generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' }), 'd', 'x');
  const [secret, open] = [d as Buffer, x as Buffer];
  return { algorithm: 'ssh-ed25519', open: [open], own: [open, Buffer.concat([secret, open])] };
}

function rsaParts(): Parts {
  const jwk = generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey.export({ format: 'jwk' });
  const [n, e, ...rest] = bytesOf(jwk, 'n', 'e', 'd', 'qi', 'p', 'q').map(positive) as [Buffer, Buffer, ...Buffer[]];
  const exponent = e.subarray(1);
  return { algorithm: 'ssh-rsa', open: [exponent, n], own: [n, exponent, ...rest] };
}

function ecParts(): Parts {
  const [x, y, d] = bytesOf(ecdsa.export({ format: 'jwk' }), 'x', 'y', 'd') as [Buffer, Buffer, Buffer];
  const open = [Buffer.from('nistp256'), Buffer.concat([Buffer.from([4]), x, y])];
  return { algorithm: 'ecdsa-sha2-nistp256', open, own: [...open, positive(d)] };
}

const ecdsa = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
const sec1 = ecdsa.export({ type: 'sec1', format: 'pem' }).toString();
const pkcs8 = ecdsa.export({ type: 'pkcs8', format: 'pem' }).toString();
const sealed = ecdsa.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' }).toString();
const traditional = sec1.replace('\n', '\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\n');
const pkcs1 = generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey;
const short = generateKeyPairSync('rsa', { modulusLength: 768 }).privateKey;
const bitcoin = generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).privateKey;
const pem = { type: 'pkcs8', format: 'pem' } as const;
const ed = edParts();
const [other] = edParts().open;
const ed25519 = openSsh(ed);
const body = Buffer.from(ed25519.replace(/-----.*-----/g, ''), 'base64');
const cut = (length: number): string => inLines(body.subarray(0, length).toString('base64'));

describe('a private key', () => {
  test.each<[string, SshKeyType, string, string | undefined]>([
    ['of OpenSSH', 'ed25519', ed25519, undefined],
    ['of OpenSSH, with ends of lines as Windows has them', 'ed25519', ed25519.replaceAll('\n', '\r\n'), undefined],
    ['of OpenSSH, RSA', 'rsa', openSsh(rsaParts()), undefined],
    ['of OpenSSH, ECDSA', 'ecdsa', openSsh(ecParts()), undefined],
    ['of OpenSSH, of another type', 'rsa', ed25519, 'is a key of type ssh-ed25519, not rsa'],
    ['of OpenSSH, with a passphrase', 'rsa', openSsh(rsaParts(), 'aes256-ctr'), 'is encrypted'],
    ['of OpenSSH, torn', 'ed25519', ed25519.replace(/\n.{40}/, '\n'), 'is damaged'],
    ['of OpenSSH, cut off', 'ed25519', ed25519.slice(0, 200), 'is damaged'],
    ['of OpenSSH, without its last line', 'ed25519', ed25519.replace(/\n[^\n]*\n(?=-----END)/, '\n'), 'is damaged'],
    ...[40, 90, 120, body.length - 8, body.length - 1].map((length): [string, SshKeyType, string, string] => [
      `of OpenSSH, the first ${length} bytes`,
      'ed25519',
      cut(length),
      'is damaged',
    ]),
    ['of OpenSSH, with a sign that is none', 'ed25519', ed25519.replace(/\n(.{60})./, '\n$1='), 'is damaged'],
    ['of OpenSSH, with other numbers before the key', 'ed25519', openSsh(ed, 'none', 8), 'is damaged'],
    [
      'of OpenSSH, with the public half of another',
      'ed25519',
      openSsh({ ...ed, open: [other as Buffer] }),
      'is damaged',
    ],
    ['PKCS #1', 'rsa', pkcs1.export({ type: 'pkcs1', format: 'pem' }).toString(), undefined],
    ['PKCS #8, RSA', 'rsa', pkcs1.export(pem).toString(), undefined],
    ['PKCS #8 of another type', 'rsa', pkcs8, 'is a key of type ecdsa, not rsa'],
    ['too short for OpenSSH', 'rsa', short.export(pem).toString(), 'has 768 bits'],
    ['of a curve that OpenSSH has not', 'ecdsa', bitcoin.export(pem).toString(), 'is of the curve secp256k1'],
    ['PKCS #8, torn', 'ecdsa', pkcs8.replace(/\n.{8}/, '\n'), 'is damaged'],
    ['SEC 1, cut off', 'ecdsa', sec1.slice(0, 120), 'is damaged'],
    ['SEC 1', 'ecdsa', sec1, undefined],
    ['SEC 1, of another type', 'ed25519', sec1, 'is a key of type ecdsa, not ed25519'],
    ['PKCS #8', 'ecdsa', pkcs8, undefined],
    ['PKCS #8 with a passphrase', 'ecdsa', sealed, 'is encrypted'],
    ['SEC 1 with a passphrase', 'ecdsa', traditional, 'is encrypted'],
    ['that is a public one', 'ed25519', 'ssh-ed25519 AAAA me', 'is not a private key'],
    ['with something after it', 'ecdsa', `${sec1}@ another\n`, 'is damaged'],
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

  test('with the ends of lines that OpenSSH reads', () => {
    const { ssh } = read({ ssh_keys: { ed25519_private: ed25519.replaceAll('\n', '\r\n') } });
    expect(ssh?.hostKeys?.map(({ privateKey }) => privateKey)).toEqual([ed25519]);
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
