import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { Host, signal } from './host.ts';
import { day, noon, Simulator, time } from './simulator.ts';
import { type KeyKind, makeKey } from './test-key.ts';

let repository: Simulator;
let host: Host;

beforeEach(async () => {
  repository = new Simulator();
  host = await Host.open(repository);
});

afterEach(async () => host.close());

describe('refresh', () => {
  test('asks for what the specification says, in its order', async () => {
    expect(await host.refresh()).toBe('done');
    expect(repository.requests).toEqual(['2.root.json', 'timestamp.json', '1.snapshot.json', '1.targets.json']);
    expect(await host.trusted()).toBe('root 1, timestamp 1, snapshot 1, targets 1');
  });

  test('does not ask again for what it has', async () => {
    await host.refresh();
    repository.requests.length = 0;
    await host.refresh();
    expect(repository.requests).toEqual(['2.root.json', 'timestamp.json']);
  });

  test('tells when the metadata expires', async () => {
    repository.timestamp.expires = time(noon + day);
    const client = host.client();
    await client.refresh(signal);
    expect(client.expiries).toEqual([
      { role: 'root', expires: time(noon + 30 * day) },
      { role: 'timestamp', expires: time(noon + day) },
      { role: 'snapshot', expires: time(noon + 30 * day) },
      { role: 'targets', expires: time(noon + 30 * day) },
    ]);
  });

  test('tells when a role expires that a target was found by', async () => {
    repository.delegate('targets', { name: 'stable' }).expires = time(noon + 2 * day);
    repository.addArtifact('stable', 'a', 'content');
    repository.targets.version += 1;
    repository.updateSnapshot();
    const client = host.client();
    await client.refresh(signal);
    await client.find('a', signal);
    expect(client.expiries.at(-1)).toEqual({ role: 'stable', expires: time(noon + 2 * day) });
  });

  test('without consistent snapshots, names have no versions', async () => {
    repository.root.consistent_snapshot = false;
    repository.publishRoot();
    repository.addArtifact('targets', 'a/b', 'content');
    expect(await host.download('a/b')).toBe('content');
    expect(repository.requests.slice(-4)).toEqual(['timestamp.json', 'snapshot.json', 'targets.json', 'a/b']);
  });

  test('fields that it does not know are part of what is signed', async () => {
    Object.assign(repository.root, { 'custom-field': { b: [1, 'ü', null], a: true } });
    Object.assign(repository.root.roles.root, { 'another-field': 'value' });
    repository.publishRoot();
    expect(await host.refresh()).toBe('done');
    expect(await host.trusted()).toContain('root 2');
  });

  test.each<[string, () => void, string]>([
    ['no timestamp', () => repository.instead.set('timestamp.json', Buffer.from('')), 'malformed of timestamp'],
    ['JSON null', () => repository.instead.set('timestamp.json', Buffer.from('null')), 'malformed of timestamp'],
    ['another type', () => repository.instead.set('timestamp.json', repository.roots[0]!), 'malformed of timestamp'],
    [
      'a version that is no number',
      () => Object.assign(repository.timestamp, { version: '1' }),
      'malformed of timestamp',
    ],
    ['a version below 0', () => (repository.timestamp.version = -1), 'malformed of timestamp'],
    ['version 0', () => (repository.snapshot.version = 0), 'malformed of snapshot'],
    ['a time without end', () => (repository.timestamp.expires = 'never'), 'malformed of timestamp'],
    [
      'a time that there is not',
      () => (repository.timestamp.expires = '2027-13-45T99:99:99Z'),
      'malformed of timestamp',
    ],
    ['a time in another form', () => (repository.timestamp.expires = '2027-01-01'), 'malformed of timestamp'],
    ['another specification', () => (repository.timestamp.spec_version = '2.0.0'), 'malformed of timestamp'],
    ['an empty snapshot', () => repository.instead.set('1.snapshot.json', Buffer.alloc(0)), 'malformed of snapshot'],
  ])('refuses %s', async (_rule, change, refusal) => {
    change();
    expect(await host.refresh()).toBe(refusal);
  });

  test('bytes that are no UTF-8 are refused', async () => {
    repository.instead.set('timestamp.json', Buffer.from([0x22, 0xff, 0x22]));
    expect(await host.refresh()).toBe('malformed of timestamp');
  });
});

