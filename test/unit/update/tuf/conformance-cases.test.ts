import { generateKeyPairSync, sign } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { Host } from './host.ts';
import { day, noon, Simulator, time } from './simulator.ts';
import { type KeyKind, makeKey } from './test-key.ts';

/** Cases of tuf-conformance that `tuf-client.test.ts` has no room for; its README lists all of them. */
let repository: Simulator;
let host: Host;

beforeEach(async () => {
  repository = new Simulator();
  host = await Host.open(repository);
});

afterEach(async () => host.close());

/** All roles, once more. */
function publishAll(): void {
  repository.publishRoot();
  repository.targets.version += 1;
  repository.updateSnapshot();
}

test.each([
  ['root', 'root 1'],
  ['timestamp', 'root 2'],
  ['snapshot', 'root 2, timestamp 2'],
  ['targets', 'root 2, timestamp 2, snapshot 2'],
])('a %s that nobody signed is not taken over, what comes before it is', async (role, trusted) => {
  repository.signers.set(role, []);
  publishAll();
  expect(await host.refresh()).toBe(`threshold of ${role}`);
  expect(await host.trusted()).toBe(trusted);
});

test.each<[string, KeyKind, object]>([
  ['of RSA-PSS under PKCS #1’s name', 'rsa', { scheme: 'rsa-pkcs1v15-sha256' }],
  ['of PKCS #1 under RSA-PSS’s name', 'rsa-pkcs1v15', { scheme: 'rsassa-pss-sha256' }],
  ['of another kind of key under PKCS #1’s name', 'ecdsa', { keytype: 'rsa', scheme: 'rsa-pkcs1v15-sha256' }],
  ['of PKCS #1 by a key that is no PEM', 'rsa-pkcs1v15', { keyval: { public: 'no key' } }],
])('a signature %s counts for nothing', async (_what, kind, otherwise) => {
  const key = makeKey(kind);
  repository.root.roles.timestamp.keyids = [];
  repository.signers.delete('timestamp');
  repository.addKey('timestamp', { ...key, document: { ...key.document, ...otherwise } });
  repository.publishRoot();
  expect(await host.refresh()).toBe('threshold of timestamp');
});

test('a PKCS #1 key whose private half everybody can read counts for nothing', async () => {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  repository.root.roles.timestamp.keyids = [];
  repository.signers.delete('timestamp');
  repository.addKey('timestamp', {
    id: 'known',
    document: { keytype: 'rsa', scheme: 'rsa-pkcs1v15-sha256', keyval: { public: pem } },
    sign: (bytes) => sign('sha256', bytes, privateKey).toString('hex'),
  });
  repository.publishRoot();
  expect(await host.refresh()).toBe('threshold of timestamp');
});

test.each([
  ['timestamp', 'timestamp.json', 'root 1, timestamp 1, snapshot 1, targets 1'],
  ['snapshot', '2.snapshot.json', 'root 1, timestamp 2, snapshot 1, targets 1'],
  ['targets', '2.targets.json', 'root 1, timestamp 2, snapshot 2, targets 1'],
] as const)('a %s that the server does not have', async (role, name, trusted) => {
  await host.refresh();
  repository.targets.version += 1;
  repository.updateSnapshot();
  repository.absent.add(name);
  expect(await host.refresh()).toBe(`missing of ${role}`);
  expect(repository.requests.at(-1)).toBe(name);
  expect(await host.trusted()).toBe(trusted);
});

test('a snapshot that looks like a timestamp, and is signed like one, is none', async () => {
  for (const key of repository.signers.get('timestamp') ?? []) repository.addKey('snapshot', key);
  repository.publishRoot();
  const likeTimestamp = { ...repository.snapshot, version: 2, meta: { 'snapshot.json': { version: 1 } } };
  repository.instead.set('timestamp.json', repository.sign('snapshot', likeTimestamp));
  expect(await host.refresh()).toBe('malformed of timestamp');
  expect(await host.trusted()).toBe('root 2');
});

test('metadata is stored as it came, byte for byte', async () => {
  const content = Buffer.concat([repository.sign('timestamp', repository.timestamp), Buffer.from(' \n')]);
  repository.instead.set('timestamp.json', content);
  expect(await host.refresh()).toBe('done');
  const [current] = await host.store.load();
  expect(Buffer.from(current?.files.get('timestamp') ?? [])).toEqual(content);
});

test('a key’s deprecated keyid_hash_algorithms says nothing', async () => {
  const { document, ...key } = makeKey();
  repository.signers.delete('snapshot');
  repository.root.roles.snapshot.keyids = [];
  repository.addKey('snapshot', { ...key, document: Object.assign({ keyid_hash_algorithms: 'md5' }, document) });
  publishAll();
  expect(await host.refresh()).toBe('done');
  expect(await host.trusted()).toContain('root 2, timestamp 2, snapshot 2');
});

