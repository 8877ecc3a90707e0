import { X509Certificate } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { runCommand } from '../../image/command.ts';
import { signProgram } from '../../image/os/secure-boot.ts';
import type { Tools } from '../../image/os/tools.ts';
import { peDigest, readPeSignatures } from '../../src/boot/pe.ts';
import { SecureBoot } from '../../src/boot/secure-boot.ts';
import { runCommand as run } from '../../src/engine/run-command.ts';
import { writeReleaseDirectory } from '../../src/update/repository/release-directory.ts';
import { signatureList } from '../support/signature-lists.ts';
import { factsOf } from '../unit/update/release-document.ts';
import { makeKey } from '../vm/support/signing.ts';
import { tinyProgram } from '../vm/support/tiny-program.ts';

/** Programs signed by the image's own code, and looked at by the agent's, with the real sbsign and sbverify. */
const tools: Tools = { path: (inside) => `/${inside}`, run: runCommand };

let work: string;
let certificates: Record<'own' | 'other' | 'authority' | 'issued', X509Certificate>;

beforeAll(async () => {
  if (!existsSync('/usr/bin/sbverify') || !existsSync('/usr/bin/openssl')) {
    await runCommand('apt-get', ['update', '-qq'], { retryable: true });
    await runCommand('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'sbsigntool', 'openssl'], {
      retryable: true,
    });
  }
  work = await mkdtemp(join(tmpdir(), 'berth-signed-'));
  for (const name of ['own', 'other', 'authority', 'issued']) await makeKey(work, name);
  const at = (name: string): string => join(work, name);
  const request = ['-x509toreq', '-in', at('issued.crt'), '-signkey', at('issued.key'), '-out', at('issued.csr')];
  await runCommand('openssl', ['x509', ...request]);
  const authority = ['-CA', at('authority.crt'), '-CAkey', at('authority.key'), '-CAcreateserial'];
  await runCommand('openssl', [
    ...['x509', '-req', '-days', '3650', '-in', at('issued.csr'), '-out', at('issued.crt')],
    ...authority,
  ]);
  const read = async (name: string) => new X509Certificate(await readFile(at(`${name}.crt`)));
  const [own, other, byAuthority, issued] = await Promise.all(['own', 'other', 'authority', 'issued'].map(read));
  if (own === undefined || other === undefined || byAuthority === undefined || issued === undefined)
    throw new Error('openssl made no certificates');
  certificates = { own, other, authority: byAuthority, issued };
  await writeFile(at('unsigned.efi'), tinyProgram({ name: 'kernel', version: '1.1', padding: 100_000 }));
  for (const name of ['own', 'other', 'issued'] as const) await sign('unsigned', name, name);
  await sign('own', 'other', 'both');
  const changed = await readFile(at('own.efi'));
  changed.write('lernel', changed.indexOf('kernel'), 'latin1');
  await writeFile(at('changed.efi'), changed);
}, 300_000);

afterAll(async () => rm(work, { recursive: true, force: true }));

async function sign(program: string, by: 'own' | 'other' | 'issued', into: string): Promise<void> {
  const key = { keyFile: join(work, `${by}.key`), certificate: certificates[by] };
  const to = join(work, `${into}.efi`);
  await signProgram(join(work, `${program}.efi`), to, key, join(work, `${by}.crt`), tools);
}

interface Lists {
  readonly db: Buffer;
  readonly dbx?: Buffer;
  /** Of the variable `SecureBoot`. */
  readonly state?: number;
}

function firmwareWith({ db, dbx, state = 1 }: Lists): SecureBoot {
  const variables = new Map([
    ['SecureBoot', Buffer.from([state])],
    ['db', db],
    ...(dbx === undefined ? [] : ([['dbx', dbx]] as const)),
  ]);
  return new SecureBoot({
    readVariable: async (name) => Promise.resolve(variables.get(name.slice(0, name.indexOf('-')))),
    run,
    directory: join(work, 'look'),
  });
}

const trusting = (...names: readonly (keyof typeof certificates)[]): Buffer =>
  Buffer.concat(names.map((name) => signatureList('x509', certificates[name].raw)));
const digestOf = async (name: string): Promise<Buffer> =>
  Buffer.from(peDigest(await readFile(join(work, `${name}.efi`)), 'sha256'), 'hex');

/** Of one block of zeros: the tree of a slot of one block is the digest of that. */
const rootOfZeros = 'ad7facb2586fc6e966c004d7d1d16b024f5805ff7cb47c7a85dabd8b48892ca7';

const trustsOwn = 'this firmware trusts O=Example, CN=own (db)';
const stranger = `it is signed by O=Example, CN=other, ${trustsOwn}`;
const revoked = (who: string): string => `it is signed by ${who}, which this firmware no longer trusts (dbx)`;