describe('an image whose root does not hold', () => {
  test.each<[string, (root: { signed: Record<string, unknown>; signatures: { sig: string }[] }) => void, string]>([
    ['has no version', ({ signed }) => delete signed['version'], 'malformed of root'],
    ['is not signed by its keys', ({ signatures }) => (signatures[0]!.sig = '3045'), 'threshold of root'],
  ])('asks for nothing when it %s', async (_rule, change, refusal) => {
    const root = JSON.parse(Buffer.from(host.shippedRoot).toString()) as Parameters<typeof change>[0];
    change(root);
    host.shippedRoot = Buffer.from(JSON.stringify(root));
    expect(await host.refresh()).toBe(refusal);
    expect(repository.requests).toEqual([]);
  });
});

describe('root rotation', () => {
  interface Version {
    readonly keys: readonly number[];
    readonly threshold: number;
    readonly signers: readonly number[];
  }
  const v = (keys: string, threshold: number, signers: string): Version => ({
    keys: Array.from(keys, Number),
    threshold,
    signers: Array.from(signers, Number),
  });

  test.each<[string, readonly Version[], string]>([
    ['one key by another', [v('1', 1, '1'), v('2', 1, '21'), v('2', 1, '2')], 'done'],
    ['signatures of strangers', [v('1', 1, '314'), v('2', 1, '3214'), v('2', 1, '324')], 'done'],
    ['three of five', [v('01234', 3, '024'), v('01234', 3, '041'), v('01234', 3, '013')], 'done'],
    ['one of five', [v('01234', 3, '024'), v('01345', 3, '041')], 'done'],
    ['one of five, with a step between', [v('01234', 3, '024'), v('01345', 3, '0245'), v('01345', 3, '045')], 'done'],
    ['all of five', [v('01234', 3, '024'), v('56789', 3, '024567'), v('56789', 3, '567')], 'done'],
    ['a higher threshold', [v('123', 1, '1'), v('123', 2, '12')], 'done'],
    ['a lower threshold', [v('123', 2, '12'), v('123', 1, '12'), v('123', 1, '1')], 'done'],
    ['a second key', [v('1', 1, '1'), v('12', 2, '12')], 'done'],
    ['more than five roots', Array.from({ length: 9 }, (_, i) => v(`${i}`, 1, i === 0 ? '0' : `${i - 1}${i}`)), 'done'],
    ['not signed by the old key', [v('1', 1, '1'), v('2', 1, '234')], 'threshold of root'],
    ['not signed by the new key', [v('1', 1, '1'), v('2', 1, '134')], 'threshold of root'],
    ['too few of the new keys', [v('01234', 3, '024'), v('01345', 3, '024')], 'threshold of root'],
    ['too few of the old keys', [v('01234', 3, '024'), v('01345', 3, '045')], 'threshold of root'],
    ['the new threshold not reached', [v('123', 1, '1'), v('123', 2, '2')], 'threshold of root'],
    ['the old threshold not reached', [v('123', 2, '12'), v('123', 1, '1')], 'threshold of root'],
  ])('%s', async (_rule, versions, result) => {
    const keys = Array.from({ length: 10 }, () => makeKey());
    repository.roots.length = 0;
    for (const { keys: listed, threshold, signers } of versions) {
      repository.root.roles.root = { keyids: [], threshold };
      for (const index of listed) repository.addKey('root', keys[index]!);
      repository.signers.set(
        'root',
        signers.map((index) => keys[index]!),
      );
      repository.publishRoot();
    }
    host.shippedRoot = repository.roots[0]!;
    expect(await host.refresh()).toBe(result);
    const last = versions.length - (result === 'done' ? 0 : 1);
    expect(await host.trusted()).toContain(`root ${last}`);
  });

  test('a root that leaves out versions is refused', async () => {
    repository.publishRoot();
    repository.publishRoot();
    repository.instead.set('2.root.json', repository.roots[2]!);
    expect(await host.refresh()).toBe('rollback of root');
  });

  test('newer roots are kept even when what follows fails', async () => {
    repository.publishRoot();
    repository.instead.set('timestamp.json', Buffer.from('{'));
    expect(await host.refresh()).toBe('malformed of timestamp');
    expect(await host.trusted()).toBe('root 2');
  });

  test('an image with a newer root than the store is believed', async () => {
    await host.refresh();
    host.shippedRoot = repository.publishRoot();
    repository.requests.length = 0;
    expect(await host.refresh()).toBe('done');
    expect(repository.requests[0]).toBe('3.root.json');
    expect(await host.trusted()).toContain('root 2');
  });

  test('an image with an older root than the store is not', async () => {
    repository.publishRoot();
    await host.refresh();
    repository.requests.length = 0;
    expect(await host.refresh()).toBe('done');
    expect(repository.requests[0]).toBe('3.root.json');
  });

  test('an image with an older root than the one this host began with goes on from what is stored', async () => {
    const [first] = repository.roots;
    host.shippedRoot = repository.publishRoot();
    repository.publishRoot();
    repository.timestamp.version = 5;
    await host.refresh();
    host.shippedRoot = first ?? Buffer.alloc(0);
    repository.timestamp.version = 4;
    repository.requests.length = 0;
    expect(await host.refresh()).toBe('rollback of timestamp');
    expect(repository.requests[0]).toBe('4.root.json');
  });

  test('back to an image with an older root, roots that it was never led to by the repository are kept', async () => {
    const [first] = repository.roots;
    await host.refresh();
    repository.publishRoot();
    host.shippedRoot = repository.publishRoot();
    await host.refresh();
    host.shippedRoot = first ?? Buffer.alloc(0);
    repository.requests.length = 0;
    expect(await host.refresh()).toBe('done');
    expect(repository.requests[0]).toBe('4.root.json');
  });

  test('the same root in other bytes is the same root', async () => {
    repository.timestamp.version = 5;
    await host.refresh();
    host.shippedRoot = Buffer.concat([host.shippedRoot, Buffer.from('\n')]);
    repository.timestamp.version = 4;
    expect(await host.refresh()).toBe('rollback of timestamp');
  });

  describe('another repository’s root takes the place of what is stored', () => {
    let other: Simulator;
    let otherHost: Host;
    beforeEach(async () => {
      repository.publishRoot();
      await host.refresh();
      other = new Simulator();
      otherHost = await Host.open(other, host.directory);
    });

    test('of a lower version', async () => {
      expect(await otherHost.refresh()).toBe('done');
      expect(await otherHost.trusted()).toBe('root 1, timestamp 1, snapshot 1, targets 1');
    });

    test('of the same version', async () => {
      otherHost.shippedRoot = other.publishRoot();
      expect(await otherHost.refresh()).toBe('done');
    });

    test('of a higher version, also when the clock was far ahead in the other’s days', async () => {
      repository.root.expires = time(noon + 9999 * day);
      for (const role of [repository.timestamp, repository.snapshot, repository.targets])
        role.expires = repository.root.expires;
      repository.publishRoot();
      repository.targets.version += 1;
      repository.updateSnapshot();
      host.now = noon + 999 * day;
      expect(await host.refresh()).toBe('done');
      for (let version = 2; version <= 4; version += 1) otherHost.shippedRoot = other.publishRoot();
      expect(await otherHost.refresh()).toBe('done');
    });

    test('and the first repository is no longer believed', async () => {
      otherHost.shippedRoot = other.publishRoot();
      await otherHost.refresh();
      host.shippedRoot = otherHost.shippedRoot;
      expect(await host.refresh()).toMatch(/^threshold of/);
    });

    test('until its root is declared again', async () => {
      await otherHost.refresh();
      expect(await host.refresh()).toBe('done');
      expect(await host.trusted()).toBe('root 2, timestamp 1, snapshot 1, targets 1');
    });
  });

  test('no more than 256 roots in one refresh', async () => {
    for (let count = 0; count < 260; count += 1) repository.publishRoot();
    await host.refresh();
    expect(repository.requests.filter((name) => name.endsWith('.root.json'))).toHaveLength(256);
  });
});

