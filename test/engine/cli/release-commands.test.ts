import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { copyFile, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { noon } from '../../unit/api/fake-agent.ts';
import { releaseBench } from '../../unit/cli/release-bench.ts';
import type { Outcome } from '../../unit/cli/run-cli.ts';
import { tarOf } from '../../unit/update/bundle/tar.ts';

const bench = releaseBench();
const { release, makeRelease, makeRepository } = bench;

test('from keys to a release that a host is offered', async () => {
  const keys = await release('keygen keys');
  expect(keys.code).toBe(0);
  expect(keys.stdout).toMatch(/root-1 .*\nroot-2 .*\nroot-3 .*\ntargets .*\nonline .*\nstable .*\nbeta .*\nedge /);
  expect((await release('keygen keys')).stdout.match(/was there/g)).toHaveLength(8);
  expect(await release('init www --keys keys')).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('beta 1, edge 1, root 1, stable 1, targets 1, snapshot 1, timestamp 1'),
  });
  expect((await release('show www')).stdout).toMatch(/^There are no releases\.\n\nMETADATA {3}EXPIRES\nroot /);

  await makeRelease('1.0.0', 1);
  await makeRelease('1.1.0', 2);
  expect(await release('publish www r-1.0.0 --channel edge --key keys')).toMatchObject({
    code: 0,
    stdout: 'edge has 1.0.0: edge 2, snapshot 2, timestamp 2\n',
  });
  await release('publish www r-1.1.0 --channel edge --key keys --rollout 0s=1%,1d=100%');
  expect(await release('publish www r-1.1.0 --channel edge --key keys')).toMatchObject({
    code: 0,
    stdout: 'edge has 1.1.0 (nothing had to be done)\n',
  });
  const shown = await release('show www --host-id host-1 --version 1.0.0 --arch amd64');
  expect(shown.stdout).toContain('edge     1.0.0    1         amd64 cloud  100.0 %');
  expect(shown.stdout).toContain('edge     1.1.0    2         amd64 cloud  1.0 %');
  expect(shown.stdout).toMatch(/edge: the host is offered nothing: 1\.1\.0 is offered to 1\.0 % of the hosts so far/);
  expect(shown.stdout).toContain('stable: the host is offered nothing: there is nothing newer');

  await release('promote www 1.1.0 --from edge --to stable --urgent --key keys');
  await release('pause www 1.1.0 --channel edge --reason slow --key keys');
  const later = await release('show www --host-id host-1 --version 1.0.0 --arch amd64');
  expect(later.stdout).toContain('edge: the host is offered nothing: 1.1.0 is paused: slow');
  expect(later.stdout).toContain('stable: the host is offered 1.1.0');
  expect((await release('resume www 1.1.0 --key keys')).stdout).toMatch(/^1\.1\.0 is offered again: /);
  await release('revoke www 1.1.0 --reason bad --key keys');
  const last = await release('show www --json --channel stable');
  expect(JSON.parse(last.stdout)).toMatchObject({
    channels: [{ feed: { channel: 'stable', releases: [{ version: '1.1.0', revoked: 'bad', urgent: true }] } }],
  });
});

test.each<[string, string | undefined, string]>([
  ['of this repository', 'www/metadata/1.root.json', ''],
  ['of another one', 'other/metadata/1.root.json', 'an --update-root of another repository than this'],
  ['that it does not know', undefined, ''],
])('publish warns of a release whose hosts trust another repository: a root %s', async (_, root, warning) => {
  await makeRepository();
  await release('keygen others');
  await release('init other --keys others');
  await makeRelease('1.0.0', 1);
  if (root !== undefined)
    await copyFile(join(bench.directory, root), join(bench.directory, 'r-1.0.0', 'trusted-root.json'));
  const { code, stderr } = await release('publish www r-1.0.0 --channel edge --key keys');
  expect([code, stderr]).toEqual([0, expect.stringContaining(warning)]);
  expect(stderr.includes('warning')).toBe(warning !== '');
});

