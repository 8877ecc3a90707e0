import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { markRelease, publishRelease } from '../../../src/update/repository/channel-changes.ts';
import { createRepository } from '../../../src/update/repository/create.ts';
import type { PublicKey } from '../../../src/update/repository/key-file.ts';
import { complete, type Outcome, type Signing } from '../../../src/update/repository/publishing.ts';
import { changeKeys } from '../../../src/update/repository/rekey.ts';
import { renew } from '../../../src/update/repository/renewal.ts';
import { Repository } from '../../../src/update/repository/repository.ts';
import { exportRequest, importSignatures, signRequest } from '../../../src/update/repository/signing-request.ts';
import { day, noon, signal, toAll, Workshop } from '../../unit/update/repository/workshop.ts';

/** Two persons sign `stable`; each of them has all other keys, too, but the other one's. */
let workshop: Workshop;
let first: Signing;
let second: Signing;

const others = ['root-1', 'root-2', 'targets', 'edge', 'online'] as const;

beforeEach(async () => {
  workshop = await Workshop.open();
  const keys = await workshop.keys();
  await createRepository(workshop.repository, keys, { root: 2, channel: 1 }, await workshop.signing());
  const change = { add: [], remove: [], threshold: 2 };
  await changeKeys(workshop.repository, 'stable', change, await workshop.signing());
  first = await workshop.signing('stable-1', ...others);
  second = await workshop.signing('stable-2', ...others);
});

afterEach(async () => workshop.close());

const publish = async (version: string, sequence: number, channel: string, signing: Signing): Promise<Outcome> =>
  (await publishRelease(workshop.repository, await workshop.release(version, sequence), channel, toAll, signing))
    .outcome;
const open = async (): Promise<Repository> => Repository.open(workshop.repository);
const signaturesOf = async (role: string): Promise<number | undefined> =>
  (await open()).staged.get(role)?.signatures.length;

describe('a release that waits for a second signature', () => {
  beforeEach(async () => {
    await publish('0.9', 1, 'stable', first);
    await complete(await open(), second);
    await publish('1.0', 2, 'edge', first);
    await publish('1.0', 2, 'stable', first);
  });

  const keepsWaiting = async (): Promise<void> => {
    expect((await workshop.seen('stable')).releases.map(({ version }) => version)).toEqual(['0.9']);
    const { id } = await workshop.key('stable-1');
    expect((await open()).staged.get('stable')?.signatures.map(({ keyid }) => keyid)).toEqual([id]);
  };

  const commands: [string, () => Promise<Outcome>][] = [
    ['a refresh', async () => renew(workshop.repository, [], second)],
    ['a refresh of another role', async () => renew(workshop.repository, ['edge', 'targets', 'root'], second)],
    ['a publication in another channel', async () => publish('1.1', 3, 'edge', second)],
    [
      'a pause in another channel',
      async () =>
        (await markRelease(workshop.repository, '1.0', 'edge', { kind: 'paused', reason: 'x' }, second)).outcome,
    ],
    [
      'an exchange of keys of another channel',
      async () => changeKeys(workshop.repository, 'edge', { add: [await workshop.key('edge-2')], remove: [] }, second),
    ],
  ];

  test.each(commands)('is not signed by %s', async (_, command) => {
    expect(await command()).toMatchObject({
      kind: 'published',
      missing: [{ role: 'stable', version: 4, has: 1, needs: 2 }],
    });
    await keepsWaiting();
  });

  test('is not signed by an init of the same repository', async () => {
    await createRepository(workshop.repository, await workshop.keys(), { root: 2 }, second);
    await keepsWaiting();
  });

  test('is not signed by a refresh of its channel: what waits there is more than that', async () => {
    expect(await renew(workshop.repository, ['stable'], second)).toMatchObject({
      kind: 'waiting',
      versions: { timestamp: 5 },
      missing: [{ role: 'stable', has: 1, needs: 2 }],
    });
    await keepsWaiting();
  });

  test('is not signed by a command for its channel that has been done already', async () => {
    const before = await workshop.files();
    expect(await publish('0.9', 1, 'stable', second)).toMatchObject({ kind: 'published', versions: {} });
    expect(await workshop.files()).toEqual(before);
  });

  test('is not signed by an exchange of keys of its channel, which waits for it', async () => {
    const add = [await workshop.key('stable-3')];
    const signing = await workshop.signing('stable-2', 'stable-3', ...others);
    const outcome = await changeKeys(workshop.repository, 'stable', { add, remove: [], threshold: 2 }, signing);
    expect(outcome).toMatchObject({ kind: 'waiting', missing: [{ role: 'stable', has: 1, needs: 2 }] });
    await keepsWaiting();
    await complete(await open(), signing);
    expect((await workshop.seen('stable')).releases.map(({ version }) => version)).toEqual(['0.9', '1.0']);
  });

  test.each<[string, () => Promise<Outcome>]>([
    ['sign', async () => complete(await open(), second)],
    ['the same publication again', async () => publish('1.0', 2, 'stable', second)],
  ])('is signed by %s', async (_, command) => {
    expect(await command()).toMatchObject({ kind: 'published', versions: { stable: 4 }, missing: [] });
    expect((await workshop.newest('stable')).version).toBe('1.0');
  });

  test('goes out with the next snapshot once it has all signatures', async () => {
    await complete(await open(), await workshop.signing('stable-2'));
    expect(await signaturesOf('stable')).toBe(2);
    expect(await renew(workshop.repository, [], await workshop.signing('online'))).toMatchObject({
      kind: 'published',
      versions: { stable: 4 },
      missing: [],
    });
    expect((await workshop.newest('stable')).version).toBe('1.0');
  });
});