describe('keys of the other roles', () => {
  const roles = ['timestamp', 'snapshot', 'targets'] as const;
  test.each<[string, string, number, string, boolean]>([
    ['one key by another', '2', 1, '2', true],
    ['signatures of strangers', '1', 1, '314', true],
    ['three of five', '01234', 3, '024', true],
    ['other three of five', '01234', 3, '234', true],
    ['not signed by the new key', '2', 1, '134', false],
    ['one signature of a stranger', '01345', 3, '024', false],
    ['a signature too few', '01345', 3, '04', false],
  ])('%s', async (_rule, listed, threshold, signers, isAccepted) => {
    for (const role of roles) {
      const keys = Array.from({ length: 6 }, () => makeKey());
      repository = new Simulator();
      await host.close();
      host = await Host.open(repository);
      repository.root.roles[role] = { keyids: [], threshold };
      for (const index of Array.from(listed, Number)) repository.addKey(role, keys[index]!);
      repository.signers.set(
        role,
        Array.from(signers, (index) => keys[Number(index)]!),
      );
      repository.publishRoot();
      expect(await host.refresh()).toBe(isAccepted ? 'done' : `threshold of ${role}`);
    }
  });

  test('one key under several ids counts once', async () => {
    const { id, document, sign } = makeKey();
    const copies = Array.from({ length: 5 }, (_, index) => ({ id: `${id}${index}`, document, sign }));
    for (const copy of copies) repository.addKey('snapshot', copy);
    repository.root.roles.snapshot.threshold = 3;
    repository.publishRoot();
    expect(await host.refresh()).toBe('threshold of snapshot');
  });

  test('one signature twice is refused, the same key listed twice too', async () => {
    const [key] = repository.signers.get('timestamp')!;
    repository.addSigner('timestamp', key!);
    expect(await host.refresh()).toBe('malformed of timestamp');
    repository.signers.set('timestamp', [key!]);
    repository.root.roles.timestamp.keyids.push(key!.id);
    repository.publishRoot();
    expect(await host.refresh()).toBe('malformed of root');
  });

  test('a broken signature does not matter when there are enough others', async () => {
    const broken = { ...makeKey(), sign: () => '' };
    repository.addKey('timestamp', broken);
    repository.publishRoot();
    expect(await host.refresh()).toBe('done');
    repository.root.roles.timestamp.threshold = 2;
    repository.publishRoot();
    expect(await host.refresh()).toBe('threshold of timestamp');
  });

  test('a key that the role lists and the root does not have counts for nothing', async () => {
    repository.root.roles.timestamp = {
      keyids: ['constructor', ...repository.root.roles.timestamp.keyids],
      threshold: 2,
    };
    repository.publishRoot();
    expect(await host.refresh()).toBe('threshold of timestamp');
  });

  test.each<KeyKind>(['ed25519', 'ecdsa', 'rsa', 'rsa-pkcs1v15'])('%s keys sign every role', async (kind) => {
    repository = new Simulator();
    for (const role of ['root', ...roles] as const) {
      repository.root.roles[role].keyids = [];
      if (role !== 'root') repository.signers.delete(role);
      repository.addKey(role, makeKey(kind));
    }
    repository.publishRoot();
    await host.close();
    host = await Host.open(repository);
    expect(await host.refresh()).toBe('done');
    repository.timestamp.version = 2;
    repository.instead.set(
      'timestamp.json',
      Buffer.from(
        Buffer.from(repository.sign('timestamp', repository.timestamp))
          .toString()
          .replace('"version":2', '"version":3'),
      ),
    );
    expect(await host.refresh()).toBe('threshold of timestamp');
  });

  test('an unknown kind of key counts for nothing', async () => {
    const key = makeKey();
    repository.signers.delete('timestamp');
    repository.root.roles.timestamp.keyids = [];
    repository.addKey('timestamp', { ...key, document: { ...key.document, keytype: 'sphincs', scheme: 'sphincs' } });
    repository.publishRoot();
    expect(await host.refresh()).toBe('threshold of timestamp');
  });
});