describe('a release that is published', () => {
  beforeEach(async () => {
    await makeRepository();
    await makeRelease('1.0.0', 1);
    await release('publish www r-1.0.0 --channel edge --key keys');
    await release('promote www 1.0.0 --from edge --to stable --rollout 2d --key keys');
  });

  const offered = async (channel: string): Promise<unknown> => {
    const { channels } = JSON.parse((await release(`show www --json --channel ${channel}`)).stdout) as {
      channels: [{ feed: { releases: [unknown] } }];
    };
    return channels[0].feed.releases[0];
  };
  const ramp = { kind: 'ramp', start: '2026-05-01T12:00:00.000Z', share: 0, minutes: 2880 };

  test.each<[string, string, string, object]>([
    ['stays as it is when nothing is said', '', 'nothing had to be done', { rollout: ramp }],
    ['goes on with the same plan', '--rollout 2d', 'nothing had to be done', { rollout: ramp }],
    ['gets another plan', '--rollout all', 'stable 3', { rollout: { kind: 'all' } }],
    ['becomes urgent', '--urgent', 'stable 3', { rollout: ramp, urgent: true }],
    ['becomes a barrier', '--barrier', 'stable 3', { rollout: ramp, barrier: true }],
  ])('%s', async (_, options, said, offer) => {
    const { code, stdout } = await release(`promote www 1.0.0 --from edge --to stable --key keys ${options}`.trim());
    expect([code, stdout]).toEqual([0, expect.stringContaining(said)]);
    expect(await offered('stable')).toMatchObject(offer);
  });

  test.each([
    ['--rollout all'],
    ['--urgent'],
    ['--barrier'],
  ])('is not offered otherwise (%s) once it was revoked', async (options) => {
    await release('revoke www 1.0.0 --channel edge --reason bad --key keys');
    const again = await release(`publish www r-1.0.0 --channel edge --key keys ${options}`);
    expect([again.code, again.stderr]).toEqual([1, expect.stringContaining('edge has stopped 1.0.0: bad')]);
    expect((await release('publish www r-1.0.0 --channel edge --key keys')).stdout).toContain('nothing had to be done');
  });

  test('gets another plan by a second publication, too, in its channel only', async () => {
    expect((await release('publish www r-1.0.0 --channel edge --rollout 1h --key keys')).stdout).toContain('edge 3');
    expect(await offered('edge')).toMatchObject({ rollout: { kind: 'ramp', minutes: 60 } });
    expect(await offered('stable')).toMatchObject({ rollout: ramp });
  });
});