test('what another process published meanwhile is published', async () => {
  await publish('1.0', 1, 'edge', await workshop.signing('edge'));
  const late = await open();
  await complete(await open(), first);
  expect(await complete(late, first, ['edge'])).toMatchObject({ kind: 'published', missing: [] });
});

describe('a renewal that is begun', () => {
  test('is signed further by the same command', async () => {
    const one = await renew(workshop.repository, ['root'], await workshop.signing('root-1', 'online'));
    expect(one).toMatchObject({ kind: 'waiting', missing: [{ role: 'root', has: 1 }, { has: 1 }] });
    workshop.now = noon + day;
    const two = await renew(workshop.repository, ['root'], await workshop.signing('root-2', 'online'));
    expect(two).toMatchObject({ kind: 'published', versions: { root: 2 }, missing: [] });
  });

  test('stays what a request asked for', async () => {
    await renew(workshop.repository, ['stable'], await workshop.signing('stable-1', 'online'));
    const file = join(workshop.directory, 'request.json');
    await exportRequest(workshop.repository, file);
    await signRequest(file, (await workshop.signing('stable-2')).signers, signal);
    workshop.now = noon + day;
    await renew(workshop.repository, ['stable'], await workshop.signing('stable-1', 'online'));
    expect(await importSignatures(workshop.repository, file)).toMatchObject([{ role: 'stable', signatures: 2 }]);
  });

  test('is begun anew when what waits would expire soon itself', async () => {
    await renew(workshop.repository, ['stable'], await workshop.signing('stable-1', 'online'));
    workshop.now = noon + 160 * day;
    await renew(workshop.repository, ['stable'], await workshop.signing('stable-2', 'online'));
    const { expires, version } = (await open()).staged.get('stable')!.signed;
    expect([version, Date.parse(expires)]).toEqual([3, noon + 340 * day]);
    expect(await signaturesOf('stable')).toBe(1);
  });
});