describe('expired metadata', () => {
  beforeEach(async () => host.refresh());

  test('an expired root is kept, and nothing else is asked for', async () => {
    repository.root.expires = time(noon - day);
    repository.publishRoot();
    repository.updateTimestamp();
    expect(await host.refresh()).toBe('expired of root');
    expect(await host.trusted()).toBe('root 2, timestamp 1, snapshot 1, targets 1');
  });

  test('an expired root on the way to a good one is fine', async () => {
    repository.root.expires = time(noon - day);
    repository.publishRoot();
    repository.root.expires = time(noon + day);
    repository.publishRoot();
    expect(await host.refresh()).toBe('done');
  });

  test.each(['timestamp', 'snapshot', 'targets'] as const)('an expired %s is not taken over', async (role) => {
    repository.targets.version += 1;
    repository[role].expires = time(noon - day);
    repository.updateSnapshot();
    expect(await host.refresh()).toBe(`expired of ${role}`);
    expect(await host.trusted()).toContain(`${role} 1`);
  });

  test('an expired delegated role is not taken over', async () => {
    repository.delegate('targets', { name: 'stable' }).expires = time(noon - day);
    repository.targets.version += 1;
    repository.updateSnapshot();
    expect(await host.download('feed.json')).toBe('expired of stable');
  });

  test('what expired in the store is still good enough to measure newer metadata by', async () => {
    repository.targets.version += 1;
    repository.root.expires = time(noon + 99 * day);
    repository.publishRoot();
    for (const role of [repository.timestamp, repository.snapshot, repository.targets])
      role.expires = time(noon + 99 * day);
    repository.updateSnapshot();
    host.now = noon + 40 * day;
    expect(await host.refresh()).toBe('done');
    expect(await host.trusted()).toBe('root 2, timestamp 2, snapshot 2, targets 2');
  });

  test('who replays the newest timestamp for ever is found out', async () => {
    host.now = noon + 31 * day;
    repository.root.expires = time(noon + 99 * day);
    repository.publishRoot();
    expect(await host.refresh()).toBe('expired of timestamp');
  });

  test('a clock that was set back does not make old metadata good again', async () => {
    host.now = noon + 29 * day;
    await host.refresh();
    repository.timestamp.expires = time(noon + 20 * day);
    repository.updateTimestamp();
    host.now = 0;
    expect(await host.refresh()).toBe('expired of timestamp');
  });

  test('a clock that is far ahead is not remembered', async () => {
    host.now = noon + 9999 * day;
    expect(await host.refresh()).toBe('expired of root');
    host.now = noon;
    expect(await host.refresh()).toBe('done');
  });

  test('it is never earlier than this program was built', async () => {
    host.now = 0;
    host.builtMs = noon + 31 * day;
    expect(await host.refresh()).toBe('expired of root');
  });
});