test('a threshold that is higher than there are keys is never reached', async () => {
  for (let more = 0; more < 4; more += 1) repository.addKey('snapshot', makeKey());
  repository.root.roles.snapshot.threshold = 6;
  publishAll();
  expect(await host.refresh()).toBe('threshold of snapshot');
  expect(await host.trusted()).toBe('root 2, timestamp 2');
});

test('a good signature under a stranger’s id, or a plausible one of another key, counts for nothing', async () => {
  const [first] = repository.signers.get('root') ?? [];
  const second = makeKey('ecdsa');
  repository.addKey('root', second);
  repository.root.roles.root.threshold = 2;
  repository.publishRoot();
  expect(await host.refresh()).toBe('done');
  if (first === undefined) throw new Error('the root has no key');
  repository.signers.set('root', [first, { ...second, sign: makeKey('ecdsa').sign }]);
  repository.publishRoot();
  expect(await host.refresh()).toBe('threshold of root');
  expect(await host.trusted()).toContain('root 2');
});

test('a target with both digests is asked for once, by one of them', async () => {
  repository.addArtifact('targets', 'file', 'content', 'sha512');
  const { hashes } = repository.targets.targets['file']!;
  repository.addArtifact('targets', 'file', 'content');
  Object.assign(hashes, repository.targets.targets['file']!.hashes);
  repository.targets.targets['file']!.hashes = hashes;
  expect(await host.download('file')).toBe('content');
  const asked = repository.requests.filter((name) => name.endsWith('.file'));
  expect(asked).toHaveLength(1);
  expect(Object.values(hashes).map((hash) => `${hash}.file`)).toContain(asked[0]);
  hashes['sha512'] = '0'.repeat(128);
  repository.targets.version += 1;
  repository.updateSnapshot();
  expect(await host.download('file')).toBe('mix-and-match of file');
});

test('a delegated role that was good and has expired is not used any more, a newer one is', async () => {
  repository.root.expires = time(noon + 99 * day);
  repository.publishRoot();
  for (const role of [repository.timestamp, repository.snapshot, repository.targets])
    role.expires = time(noon + 99 * day);
  const role = repository.delegate('targets', { name: 'delegated' });
  role.expires = time(noon + 7 * day);
  repository.addArtifact('delegated', 'first', 'one');
  repository.addArtifact('delegated', 'second', 'two');
  repository.updateSnapshot();
  expect(await host.download('first')).toBe('one');
  host.now = noon + 18 * day;
  expect(await host.refresh()).toBe('done');
  expect(await host.download('second')).toBe('expired of delegated');
  Object.assign(role, { version: 2, expires: time(noon + 21 * day) });
  repository.updateSnapshot();
  expect(await host.download('second')).toBe('two');
  expect(await host.trusted()).toContain('delegated 2');
});

test('bins are found by the hash of a path', async () => {
  const key = makeKey();
  const bins = Array.from({ length: 4 }, (_, index) => `bin-${index}`);
  for (const bin of bins) {
    repository.delegated.set(bin, { ...repository.targets, targets: {} });
    repository.addSigner(bin, key);
  }
  Object.assign(repository.targets, {
    delegations: {
      keys: { [key.id]: key.document },
      succinct_roles: { keyids: [key.id], threshold: 1, bit_length: 2, name_prefix: 'bin' },
    },
  });
  // SHA-256 of "some/file" begins with the bits that its bin is called by.
  repository.addArtifact('bin-2', 'some/file', 'of its bin');
  repository.updateSnapshot();
  expect(await host.download('some/file')).toBe('of its bin');
  expect(repository.requests.filter((name) => name.includes('bin-'))).toEqual(['1.bin-2.json']);
});

test.each(['.', '..'])('a role may be called %s', async (name) => {
  repository.delegate('targets', { name });
  repository.addArtifact(name, 'file', 'content');
  repository.updateSnapshot();
  expect(await host.download('file')).toBe('content');
});

test('every case that README.md says is covered here has a test of that title', async () => {
  const readme = await readFile(join(import.meta.dirname, '../../../conformance/README.md'), 'utf8');
  const rows = [...readme.matchAll(/^\| `(test_\w+)`[^|]*\| [^|]+\| (.+) \|$/gm)];
  expect(rows.length).toBeGreaterThanOrEqual(40);
  const tests = (await readdir(import.meta.dirname)).filter((file) => file.endsWith('.test.ts'));
  const others = ['languages/tuf-interop.test.ts', 'engine/update/conformance-client.test.ts'];
  const files = [...tests, ...others.map((file) => join('../../..', file))];
  const texts = await Promise.all(files.map(async (file) => readFile(join(import.meta.dirname, file), 'utf8')));
  const all = texts.join('\n');
  const missing = rows.flatMap(([, name = '', cell = '']) =>
    [...cell.matchAll(/“([^”]+)”/g)].flatMap(([, title = '']) => (all.includes(title) ? [] : [`${name}: ${title}`])),
  );
  expect(missing).toEqual([]);
});