const { publicKey: p384 } = generateKeyPairSync('ec', { namedCurve: 'P-384' });
const { publicKey: p256, privateKey: p256Private } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const spki = (key: KeyObject): string => key.export({ type: 'spki', format: 'pem' }).toString();
const ecdsa = { keytype: 'ecdsa', scheme: 'ecdsa-sha2-nistp256' };
const { publicKey: rsaKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const rsa = { keytype: 'rsa', keyval: { public: spki(rsaKey) } };
const ed25519 = { keytype: 'ed25519', scheme: 'ed25519' };

describe('a key that is added', () => {
  beforeEach(makeRepository);

  const add = async (document: object): Promise<Outcome> => {
    await writeFile(join(bench.directory, 'new.pub'), JSON.stringify(document));
    return release('rekey www edge --add new.pub --key keys');
  };

  test.each<[string, object, RegExp]>([
    ['is empty', { ...ecdsa, keyval: { public: '' } }, /keyval\.public is no key: it has to be in PEM form/],
    ['is too short', { ...ed25519, keyval: { public: 'ab'.repeat(31) } }, /it has to be 64 hexadecimal digits/],
    ['is torn', { ...ecdsa, keyval: { public: spki(p256).slice(0, 60) } }, /keyval\.public is no key/],
    [
      'is private',
      { ...ecdsa, keyval: { public: p256Private.export({ type: 'pkcs8', format: 'pem' }) } },
      /keyval\.public is no key/,
    ],
    ['is on another curve', { ...ecdsa, keyval: { public: spki(p384) } }, /another kind \(ec secp384r1\) than ecdsa/],
    [
      'is of another type',
      { ...ed25519, scheme: ecdsa.scheme, keyval: { public: spki(p256) } },
      /type ed25519 does not/,
    ],
    ['signs in an unknown way', { keytype: 'x', scheme: 'x', keyval: { public: 'x' } }, /its scheme x is none of/],
  ])('and %s is refused, and changes nothing', async (_, document, why) => {
    const { code, stderr } = await add(document);
    expect([code, stderr]).toEqual([1, expect.stringMatching(why)]);
    expect(stderr).toContain('new.pub is no public key');
    expect((await release('show www --json')).stdout).not.toContain('"version": 2');
    expect(await readdir(join(bench.directory, 'www/.staged'))).toEqual([]);
  });

  test.each<[string, object]>([
    ['ECDSA', { ...ecdsa, keyval: { public: spki(p256) } }],
    ['ECDSA, by its other type', { ...ecdsa, keytype: ecdsa.scheme, keyval: { public: spki(p256) } }],
    ['Ed25519', { ...ed25519, keyval: { public: 'ab'.repeat(32) } }],
    ['RSA', { ...rsa, scheme: 'rsassa-pss-sha256' }],
    ['RSA, PKCS #1', { ...rsa, scheme: 'rsa-pkcs1v15-sha256' }],
  ])('counts: %s', async (_, document) => {
    const { code, stdout } = await add(document);
    expect([code, stdout]).toEqual([0, expect.stringMatching(/^edge has its new keys: .*targets 2/)]);
  });
});

test.each<[string, string[], string, RegExp]>([
  [
    'hints of failures',
    ['refresh', 'www', '--key', 'keys'],
    'stderr',
    /hint: \.\/berth release init .*www --keys KEYS makes one\n/,
  ],
  [
    'what comes next',
    ['sign', 'repo', '--export', 'r.json'],
    'stdout',
    /"\.\/berth release sign --request r\.json --key/,
  ],
])('%s name the program as it was called', async (_, args, stream, expected) => {
  await release('keygen keys');
  await release('init repo --keys keys');
  await release('refresh repo --role root --key keys/online.key');
  const said = { ...(await bench.run(['release', ...args], { program: './berth' })) };
  expect(stream === 'stderr' ? said.stderr : said.stdout).toMatch(expected);
});

test('publish shows a person that it is at work', async () => {
  await makeRepository();
  await makeRelease('1.0.0', 1);
  const args = ['release', 'publish', 'www', 'r-1.0.0', '--channel', 'edge', '--key', 'keys'];
  const { stdout } = await bench.run([...args, '--no-color'], { columns: 80 });
  expect(stdout).toMatch(/… publish 0\.0 s[^]*✓ publish 0\.0 s[^]*\nedge has 1\.0\.0: edge 2/);
});

test('show tells when each channel expires', async () => {
  await makeRepository();
  expect((await release('show www')).stdout).toMatch(
    /\nbeta {7}2026-10-28T12:00:00Z\nedge {7}2026-10-28T12:00:00Z\nstable {5}2026-10-28T12:00:00Z\n/,
  );
  const one = JSON.parse((await release('show www --json --channel edge')).stdout) as { expiries: { role: string }[] };
  expect(one.expiries.map(({ role }) => role)).toEqual(['root', 'timestamp', 'snapshot', 'targets', 'edge']);
});

describe('signatures that are missing', () => {
  beforeEach(makeRepository);

  test('are told, with exit code 1, and can be brought later', async () => {
    await makeRelease('1.0.0', 1);
    const waiting = await release('publish www r-1.0.0 --channel edge --key keys/online.key');
    expect(waiting.code).toBe(1);
    expect(waiting.stdout).toMatch(/It is not published yet[^]*edge {5}2 {8}0 of 1 {2}[0-9a-f]{12}/);
    expect(waiting.stdout).toContain('"berth release sign www --key KEY" adds signatures.');
    expect(await release('sign www --export request.json')).toMatchObject({ code: 0 });
    expect(await release('sign --request request.json --key keys/stable.key')).toMatchObject({ code: 2 });
    expect(await release('sign --request request.json --key keys/edge.key')).toMatchObject({ code: 0 });
    expect(await release('sign www --import request.json')).toMatchObject({ code: 1 });
    expect(await release('sign www --key keys/online.key')).toMatchObject({ code: 0 });
    expect((await release('show www --channel edge')).stdout).toContain('1.0.0');
    expect(await release('sign www --key keys')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('[NOT_FOUND]'),
    });
  });

  test('of a new root are told once when old and new keys are the same', async () => {
    const { stdout } = await release('refresh www --role root --key keys/online.key');
    expect(stdout.match(/^root /gm)).toHaveLength(1);
  });

  test('as JSON', async () => {
    const { code, stdout } = await release('refresh www --role root --key keys/online.key --json');
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({
      kind: 'waiting',
      missing: [{ role: 'root', has: 0, needs: 2 }, { role: 'root' }],
    });
  });
});