describe('rollback', () => {
  test.each([false, true])('an older timestamp is refused (hashes: %p)', async (withHashes) => {
    repository.withHashes = withHashes;
    repository.updateTimestamp();
    await host.refresh();
    repository.timestamp.version -= 1;
    expect(await host.refresh()).toBe('rollback of timestamp');
    expect(await host.trusted()).toContain('timestamp 2');
  });

  test('another timestamp of the same version is not looked at', async () => {
    await host.refresh();
    repository.timestamp.meta['snapshot.json'].version = 100;
    expect(await host.refresh()).toBe('done');
    expect(repository.requests.at(-1)).toBe('timestamp.json');
  });

  test.each([false, true])('a timestamp that names an older snapshot is refused (hashes: %p)', async (withHashes) => {
    repository.withHashes = withHashes;
    repository.updateSnapshot();
    await host.refresh();
    repository.snapshot.version = 1;
    repository.updateTimestamp();
    expect(await host.refresh()).toBe('rollback of snapshot');
    expect(await host.trusted()).toContain('timestamp 2, snapshot 2');
    expect(repository.requests.at(-1)).toBe('timestamp.json');
  });

  test.each([false, true])('a snapshot that names older targets is refused (hashes: %p)', async (withHashes) => {
    repository.withHashes = withHashes;
    repository.targets.version = 3;
    repository.updateSnapshot();
    await host.refresh();
    repository.targets.version = 2;
    repository.updateSnapshot();
    expect(await host.refresh()).toBe('rollback of targets.json');
    expect(await host.trusted()).toContain('snapshot 2, targets 3');
  });

  test('a snapshot that no longer names a role is refused', async () => {
    repository.delegate('targets', { name: 'stable' });
    repository.targets.version += 1;
    repository.updateSnapshot();
    await host.refresh();
    delete repository.snapshot.meta['stable.json'];
    repository.snapshot.version += 1;
    repository.updateTimestamp();
    expect(await host.refresh()).toBe('rollback of snapshot');
  });

  test('the measure survives an expired snapshot', async () => {
    repository.targets.version = 3;
    repository.snapshot.expires = time(noon + day);
    repository.updateSnapshot();
    await host.refresh();
    host.now = noon + 2 * day;
    repository.snapshot.expires = time(noon + 9 * day);
    repository.targets.version = 2;
    repository.updateSnapshot();
    expect(await host.refresh()).toBe('rollback of targets.json');
  });

  test.each([
    'timestamp',
    'snapshot',
  ] as const)('other keys of %s make a recovery from too high versions', async (role) => {
    repository.targets.version = 100;
    repository.snapshot.version = 99_999;
    repository.timestamp.version = 99_999;
    repository.updateSnapshot();
    expect(await host.refresh()).toBe('done');
    repository.rotateKeys('timestamp');
    if (role === 'snapshot') repository.rotateKeys('snapshot');
    repository.publishRoot();
    repository.timestamp.version = 1;
    if (role === 'snapshot') {
      repository.targets.version = 1;
      repository.snapshot.version = 1;
      repository.updateSnapshot();
    } else repository.updateTimestamp();
    expect(await host.refresh()).toBe('done');
    expect(await host.trusted()).toContain(
      role === 'snapshot' ? 'snapshot 2, targets 1' : 'timestamp 2, snapshot 100000',
    );
  });
});