test.each<[string, string, () => Promise<Lists>, string | undefined]>([
  ['by its own key', 'own', async () => ({ db: trusting('own') }), undefined],
  ['by one key of several', 'own', async () => ({ db: trusting('other', 'authority', 'own') }), undefined],
  ['by a stranger', 'other', async () => ({ db: trusting('own') }), stranger],
  ['by a stranger, without Secure Boot', 'other', async () => ({ db: trusting('own'), state: 0 }), undefined],
  ['by nobody', 'unsigned', async () => ({ db: trusting('own') }), `nobody signed it, ${trustsOwn}`],
  ['and changed', 'changed', async () => ({ db: trusting('own') }), 'its signature by O=Example, CN=own does not hold'],
  ['by whom an authority vouches for', 'issued', async () => ({ db: trusting('authority') }), undefined],
  ['by one of whose authority nothing is known', 'issued', async () => ({ db: trusting('issued') }), undefined],
  [
    'by whom a revoked authority vouched for',
    'issued',
    async () => ({ db: trusting('issued'), dbx: trusting('authority') }),
    revoked('O=Example, CN=issued'),
  ],
  ['by two, the first is trusted', 'both', async () => ({ db: trusting('own') }), undefined],
  ['by two, the second is trusted', 'both', async () => ({ db: trusting('other') }), undefined],
  [
    'by two, one is revoked',
    'both',
    async () => ({ db: trusting('own'), dbx: trusting('other') }),
    revoked('O=Example, CN=other'),
  ],
  ['by one, another is revoked', 'own', async () => ({ db: trusting('own'), dbx: trusting('other') }), undefined],
  [
    'by one that is trusted and revoked',
    'own',
    async () => ({ db: trusting('own', 'other'), dbx: trusting('own') }),
    revoked('O=Example, CN=own'),
  ],
  [
    'by nobody, trusted by its digest',
    'unsigned',
    async () => ({ db: signatureList('sha256', await digestOf('unsigned')) }),
    undefined,
  ],
  [
    'by its own key, revoked by its digest',
    'own',
    async () => ({ db: trusting('own'), dbx: signatureList('sha256', await digestOf('own')) }),
    'this firmware forbids it by its digest (dbx)',
  ],
])('signed %s (%s.efi)', async (_what, name, lists, why) => {
  const firmware = firmwareWith(await lists());
  expect((await firmware.judge(await readFile(join(work, `${name}.efi`))))?.why).toBe(why);
  expect((await readdir(work)).includes('look')).toBe(false);
});

test('the digest is the one that sbsign signs', async () => {
  for (const name of ['own', 'both', 'issued'] as const) {
    const signatures = readPeSignatures(await readFile(join(work, `${name}.efi`)));
    expect(signatures).toHaveLength(name === 'both' ? 2 : 1);
    for (const signature of signatures) expect(signature.includes(await digestOf(name))).toBe(true);
  }
  expect(await digestOf('own')).toEqual(await digestOf('unsigned'));
});

test('release.json says who signed the kernel, and a firmware knows by that', async () => {
  const signersOf = async (program: string): Promise<readonly Buffer[]> => {
    const directory = join(work, `release-${program}`);
    await mkdir(directory, { recursive: true });
    await writeFile(join(directory, 'usr'), Buffer.alloc(12_288));
    const parts = {
      usr: { file: join(directory, 'usr'), dataBlocks: 1, rootHash: rootOfZeros },
      uki: { file: join(work, `${program}.efi`), name: 'berth_1.1.efi' },
      facts: factsOf('1.1', 2),
    };
    const { uki } = await writeReleaseDirectory(join(directory, 'out'), parts, 1, new AbortController().signal);
    return (uki.signers ?? []).map((signer) => Buffer.from(signer, 'base64'));
  };
  const firmware = firmwareWith({ db: trusting('own') });
  expect((await firmware.foresee(await signersOf('other')))?.why).toBe(stranger);
  expect((await firmware.foresee(await signersOf('unsigned')))?.why).toMatch(/^nobody signed it/);
  expect(await firmware.foresee(await signersOf('own'))).toBeUndefined();
  expect(await firmware.foresee(await signersOf('both'))).toBeUndefined();
  // What is no certificate tells nothing.
  expect(await firmware.foresee([Buffer.from('rubbish')])).toBeUndefined();
});

test('the mark is another one once the firmware trusts others', async () => {
  const marks = await Promise.all(
    [
      { db: trusting('own') },
      { db: trusting('own', 'other') },
      { db: trusting('own'), dbx: trusting('other') },
      { db: trusting('own'), state: 0 },
    ].map(async (lists) => firmwareWith(lists).mark()),
  );
  expect(new Set(marks).size).toBe(4);
  expect(marks[3]).toBeUndefined();
  expect(await firmwareWith({ db: trusting('own') }).mark()).toBe(marks[0]);
});