test('what waits for a second person is signed by "sign" alone', async () => {
  await release('keygen A --channels stable --channels edge');
  await release('keygen B --channels stable');
  await copyFile(join(bench.directory, 'B/stable.pub'), join(bench.directory, 'A/stable-2.pub'));
  for (const name of ['online', 'edge']) {
    await copyFile(join(bench.directory, `A/${name}.key`), join(bench.directory, `B/${name}.key`));
    await rm(join(bench.directory, `B/${name}.pub`), { force: true });
  }
  await release('init www --keys A --channel-threshold 1 --key B/stable.key');
  await release('rekey www stable --threshold 2 --key A --key B');
  for (const [version, sequence] of [
    ['1.0.0', 1],
    ['1.1.0', 2],
  ] as const)
    await makeRelease(version, sequence);
  expect((await release('publish www r-1.0.0 --channel stable --key A')).code).toBe(1);

  const refreshed = await release('refresh www --key B');
  expect([refreshed.code, refreshed.stdout]).toEqual([0, expect.stringMatching(/^renewed: snapshot 3, timestamp 3\n/)]);
  expect(refreshed.stdout).toMatch(/stable {3}3 {8}1 of 2 {2}[^]*"berth release sign www --key KEY" adds signatures/);
  const other = await release('publish www r-1.1.0 --channel edge --key B');
  expect([other.code, other.stdout]).toEqual([0, expect.stringMatching(/^edge has 1\.1\.0: edge 2, snapshot 4/)]);
  expect((await release('show www --channel stable')).stdout).toContain('There are no releases.');
  expect(await release('sign www --key B')).toMatchObject({ code: 0, stdout: expect.stringMatching(/stable 3/) });
});

test('a machine without a network signs a renewal, as the documentation has it', async () => {
  await makeRepository();
  const lines = [
    ['refresh www --role root --key keys/root-1.key', 1],
    ['sign www --export request.json', 0],
    ['refresh www --role root --key keys/root-1.key', 1],
    ['sign --request request.json --key keys/root-2.key', 0],
    ['sign www --import request.json --key keys/online.key', 0],
  ] as const;
  for (const [index, [line, code]] of lines.entries())
    expect([line, (await release(line, noon + index * 60_000)).code]).toEqual([line, code]);
  expect(JSON.parse((await release('show www --json')).stdout)).toMatchObject({ expiringSoon: [] });
});

test('refresh and rekey', async () => {
  await makeRepository();
  expect(await release('refresh www --key keys/online.key')).toMatchObject({
    code: 0,
    stdout: 'renewed: snapshot 2, timestamp 2\n',
  });
  await release('keygen more --channels edge');
  expect(await release('rekey www edge --add more/edge.pub --threshold 2 --key keys --key more')).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^edge has its new keys: .*targets 2/),
  });
  await makeRelease('1.0.0', 1);
  expect((await release('publish www r-1.0.0 --channel edge --key keys')).code).toBe(1);
  expect((await release('sign www --key more --key keys/online.key')).code).toBe(0);
  expect((await release('dead-end www 1.0.0 --reason over --key keys --key more')).code).toBe(0);
  expect((await release('show www')).stdout).toContain('100.0 %, dead end: over');
});

test('a lost online key: the root keys name another one, for both roles that it has, in one new root', async () => {
  await makeRepository();
  await release('keygen more --channels edge');
  const lost = JSON.parse((await release('keygen keys --json')).stdout) as { name: string; id: string }[];
  await rm(join(bench.directory, 'keys/online.key'));
  const { id = '' } = lost.find(({ name }) => name === 'online') ?? {};
  expect(
    await release(`rekey www online --add more/online.pub --remove ${id} --key keys --key more/online.key`),
  ).toMatchObject({ code: 0, stdout: 'online has its new keys: root 2, snapshot 2, timestamp 2\n' });
  expect((await release('refresh www --role online --key more/online.key')).code).toBe(0);
  expect((await release('show www')).code).toBe(0);
});

