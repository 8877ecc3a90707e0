import { chmod, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { blobName } from '../../../src/update/release-manifest.ts';
import { markRelease, promoteRelease, publishRelease } from '../../../src/update/repository/channel-changes.ts';
import { commandSigner, decode } from '../../../src/update/repository/command-signer.ts';
import { createRepository } from '../../../src/update/repository/create.ts';
import { keyFileSigners, makeKeyFile, readPublicKey } from '../../../src/update/repository/key-file.ts';
import { complete, type Signing } from '../../../src/update/repository/publishing.ts';
import { changeKeys } from '../../../src/update/repository/rekey.ts';
import { renew } from '../../../src/update/repository/renewal.ts';
import { Repository } from '../../../src/update/repository/repository.ts';
import { exportRequest, importSignatures, signRequest } from '../../../src/update/repository/signing-request.ts';
import { day, noon, signal, toAll, Workshop } from '../../unit/update/repository/workshop.ts';

let workshop: Workshop;
let all: Signing;

beforeEach(async () => {
  workshop = await Workshop.open();
  const keys = await workshop.keys();
  all = await workshop.signing();
  await createRepository(workshop.repository, keys, { root: 2, channel: 1 }, all);
});

afterEach(async () => workshop.close());

const publish = async (version: string, sequence: number, channel = 'edge', signing = all) =>
  publishRelease(workshop.repository, await workshop.release(version, sequence), channel, toAll, signing);

test('a new repository is one that a host accepts, with empty channels', async () => {
  expect((await workshop.seen('stable')).releases).toEqual([]);
  expect((await workshop.host()).delegated).toEqual(['stable', 'edge']);
  await expect(workshop.seen('beta')).rejects.toMatchObject({ code: 'NOT_FOUND' });
});

test('to make it again changes nothing of it; to make another one in its place is refused', async () => {
  const before = await workshop.files();
  await createRepository(workshop.repository, await workshop.keys(), { root: 2, channel: 1 }, all);
  expect(await workshop.files()).toEqual(before);
  const other = await Workshop.open();
  const another = createRepository(workshop.repository, await other.keys(), { root: 1, channel: 1 }, all);
  await expect(another).rejects.toMatchObject({
    code: 'USAGE',
    message: expect.stringMatching(/is another repository than is asked for: the keys of root are .*; of root, 2 have/),
  });
  await other.close();
  expect(await workshop.files()).toEqual(before);
});

test('too few keys are no repository', async () => {
  const keys = await workshop.keys();
  const directory = join(workshop.directory, 'other');
  await expect(createRepository(directory, keys, { root: 4, channel: 1 }, all)).rejects.toMatchObject({
    code: 'USAGE',
  });
  expect(await Repository.find(directory)).toBeUndefined();
});

test('where there is none, that is said', async () => {
  await expect(Repository.open(join(workshop.directory, 'none'))).rejects.toMatchObject({ code: 'NOT_FOUND' });
});

describe('publishing', () => {
  test('a host sees the release, and its files are there under their digests', async () => {
    const { outcome } = await publish('1.0', 1);
    expect(outcome).toEqual({
      kind: 'published',
      versions: { edge: 2, snapshot: 2, timestamp: 2 },
      missing: [],
      unfit: [],
    });
    const manifest = await workshop.newest('edge');
    expect(manifest).toMatchObject({ version: '1.0', sequence: 1, uki: { name: 'berth_1.0.efi' } });
    const blobs = await readdir(join(workshop.repository, 'targets', 'blobs'));
    expect(blobs.sort()).toEqual([manifest.uki, ...manifest.artifacts].map(blobName).sort());
    expect((await workshop.seen('stable')).releases).toEqual([]);
  });

  test('the same release again changes nothing', async () => {
    await publish('1.0', 1);
    const before = await workshop.files();
    expect((await publish('1.0', 1)).outcome).toMatchObject({ kind: 'published', versions: {} });
    expect(await workshop.files()).toEqual(before);
  });

  test.each<[string, string, number]>([
    ['a lower sequence', '1.2', 1],
    ['the same sequence', '1.2', 2],
    ['the same version, made anew', '1.1', 3],
    ['a version that boot loaders would pass over', '1.0.9', 3],
    ['a version that is the same to boot loaders', '1.01', 3],
  ])('%s is refused', async (_rule, version, sequence) => {
    await publish('1.1', 2);
    const before = await workshop.files();
    await expect(publish(version, sequence)).rejects.toMatchObject({ code: 'RELEASE_REFUSED' });
    expect(await workshop.files()).toEqual(before);
  });

  test('files that are not as the manifest says are refused', async () => {
    const release = await workshop.release('1.0', 1);
    await writeFile(join(release, 'berth_1.0.efi'), 'another kernel');
    await expect(publishRelease(workshop.repository, release, 'edge', toAll, all)).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
    });
    await rm(join(release, 'release.json'));
    await expect(publishRelease(workshop.repository, release, 'edge', toAll, all)).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
  });

  test('an unknown channel is refused', async () => {
    await expect(publish('1.0', 1, 'beta')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  test('a key of one channel says nothing about another', async () => {
    const { outcome } = await publish('1.0', 1, 'stable', await workshop.signing('edge', 'online'));
    expect(outcome).toMatchObject({ kind: 'waiting', missing: [{ role: 'stable', has: 0, needs: 1 }] });
    expect((await workshop.seen('stable')).releases).toEqual([]);
  });

  test('what is offered to whom is part of it', async () => {
    const offer = {
      rollout: { kind: 'ramp', start: '2026-05-01T12:00:00Z', share: 0.1, minutes: 60 },
      barrier: true,
      urgent: true,
    } as const;
    await publishRelease(workshop.repository, await workshop.release('1.0', 1), 'edge', offer, all);
    expect((await workshop.seen('edge')).releases[0]).toMatchObject(offer);
  });
});

describe('a release that was published', () => {
  beforeEach(async () => {
    await publish('1.0', 1);
    await publish('1.1', 2);
  });

  test('is promoted as it is', async () => {
    const rollout = { kind: 'waves', start: '2026-05-01T12:00:00Z', waves: [{ afterMinutes: 0, share: 0.1 }] } as const;
    await promoteRelease(workshop.repository, '1.1', 'edge', 'stable', { ...toAll, rollout }, all);
    const { releases } = await workshop.seen('stable');
    expect(releases).toEqual([{ ...(await workshop.seen('edge')).releases[1], rollout }]);
    expect(await workshop.newest('stable')).toEqual(await workshop.newest('edge'));
    await expect(promoteRelease(workshop.repository, '1.0', 'edge', 'stable', toAll, all)).rejects.toMatchObject({
      code: 'RELEASE_REFUSED',
    });
    await expect(promoteRelease(workshop.repository, '9.9', 'edge', 'stable', toAll, all)).rejects.toMatchObject({
      code: 'NOT_FOUND',
      hint: 'it has 1.0, 1.1',
    });
  });

  test('can be paused, and go on', async () => {
    await markRelease(workshop.repository, '1.1', undefined, { kind: 'paused', reason: 'slow' }, all);
    expect((await workshop.seen('edge')).releases.map(({ paused }) => paused)).toEqual([undefined, 'slow']);
    await expect(promoteRelease(workshop.repository, '1.1', 'edge', 'stable', toAll, all)).rejects.toThrow(/slow/);
    await markRelease(workshop.repository, '1.1', 'edge', { kind: 'resumed' }, all);
    expect((await workshop.seen('edge')).releases.map(({ paused }) => paused)).toEqual([undefined, undefined]);
  });

  test('is revoked everywhere, for good', async () => {
    await promoteRelease(workshop.repository, '1.1', 'edge', 'stable', toAll, all);
    await markRelease(workshop.repository, '1.1', undefined, { kind: 'revoked', reason: 'eats data' }, all);
    for (const channel of ['edge', 'stable'])
      expect((await workshop.seen(channel)).releases.at(-1)).toMatchObject({ revoked: 'eats data' });
    await expect(markRelease(workshop.repository, '1.1', undefined, { kind: 'resumed' }, all)).rejects.toMatchObject({
      code: 'RELEASE_REFUSED',
    });
  });

  test('can be a dead end', async () => {
    await markRelease(workshop.repository, '1.0', 'edge', { kind: 'deadEnd', reason: 'reinstall' }, all);
    expect((await workshop.seen('edge')).releases[0]).toMatchObject({ version: '1.0', deadEnd: 'reinstall' });
  });

  test('must be there', async () => {
    await expect(
      markRelease(workshop.repository, '2.0', undefined, { kind: 'paused', reason: 'x' }, all),
    ).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  test('does not change by being marked the same twice', async () => {
    const mark = async () =>
      markRelease(workshop.repository, '1.1', undefined, { kind: 'paused', reason: 'slow' }, all);
    await mark();
    const before = await workshop.files();
    expect((await mark()).outcome).toMatchObject({ kind: 'published', versions: {} });
    expect(await workshop.files()).toEqual(before);
  });
});

describe('renewing', () => {
  test('keeps the repository alive, with the online key alone', async () => {
    await publish('1.0', 1);
    for (let weeks = 1; weeks <= 8; weeks += 1) {
      workshop.now = noon + weeks * 6 * day;
      await renew(workshop.repository, [], await workshop.signing('online'));
      expect((await workshop.newest('edge')).version).toBe('1.0');
    }
    workshop.now += 8 * day;
    await expect(workshop.host()).rejects.toMatchObject({ details: { refusal: 'expired', role: 'timestamp' } });
  });

  test('takes the keys of the roles that are named', async () => {
    workshop.now = noon + 360 * day;
    const roles = ['root', 'targets', 'stable', 'edge'];
    const partly = await renew(
      workshop.repository,
      roles,
      await workshop.signing('online', 'targets', 'edge', 'stable-1'),
    );
    expect(partly).toMatchObject({ kind: 'waiting', missing: [{ role: 'root', has: 0, needs: 2 }, { role: 'root' }] });
    const repository = await Repository.open(workshop.repository);
    const outcome = await complete(repository, {
      ...(await workshop.signing('root-1', 'root-3', 'online')),
      nowMs: workshop.now,
    });
    expect(outcome).toMatchObject({ kind: 'published', versions: { root: 2 }, missing: [] });
    workshop.now = noon + 366 * day;
    expect((await workshop.seen('stable')).releases).toEqual([]);
  });

  test('an unknown role is refused', async () => {
    await expect(renew(workshop.repository, ['beta'], all)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});

describe('other keys', () => {
  test.each(['root', 'targets', 'snapshot', 'timestamp', 'edge'])('of %s: hosts follow', async (role) => {
    await publish('1.0', 1);
    await workshop.host();
    const before = (await Repository.open(workshop.repository)).authorities(role)[0]!.keyids;
    const fresh = await workshop.key(`${role}-9`);
    const remove = role === 'root' ? before.slice(0, 1) : before;
    await changeKeys(workshop.repository, role, { add: [fresh], remove }, await workshop.signing());
    const after = (await Repository.open(workshop.repository)).authorities(role)[0]!.keyids;
    expect(after).toEqual([...before.filter((id) => !remove.includes(id)), fresh.id]);
    expect((await workshop.newest('edge')).version).toBe('1.0');
    await publish('1.1', 2, 'edge', await workshop.signing());
    expect((await workshop.newest('edge')).version).toBe('1.1');
  });

  test('more than five times in a row, hosts that slept through it follow', async () => {
    await workshop.host();
    for (let round = 4; round < 12; round += 1) {
      const fresh = await workshop.key(`root-${round}`);
      const [oldest = ''] = (await Repository.open(workshop.repository)).newestRoot.roles.root.keyids;
      await changeKeys(
        workshop.repository,
        'root',
        { add: [fresh], remove: [oldest.slice(0, 12)] },
        await workshop.signing(),
      );
    }
    expect((await Repository.open(workshop.repository)).root?.signed.version).toBe(9);
    expect((await workshop.seen('edge')).releases).toEqual([]);
  });

  test('a key that is gone no longer signs', async () => {
    const stolen = await workshop.key('edge');
    const fresh = await workshop.key('edge-2');
    await changeKeys(workshop.repository, 'edge', { add: [fresh], remove: [stolen.id] }, await workshop.signing());
    const { outcome } = await publish('1.0', 1, 'edge', await workshop.signing('edge', 'online'));
    expect(outcome.kind).toBe('waiting');
  });

  test('a new root needs the old keys, too', async () => {
    const fresh = [await workshop.key('root-8'), await workshop.key('root-9')];
    const old = (await workshop.keys()).root.map(({ id }) => id);
    const signing = await workshop.signing('root-8', 'root-9', 'online');
    const outcome = await changeKeys(workshop.repository, 'root', { add: fresh, remove: old }, signing);
    expect(outcome).toMatchObject({ kind: 'waiting', missing: [{ role: 'root', has: 0, needs: 2 }] });
  });

  test.each<[string, { remove?: string[]; threshold?: number }, string]>([
    ['none left', { remove: [''] }, 'USAGE'],
    ['too few for the threshold', { threshold: 3 }, 'USAGE'],
    ['a threshold of none', { threshold: 0 }, 'USAGE'],
    ['an unknown key', { remove: ['zz'] }, 'NOT_FOUND'],
  ])('%s: refused', async (_rule, { remove = [], threshold }, code) => {
    const change = { add: [], remove, ...(threshold === undefined ? {} : { threshold }) };
    await expect(changeKeys(workshop.repository, 'stable', change, all)).rejects.toMatchObject({ code });
  });
});

describe('what waits for signatures', () => {
  test('does not keep others from being published', async () => {
    await publish('1.0', 1, 'stable', await workshop.signing('online'));
    const { outcome } = await publish('1.1', 2, 'edge', await workshop.signing('edge', 'online'));
    expect(outcome).toMatchObject({ kind: 'published', versions: { edge: 2 }, missing: [{ role: 'stable', has: 0 }] });
    expect((await workshop.seen('edge')).releases).toHaveLength(1);
    expect((await workshop.seen('stable')).releases).toEqual([]);
    await complete(await Repository.open(workshop.repository), all);
    expect((await workshop.seen('stable')).releases).toHaveLength(1);
  });

  test('does not keep the timestamp from being renewed', async () => {
    await publish('1.0', 1, 'stable', await workshop.signing('online'));
    workshop.now = noon + 6 * day;
    const outcome = await renew(workshop.repository, [], await workshop.signing('online'));
    expect(outcome).toMatchObject({ kind: 'published', versions: { timestamp: 2 }, missing: [{ role: 'stable' }] });
    workshop.now = noon + 12 * day;
    expect((await workshop.seen('stable')).releases).toEqual([]);
    expect((await Repository.open(workshop.repository)).staged.has('stable')).toBe(true);
  });

  test('an exchange of keys is published whole', async () => {
    const fresh = await workshop.key('edge-9');
    const { id } = await workshop.key('edge');
    const known = await workshop.signing('root-1', 'root-2', 'root-3', 'targets', 'edge', 'online');
    const change = { add: [fresh], remove: [id] };
    // The new key has not signed the channel: who has the old one would be refused.
    expect(await changeKeys(workshop.repository, 'edge', change, known)).toMatchObject({
      kind: 'waiting',
      versions: {},
      missing: [{ role: 'edge', keyIds: [fresh.id] }],
    });
    expect((await workshop.seen('edge')).releases).toEqual([]);
    await complete(await Repository.open(workshop.repository), await workshop.signing('edge-9', 'online'));
    expect((await workshop.seen('edge')).releases).toEqual([]);
    expect((await Repository.open(workshop.repository)).published.get('targets')?.signed.version).toBe(2);
  });

  test('a first root that lacks signatures is nothing yet', async () => {
    const directory = join(workshop.directory, 'other');
    const outcome = await createRepository(
      directory,
      await workshop.keys(),
      { root: 2, channel: 1 },
      await workshop.signing('online', 'root-1'),
    );
    expect(outcome).toMatchObject({ kind: 'waiting', versions: {} });
    expect(outcome.missing.map(({ role }) => role)).toEqual(['edge', 'root', 'stable', 'targets']);
    expect(await readdir(directory)).toEqual(['.staged', 'targets']);
    expect(await complete(await Repository.open(directory), all)).toMatchObject({ kind: 'published', missing: [] });
  });
});

describe('two signatures for a channel', () => {
  beforeEach(async () => {
    await changeKeys(workshop.repository, 'stable', { add: [], remove: [], threshold: 2 }, all);
  });

  test('nothing is published before both are there', async () => {
    const { outcome } = await publish('1.0', 1, 'stable', await workshop.signing('stable-1', 'online'));
    const second = await workshop.key('stable-2');
    expect(outcome).toMatchObject({ missing: [{ role: 'stable', has: 1, needs: 2, keyIds: [second.id] }] });
    expect((await workshop.seen('stable')).releases).toEqual([]);
    const repository = await Repository.open(workshop.repository);
    await complete(repository, await workshop.signing('stable-2', 'online'));
    expect((await workshop.newest('stable')).version).toBe('1.0');
    expect((await Repository.open(workshop.repository)).staged.size).toBe(0);
  });

  test('a change of what waits needs all signatures anew', async () => {
    await publish('1.0', 1, 'stable', await workshop.signing('stable-1', 'online'));
    const { outcome } = await publish('1.1', 2, 'stable', await workshop.signing('stable-2', 'online'));
    expect(outcome).toMatchObject({ kind: 'waiting', missing: [{ role: 'stable', has: 1 }] });
    await complete(await Repository.open(workshop.repository), await workshop.signing('stable-1', 'online'));
    expect((await workshop.seen('stable')).releases.map(({ version }) => version)).toEqual(['1.0', '1.1']);
  });

  test('a machine without a network signs a request', async () => {
    await publish('1.0', 1, 'stable', await workshop.signing('stable-1', 'online'));
    const file = join(workshop.directory, 'request.json');
    expect(await exportRequest(workshop.repository, file)).toMatchObject([
      { role: 'stable', version: 3, signatures: 1 },
    ]);
    const { signers } = await workshop.signing('edge');
    await expect(signRequest(file, signers, signal)).rejects.toMatchObject({ code: 'USAGE' });
    expect(await signRequest(file, (await workshop.signing('stable-2')).signers, signal)).toMatchObject([
      { signatures: 2 },
    ]);
    await importSignatures(workshop.repository, file);
    await complete(await Repository.open(workshop.repository), await workshop.signing('online'));
    expect((await workshop.newest('stable')).version).toBe('1.0');
    await expect(importSignatures(workshop.repository, file)).rejects.toMatchObject({ code: 'USAGE' });
    await expect(exportRequest(workshop.repository, file)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  test('signatures that do not hold are not taken over', async () => {
    await publish('1.0', 1, 'stable', await workshop.signing('stable-1', 'online'));
    const file = join(workshop.directory, 'request.json');
    await exportRequest(workshop.repository, file);
    const request = JSON.parse(await readFile(file, 'utf8')) as { roles: { document: { signatures: unknown[] } }[] };
    const { id } = await workshop.key('stable-2');
    request.roles[0]!.document.signatures.push({ keyid: id, sig: 'ab'.repeat(64) });
    await writeFile(file, JSON.stringify(request));
    expect(await importSignatures(workshop.repository, file)).toMatchObject([{ role: 'stable', signatures: 1 }]);
  });

  test('a request for something else is refused', async () => {
    await publish('1.0', 1, 'stable', await workshop.signing('online'));
    const file = join(workshop.directory, 'request.json');
    await exportRequest(workshop.repository, file);
    await publish('1.1', 2, 'stable', await workshop.signing('online'));
    await expect(importSignatures(workshop.repository, file)).rejects.toMatchObject({ code: 'USAGE' });
    await writeFile(file, '{}');
    await expect(importSignatures(workshop.repository, file)).rejects.toMatchObject({ code: 'CONFIG_UNREADABLE' });
  });
});

describe('a signer command', () => {
  const openssl = (name: string) => `openssl pkeyutl -sign -rawin -inkey ${name} -in /dev/stdin`;

  test('signs as a key file does, whatever form it writes', async () => {
    const key = join(workshop.directory, 'keys', 'edge.key');
    const script = `const {sign} = require('node:crypto'); const {readFileSync} = require('node:fs');
      process.stdout.write(sign(null, readFileSync(0), readFileSync('${key}')).toString(process.argv[1]))`;
    const forms = ['hex', 'base64', 'latin1'];
    for (const [index, form] of forms.entries()) {
      const text = form === 'latin1' ? script.replace('.toString(process.argv[1])', '') : script;
      const signer = commandSigner(`${process.execPath} -e "${text.replaceAll('\n', ' ')}" ${form}`);
      const signing = {
        ...(await workshop.signing('online')),
        signers: [signer, ...(await workshop.signing('online')).signers],
      };
      const { outcome } = await publish(`1.${index}`, index + 1, 'edge', signing);
      expect(outcome.kind).toBe('published');
    }
    expect((await workshop.seen('edge')).releases).toHaveLength(forms.length);
  });

  test('of a stranger is told', async () => {
    const signer = commandSigner('cat >/dev/null; printf %064d 0');
    const { outcome } = await publish('1.0', 1, 'edge', { ...all, signers: [signer] });
    expect(outcome).toMatchObject({ kind: 'waiting', unfit: ['cat >/dev/null; printf %064d 0'] });
  });

  test.each([
    ['exit 3', /exit code 3/],
    ['true', /no signature/],
    ['head -c 100000 /dev/zero', /100000 bytes/],
    [openssl('/none'), /exit code/],
  ])('that fails is told: %s', async (command, message) => {
    await expect(publish('1.0', 1, 'edge', { ...all, signers: [commandSigner(command)] })).rejects.toThrow(message);
  });

  test('writes text or bytes', () => {
    const bytes = Buffer.from(Array.from({ length: 64 }, (_, index) => index * 4));
    for (const text of [bytes.toString('hex'), `${bytes.toString('hex').toUpperCase()}\n`, bytes.toString('base64')])
      expect(decode(Buffer.from(text))).toEqual(bytes);
    expect(decode(bytes)).toEqual(bytes);
  });
});

describe('key files', () => {
  test('are for their owner only, and refused otherwise', async () => {
    const path = join(workshop.directory, 'keys', 'root-1.key');
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    await chmod(path, 0o640);
    await expect(keyFileSigners(path)).rejects.toMatchObject({ code: 'CONFIG_INVALID', hint: `chmod 600 ${path}` });
  });

  test('stay when they are there', async () => {
    const first = await workshop.key('root-1');
    expect(await makeKeyFile(join(workshop.directory, 'keys'), 'root-1')).toMatchObject({ id: first.id, isNew: false });
    expect(await readPublicKey(join(workshop.directory, 'keys', 'root-1.pub'))).toEqual({
      id: first.id,
      document: first.document,
    });
  });

  test('that are none are told', async () => {
    const path = join(workshop.directory, 'nonsense');
    await writeFile(path, 'nonsense', { mode: 0o600 });
    await expect(keyFileSigners(path)).rejects.toMatchObject({ code: 'CONFIG_UNREADABLE' });
    await expect(readPublicKey(path)).rejects.toMatchObject({ code: 'CONFIG_UNREADABLE' });
    await expect(keyFileSigners(`${path}-2`)).rejects.toMatchObject({ code: 'CONFIG_UNREADABLE' });
  });
});

describe('a crash', () => {
  test('before the timestamp: hosts see what was there, and the next command completes it', async () => {
    await publish('1.0', 1);
    const timestamp = join(workshop.repository, 'metadata', 'timestamp.json');
    const before = await readFile(timestamp);
    await publish('1.1', 2, 'edge', await workshop.signing('edge'));
    const staged = await readFile(join(workshop.repository, '.staged', 'edge.json'));
    await complete(await Repository.open(workshop.repository), all);
    await writeFile(timestamp, before);
    await (await Repository.open(workshop.repository)).stage(new Map([['edge', JSON.parse(staged.toString())]]));
    expect((await workshop.newest('edge')).version).toBe('1.0');
    workshop.now += day;
    await complete(await Repository.open(workshop.repository), { ...all, nowMs: workshop.now });
    await rm(join(workshop.directory, 'host'), { recursive: true });
    expect((await workshop.newest('edge')).version).toBe('1.1');
  });

  test('after the timestamp: what is still staged was published', async () => {
    await publish('1.0', 1, 'edge', await workshop.signing('edge'));
    const staged = await readFile(join(workshop.repository, '.staged', 'edge.json'));
    await complete(await Repository.open(workshop.repository), all);
    const repository = await (await Repository.open(workshop.repository)).stage(
      new Map([['edge', JSON.parse(staged.toString())]]),
    );
    expect(repository.staged.size).toBe(0);
  });

  test('damage is found', async () => {
    await publish('1.0', 1);
    const feeds = join(workshop.repository, 'targets', 'edge');
    for (const name of await readdir(feeds)) await writeFile(join(feeds, name), '{}');
    await expect(publish('1.1', 2)).rejects.toMatchObject({ code: 'STORE_CORRUPT' });
    await writeFile(join(workshop.repository, 'metadata', 'timestamp.json'), '{');
    await expect(Repository.open(workshop.repository)).rejects.toMatchObject({ code: 'STORE_CORRUPT' });
  });
});