describe('mix and match', () => {
  test('a snapshot of another version than the timestamp names is refused', async () => {
    repository.snapshot.version = 2;
    expect(await host.refresh()).toBe('mix-and-match of snapshot');
    expect(await host.trusted()).toBe('root 1, timestamp 1');
    expect(repository.requests.at(-1)).toBe('1.snapshot.json');
  });

  test('targets of another version than the snapshot names are refused', async () => {
    await host.refresh();
    repository.updateSnapshot();
    repository.snapshot.meta['targets.json']!.version = 2;
    repository.snapshot.version += 1;
    repository.updateTimestamp();
    expect(await host.refresh()).toBe('mix-and-match of targets');
    expect(await host.trusted()).toContain('targets 1');
  });

  test.each(['snapshot', 'targets'] as const)('%s with other bytes than its hash says is refused', async (role) => {
    repository.withHashes = true;
    repository.updateSnapshot();
    const content = Buffer.from(repository.sign(role, repository[role]));
    content[content.length - 1] = 0x20;
    repository.instead.set(`${role === 'snapshot' ? 2 : 1}.${role}.json`, content);
    expect(await host.refresh()).toBe(`mix-and-match of ${role}`);
  });

  test('a file that is swapped for another good one is refused', async () => {
    repository.addArtifact('targets', 'one', 'the one');
    repository.addArtifact('targets', 'two', 'the two');
    expect(await host.download('one')).toBe('the one');
    repository.artifacts.set('one', repository.artifacts.get('two')!);
    expect(await host.download('one')).toBe('mix-and-match of one');
    repository.artifacts.set('one', Buffer.from('the'));
    expect(await host.download('one')).toBe('mix-and-match of one');
    repository.artifacts.set('one', Buffer.from('the one, and more'));
    expect(await host.download('one')).toMatch(/^oversized/);
    repository.artifacts.delete('one');
    expect(await host.download('one')).toBe('missing of one');
  });
});

describe('oversized files', () => {
  test.each([
    ['2.root.json', 512_000],
    ['timestamp.json', 16_384],
    ['1.snapshot.json', 2_000_000],
    ['1.targets.json', 5_000_000],
  ])('%s has at most %d bytes', async (name, bytes) => {
    repository.instead.set(name, Buffer.alloc(bytes + 1, ' '));
    expect(await host.refresh()).toMatch(/^oversized/);
    repository.instead.set(name, Buffer.alloc(bytes, ' '));
    expect(await host.refresh()).toMatch(/^malformed/);
  });

  test('a length that is named is the most that is taken', async () => {
    repository.withHashes = true;
    repository.updateSnapshot();
    repository.instead.set('2.snapshot.json', Buffer.alloc(1999));
    expect(await host.refresh()).toMatch(/^oversized/);
  });
});