test('a bundle is one release of one channel, and looked at like a repository', async () => {
  await makeRepository();
  for (const [version, sequence] of [
    ['1.0.0', 1],
    ['1.1.0', 2],
  ] as const) {
    await makeRelease(version, sequence);
    await release(`publish www r-${version} --channel edge --key keys`);
  }
  expect(await release('bundle www 1.1.0 --channel edge --out berth.tar')).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/berth\.tar: 10 files, \d+\.\d kB; hosts take it until 20\d\d-/),
  });
  const shown = await release('show berth.tar --host-id host-1 --version 1.0.0 --arch amd64');
  expect(shown.stdout).toContain('edge     1.0.0    1         amd64 cloud  100.0 %, not in this file\n');
  expect(shown.stdout).toContain('edge     1.1.0    2         amd64 cloud  100.0 %\n');
  expect(shown.stdout).toContain('edge: the host is offered 1.1.0');
  expect(shown.stdout).not.toContain('stable');
  expect((await release('show berth.tar --channel stable')).code).toBe(1);
  await release('pause www 1.1.0 --reason slow --key keys');
  expect((await release('bundle www 1.1.0 --channel edge --out later.tar')).code).toBe(1);
});

test('a bundle takes the images of a config out of archives, and says which it lacks', async () => {
  await makeRepository();
  await makeRelease('1.0.0', 1);
  await release('publish www r-1.0.0 --channel edge --key keys');
  const content = Buffer.from(JSON.stringify([{ RepoTags: ['docker.io/shop/web:1'] }]));
  await writeFile(join(bench.directory, 'web.tar'), tarOf({ path: 'manifest.json', content }));
  const config = (image: string): string => `#cloud-config
berth:
  services:
    web: {image: shop/web:1}
    tools: {image: berth/busybox:latest}
    other: {image: ${image}}
`;
  await writeFile(join(bench.directory, 'host.yaml'), config('shop/web:1'));
  const words = 'bundle www 1.0.0 --channel edge --images web.tar --out berth.tar --key keys --config host.yaml';
  expect(await release(words)).toMatchObject({
    code: 0,
    stdout: expect.stringContaining(', the service images docker.io/shop/web:1; hosts take it until'),
  });
  expect((await release('show berth.tar')).stdout).toContain('edge: with the service images docker.io/shop/web:1\n');
  await writeFile(join(bench.directory, 'host.yaml'), config('db:2'));
  const { code, stderr } = await release(`${words} --engine unix:///nowhere/docker.sock`);
  expect([code, stderr]).toEqual([
    1,
    expect.stringContaining('db:2 is in no archive, and unix:///nowhere/docker.sock'),
  ]);
  await writeFile(join(bench.directory, 'host.yaml'), config(`db@sha256:${'0'.repeat(64)}`));
  expect((await release(words)).code).toBe(2);
  // Without a key of the channel.
  expect((await release('bundle www 1.0.0 --channel edge --images web.tar --out b.tar')).code).toBe(2);
  expect((await release('bundle www 1.0.0 --channel edge --images r-1.0.0 --out b.tar --key keys')).code).toBe(1);
  for (const [name, why] of [
    ['none.tar', 'there is no such file'],
    ['www', 'it is a folder'],
  ])
    expect(await release(`bundle www 1.0.0 --channel edge --images ${name} --out b.tar --key keys`)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining(`cannot read ${name}: ${why} `),
    });
});

test('a repository that was tampered with is refused as a host would', async () => {
  await makeRepository();
  const path = join(bench.directory, 'www', 'metadata', 'timestamp.json');
  await writeFile(path, (await readFile(path, 'utf8')).replace('"version": 1', '"version": 9'));
  const { code, stdout } = await release('show www --json');
  expect(code).toBe(1);
  expect(JSON.parse(stdout)).toMatchObject({
    error: { code: 'RELEASE_REFUSED', details: { refusal: 'threshold', role: 'timestamp' } },
  });
});