describe('an exchange of keys that is begun', () => {
  const again = async (role: string, fresh: string, signers: readonly string[]): Promise<Outcome> => {
    const old = (await workshop.key(role === 'edge' ? 'edge' : role)).id.slice(0, 16);
    const change = { add: [await workshop.key(fresh)], remove: [old] };
    return changeKeys(workshop.repository, role, change, await workshop.signing(...signers));
  };

  test.each<[string, string[], string[], Record<string, number>]>([
    ['online', ['root-1'], ['root-2', 'online-9'], { root: 2 }],
    ['targets', ['root-1', 'targets-9'], ['root-2', 'online'], { root: 2, targets: 3 }],
    ['edge', ['targets'], ['edge-9', 'online'], { edge: 2, targets: 3 }],
    ['edge', ['edge-9'], ['targets', 'online'], { edge: 2, targets: 3 }],
  ])('of %s: is signed further by the same command', async (role, one, two, versions) => {
    await workshop.key(`${role}-9`);
    expect(await again(role, `${role}-9`, one)).toMatchObject({ kind: 'waiting', versions: {} });
    workshop.now = noon + day;
    expect(await again(role, `${role}-9`, two)).toMatchObject({ kind: 'published', versions, missing: [] });
    expect((await workshop.seen('stable')).releases).toEqual([]);
    const before = await workshop.files();
    await expect(again(role, `${role}-9`, two)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(await workshop.files()).toEqual(before);
  });

  test.each([
    'root',
    'targets',
    'online',
    'edge',
  ])('of %s: keys that are there already change nothing', async (role) => {
    const before = await workshop.files();
    const add = [await workshop.key(role === 'root' ? 'root-1' : role)];
    for (const change of [
      { add, remove: [] },
      { add, remove: [], threshold: role === 'root' ? 2 : 1 },
    ])
      expect(await changeKeys(workshop.repository, role, change, first)).toMatchObject({
        kind: 'published',
        versions: {},
        missing: [],
      });
    expect(await workshop.files()).toEqual(before);
  });

  test('of another channel is not signed by one that changes nothing', async () => {
    await changeKeys(
      workshop.repository,
      'stable',
      { add: [], remove: [], threshold: 1 },
      await workshop.signing('online'),
    );
    await changeKeys(workshop.repository, 'edge', { add: [await workshop.key('edge')], remove: [] }, first);
    expect(await signaturesOf('targets')).toBe(0);
  });

  test('of online: until the new key signs, the old one keeps the repository alive', async () => {
    await workshop.key('online-9');
    expect(await again('online', 'online-9', ['root-1', 'root-2'])).toMatchObject({ kind: 'waiting', versions: {} });
    workshop.now = noon + 6 * day;
    expect(await renew(workshop.repository, [], await workshop.signing('online'))).toMatchObject({
      kind: 'published',
      versions: { snapshot: 3, timestamp: 3 },
      missing: [{ role: 'snapshot' }, { role: 'timestamp' }],
    });
    workshop.now = noon + 12 * day;
    await workshop.host();
    expect(await renew(workshop.repository, [], await workshop.signing('online-9'))).toMatchObject({
      kind: 'published',
      versions: { root: 2, timestamp: 4 },
      missing: [],
    });
    await workshop.host();
  });

  test('that only adds a key is whole although its channel went out before', async () => {
    const add = [await workshop.key('edge-9')];
    const change = { add, remove: [] };
    await changeKeys(workshop.repository, 'edge', change, await workshop.signing('edge', 'online'));
    const outcome = await changeKeys(workshop.repository, 'edge', change, await workshop.signing('targets', 'online'));
    expect(outcome).toMatchObject({ kind: 'published', versions: { targets: 3 }, missing: [] });
  });
});

describe('--remove', () => {
  test.each<[string, string, string]>([
    ['an empty id', '', 'USAGE'],
    ['an id that no key has', 'zz', 'NOT_FOUND'],
  ])('of %s is refused, and names the keys', async (_, start, code) => {
    const before = await workshop.files();
    const { id } = await workshop.key('edge');
    const change = { add: [await workshop.key('edge-2')], remove: [start] };
    await expect(changeKeys(workshop.repository, 'edge', change, first)).rejects.toMatchObject({
      code,
      hint: expect.stringContaining(id),
    });
    expect(await workshop.files()).toEqual(before);
  });

  test('of a beginning that two keys have is refused, and names them; one digit more is enough', async () => {
    // Among seventeen ids two begin with the same digit.
    const made: PublicKey[] = [];
    for (let index = 0; index < 17; index += 1) made.push(await workshop.key(`more-${index}`));
    const pair = made
      .flatMap((a, index) => made.slice(index + 1).map((b) => [a, b] as const))
      .find(([a, b]) => a.id[0] === b.id[0])!;
    await changeKeys(workshop.repository, 'edge', { add: pair, remove: [] }, first);
    const before = await workshop.files();
    const remove = async (start: string): Promise<Outcome> =>
      changeKeys(workshop.repository, 'edge', { add: [], remove: [start] }, first);
    await expect(remove(pair[0].id.slice(0, 1))).rejects.toMatchObject({
      code: 'USAGE',
      hint: expect.stringMatching(new RegExp(`${pair[0].id}.*${pair[1].id}`)),
    });
    expect(await workshop.files()).toEqual(before);
    expect(await remove(pair[0].id.slice(0, 32))).toMatchObject({ kind: 'published' });
    expect((await open()).authorities('edge')[0]?.keyids).toContain(pair[1].id);
  });
});