describe('delegations', () => {
  const graphs: readonly [string, readonly (readonly [string, string, string?])[], readonly string[]][] = [
    ['one', [['targets', 'A']], ['A']],
    [
      'two',
      [
        ['targets', 'A'],
        ['targets', 'B'],
      ],
      ['A', 'B'],
    ],
    [
      'two levels',
      [
        ['targets', 'A'],
        ['targets', 'B'],
        ['B', 'C'],
      ],
      ['A', 'B', 'C'],
    ],
    [
      'depth first',
      [
        ['targets', 'A'],
        ['targets', 'B'],
        ['A', 'C'],
        ['A', 'D'],
      ],
      ['A', 'C', 'D', 'B'],
    ],
    [
      'depth first, three levels',
      [
        ['targets', 'A'],
        ['targets', 'B'],
        ['A', 'C'],
        ['C', 'D'],
      ],
      ['A', 'C', 'D', 'B'],
    ],
    [
      'terminating',
      [
        ['targets', 'A'],
        ['targets', 'B'],
        ['A', 'C', 'terminating'],
        ['A', 'D'],
      ],
      ['A', 'C'],
    ],
    [
      'terminating, with descendants',
      [
        ['targets', 'A'],
        ['targets', 'B'],
        ['A', 'C', 'terminating'],
        ['C', 'D'],
      ],
      ['A', 'C', 'D'],
    ],
    [
      'other paths',
      [
        ['targets', 'A', '*.py'],
        ['targets', 'B'],
        ['A', 'C'],
      ],
      ['B'],
    ],
    [
      'other paths below',
      [
        ['targets', 'A'],
        ['targets', 'B'],
        ['A', 'C', '*.py'],
        ['C', 'D'],
      ],
      ['A', 'B'],
    ],
    [
      'a cycle',
      [
        ['targets', 'A'],
        ['targets', 'B'],
        ['B', 'C'],
        ['C', 'D'],
        ['D', 'B'],
      ],
      ['A', 'B', 'C', 'D'],
    ],
    [
      'two that lead to a third',
      [
        ['targets', 'A'],
        ['targets', 'B'],
        ['B', 'C'],
        ['A', 'C'],
      ],
      ['A', 'C', 'B'],
    ],
    [
      'two that lead to a third by other paths',
      [
        ['targets', 'A'],
        ['targets', 'B'],
        ['B', 'C'],
        ['A', 'C', '*.py'],
      ],
      ['A', 'B', 'C'],
    ],
  ];
  test.each(graphs)('are visited in order: %s', async (_rule, delegations, visited) => {
    for (const [from, name, kind] of delegations) {
      repository.delegate(from, { name, terminating: kind === 'terminating', paths: [kind === '*.py' ? '*.py' : '*'] });
    }
    repository.updateSnapshot();
    expect(await host.download('missingpath')).toBe('nobody vouches for it');
    expect(repository.requests.slice(4)).toEqual(visited.map((name) => `1.${name}.json`));
  });

  test.each<[string, string, string]>([
    ['targetfile', 'of targets', ''],
    ['README.md', 'of A', 'A'],
    ['releases/x/x_v1', 'of C', 'BC'],
    ['releases/y/y_v1.zip', 'of D', 'BD'],
    ['releases/z/z_v1.zip', 'nobody vouches for it', 'B'],
    ['releases/x/deeper/file', 'nobody vouches for it', ''],
  ])('patterns do not cross a slash: %s', async (path, content, visited) => {
    repository.delegate('targets', { name: 'A', paths: ['*.doc', '*.md'] });
    repository.delegate('targets', { name: 'B', paths: ['releases/*/*'] });
    repository.delegate('B', { name: 'C', paths: ['releases/x/*'] });
    repository.delegate('B', { name: 'D', paths: ['releases/y/*.zip'] });
    repository.addArtifact('targets', 'targetfile', 'of targets');
    repository.addArtifact('A', 'README.md', 'of A');
    repository.addArtifact('C', 'releases/x/x_v1', 'of C');
    repository.addArtifact('D', 'releases/y/y_v1.zip', 'of D');
    repository.addArtifact('D', 'releases/z/z_v1.zip', 'of D');
    repository.addArtifact('D', 'releases/x/deeper/file', 'of D');
    repository.updateSnapshot();
    expect(await host.download(path)).toBe(content);
    const roles = repository.requests.slice(4).filter((name) => /^1\.[A-D]\.json$/.test(name));
    expect(roles).toEqual(Array.from(visited, (name) => `1.${name}.json`));
  });

  test('a role may be delegated to by the beginning of the hash of paths', async () => {
    const prefix = createHash('sha256').update('some/file').digest('hex').slice(0, 3);
    repository.delegate('targets', { name: 'other', path_hash_prefixes: [prefix === '000' ? '001' : '000'] });
    repository.delegate('targets', { name: 'bin', path_hash_prefixes: [prefix] });
    repository.addArtifact('other', 'some/file', 'of other');
    repository.addArtifact('bin', 'some/file', 'of bin');
    repository.updateSnapshot();
    expect(await host.download('some/file')).toBe('of bin');
  });

  test('a delegated role that its delegator did not give a key to is refused', async () => {
    repository.delegate('targets', { name: 'stable' });
    repository.signers.set('stable', [makeKey()]);
    repository.updateSnapshot();
    expect(await host.download('a')).toBe('threshold of stable');
  });

  test('each delegator names its own keys for a role', async () => {
    repository.delegate('targets', { name: 'A', paths: ['a*'] });
    repository.delegate('targets', { name: 'B', paths: ['b*'] });
    repository.delegate('A', { name: 'C' });
    repository.delegate('B', { name: 'C', keyids: ['none'] });
    repository.addArtifact('C', 'a', 'by way of A');
    repository.addArtifact('C', 'b', 'by way of B');
    repository.updateSnapshot();
    const client = host.client();
    await client.refresh(signal);
    expect(await client.find('a', signal)).toMatchObject({ path: 'a' });
    await expect(client.find('b', signal)).rejects.toMatchObject({ details: { refusal: 'threshold', role: 'C' } });
  });

  test('a role that the snapshot does not name is refused', async () => {
    repository.delegate('targets', { name: 'stable' });
    expect(await host.download('a')).toBe('missing of stable');
  });

  test('at most 32 delegated roles are looked into', async () => {
    for (let index = 0; index < 40; index += 1) repository.delegate('targets', { name: `role-${index}` });
    repository.updateSnapshot();
    expect(await host.download('a')).toBe('oversized of a');
    expect(repository.requests).toHaveLength(4 + 32);
  });

  test('a delegated role may not be called as a top-level role', async () => {
    repository.delegate('targets', { name: 'root' });
    repository.updateSnapshot();
    expect(await host.refresh()).toBe('malformed of targets');
  });

  test.each(['?', '#', '/delegatedrole', '../delegatedrole', '%2e', 'ü*'])('a role may be called %s', async (name) => {
    repository.delegate('targets', { name });
    repository.addArtifact(name, 'file', 'content');
    repository.updateSnapshot();
    expect(await host.download('file')).toBe('content');
    expect(await host.trusted()).toContain(`${name} 1`);
    repository.requests.length = 0;
    expect(await host.download('file')).toBe('content');
    expect(repository.requests).not.toContain(`1.${name}.json`);
  });

  test('delegated roles that are gone are forgotten', async () => {
    repository.delegate('targets', { name: 'old' });
    repository.updateSnapshot();
    await host.download('a');
    expect(await host.trusted()).toContain('old 1');
    repository.rotateKeys('snapshot');
    repository.publishRoot();
    delete repository.targets.delegations;
    repository.delegated.clear();
    delete repository.snapshot.meta['old.json'];
    repository.targets.version += 1;
    repository.updateSnapshot();
    expect(await host.refresh()).toBe('done');
    expect(await host.trusted()).not.toContain('old');
  });
});

describe('targets', () => {
  test('with SHA-512 alone', async () => {
    repository.addArtifact('targets', 'file', 'content', 'sha512');
    expect(await host.download('file')).toBe('content');
  });

  test('with no digest that can be checked are refused', async () => {
    repository.addArtifact('targets', 'file', 'content', 'md5');
    expect(await host.download('file')).toBe('malformed of file');
  });

  test('of another length than the metadata says are refused', async () => {
    repository.addArtifact('targets', 'file', 'content');
    repository.targets.targets['file']!.length += 1;
    expect(await host.download('file')).toBe('mix-and-match of file');
  });

  test.each(['constructor', '__proto__', 'toString'])('%s is a name like others', async (name) => {
    expect(await host.download(name)).toBe('nobody vouches for it');
  });
});