describe('what is wrong is told with what to do', () => {
  beforeEach(makeRepository);

  test.each([
    ['show wwww', 'wwww has no metadata/1.root.json', 'the folder that holds metadata/ and targets/'],
    ['show www --channel stabel', 'the repository has no channel stabel', 'its channels: beta, edge, stable'],
    ['show www --root none', 'cannot read none: there is no such file', 'metadata/N.root.json'],
    ['show www --root keys/edge.pub', '--root keys/edge.pub: root: ', 'metadata/N.root.json'],
    ['show keys/edge.pub', 'keys/edge.pub is no whole bundle: it is cut off', 'release bundle'],
    ['publish none r --channel edge', 'none is no release repository', 'none --keys KEYS makes one'],
    ['publish www r', '--channel is missing', '--channel says which channel is to offer it'],
    ['pause www 1.0.0 --key keys', '--reason is missing', '--reason says why'],
    ['refresh www --key kyes', 'kyes is not there', 'NAME.key, or a folder of them'],
    ['refresh www --signer false', 'the signer "false" failed: it ended with exit code 1', 'on its standard input'],
    ['rekey www onlin --add keys/edge.pub', 'no channel onlin', 'root, targets, online (snapshot and timestamp)'],
    ['rekey www edge --add keys/none.pub', 'keys/none.pub is not there', 'release keygen'],
    ['rekey www edge --add keys/edge.key', 'keys/edge.key is no public key', 'release keygen'],
    ['bundle none 1.0.0 --channel edge', 'none is no release repository', 'release init'],
    ['publish www r --channel edge --rollout 5x', "argument '5x' is invalid. It must be all, a length", 'waves like'],
  ])('%s', async (line, what, next) => {
    const { stderr } = await release(line);
    expect(stderr).toContain(what);
    expect(stderr).toContain(next);
  });

  test('whose signatures a request waits for', async () => {
    await release('refresh www --role root --role targets --key keys/online.key');
    await release('sign www --export request.json');
    const { code, stderr } = await release('sign --request request.json --key keys/edge.key');
    expect(code).toBe(2);
    expect(stderr).toMatch(
      /hint: it waits for root: [0-9a-f]{12}, [0-9a-f]{12}, [0-9a-f]{12}; targets: [0-9a-f]{12}\n/,
    );
  });

  test('where a release is stopped', async () => {
    await makeRelease('1.0.0', 1);
    await release('publish www r-1.0.0 --channel edge --key keys');
    await release('pause www 1.0.0 --reason slow --key keys');
    for (const line of ['bundle www 1.0.0 --channel edge', 'promote www 1.0.0 --from edge --to stable --key keys'])
      expect((await release(line)).stderr).toMatch(/edge has stopped 1\.0\.0: slow[^]*release resume/);
  });
});

test.each([
  ['keygen keys --channels ../up', 2],
  ['keygen keys --channels root', 2],
  ['keygen', 2],
  ['init www', 2],
  ['init www --keys none', 1],
  ['publish none r-1.0.0 --channel edge', 1],
  ['publish www r-1.0.0', 2],
  ['promote www 1.0.0 --from edge', 2],
  ['pause www 1.0.0', 2],
  ['pause www 1.0.0 --reason x --key none', 1],
  ['publish www r --channel edge --rollout 1h=200%', 2],
  ['publish www r --channel edge --rollout soon', 2],
  ['bundle www 1.0.0', 2],
  ['bundle www 1.0.0 --channel edge', 1],
  ['build --previous none', 1],
  ['rekey www edge', 2],
  ['build image --version 1.0.0', 2],
  ['build image --update-root root.json', 2],
  ['build --update-feed https://u.example.org', 2],
  ['build --update-root none', 1],
  ['sign', 2],
  ['sign www --import a --export b', 2],
  ['sign www --request a', 2],
  ['show none', 1],
  ['show www --root none', 1],
  ['show www --host-id x', 1],
])('release %s exits with %d', async (line, code) => {
  const { stderr, code: its } = await release(line);
  expect([its, stderr]).toEqual([code, expect.stringContaining('rror')]);
});

test('help shows how each command is used', async () => {
  const { code, stdout } = await bench.run(['release', '--help']);
  expect(code).toBe(0);
  for (const name of [
    'keygen',
    'init',
    'build',
    'publish',
    'bundle',
    'promote',
    'pause',
    'resume',
    'revoke',
    'dead-end',
    'refresh',
    'rekey',
    'sign',
    'show',
  ])
    expect(stdout).toContain(name);
});
