import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { makeAuthority } from '../../vm/support/authority.ts';
import type { HostLine } from './support/metadata-host.ts';
import { MetadataLab } from './support/metadata-lab.ts';
import type { Mood } from './support/metadata-server.ts';
import type { StoredObject, StoresOptions } from './support/object-store-server.ts';
import { type PlatformId, platforms } from './support/platforms.ts';

const s3 = 's3.dualstack.eu-central-1.amazonaws.com';
const accessPoint = 'point-123456789012.s3-accesspoint.dualstack.us-west-2.amazonaws.com';
const google = 'storage.googleapis.com';
const objects: readonly StoredObject[] = [
  { host: `private.${s3}`, path: '/a/key%20with%20%2B%C3%A9%21', content: 'secret' },
  { host: `private.${s3}`, path: '/a/b?versionId=v1%2F%3D', content: 'old' },
  { host: `private.${s3}`, path: '/public', content: 'for all', isPublic: true },
  { host: s3, path: '/with.dots/a', content: 'dotted' },
  { host: accessPoint, path: '/a/b', content: 'through a point' },
  { host: google, path: '/storage/v1/b/private/o/a%2Fb%20c?alt=media', content: 'at Google' },
  { host: google, path: '/storage/v1/b/private/o/public?alt=media', content: 'all of Google', isPublic: true },
];
const names = [
  ...['us-east-1', 'eu-west-1', 'eu-central-1'].flatMap((region) =>
    ['', 'private.', 'nowhere.'].map((bucket) => `${bucket}s3.dualstack.${region}.amazonaws.com`),
  ),
  ...[accessPoint, google],
];
const role = { accessKeyId: 'ASIAEXAMPLE', secretAccessKey: 'wJalr/XUtn+FEMI', sessionToken: 'IQoJb3/JpZ2lu+==' };
const ec2Role = {
  '/latest/meta-data/placement/region': 'eu-west-1',
  '/latest/meta-data/iam/security-credentials/': 'web-role',
  '/latest/meta-data/iam/security-credentials/web-role': JSON.stringify({
    ...{ Code: 'Success', Type: 'AWS-HMAC', LastUpdated: '2026-01-01T00:00:00Z', Expiration: '2099-01-01T00:00:00Z' },
    ...{ AccessKeyId: role.accessKeyId, SecretAccessKey: role.secretAccessKey, Token: role.sessionToken },
  }),
};
const googleToken = 'ya29.c.example';
const account = '/computeMetadata/v1/instance/service-accounts/default';
const googleAccount = {
  [`${account}/scopes`]: 'https://www.googleapis.com/auth/devstorage.read_only\n',
  [`${account}/token?scopes=https%3A%2F%2Fwww.googleapis.com%2Fauth%2Fdevstorage.read_only`]: JSON.stringify({
    ...{ access_token: googleToken, expires_in: 3599, token_type: 'Bearer' },
  }),
};

let lab: MetadataLab;
let directory: string;
let [root, certificate, key] = ['', '', ''];
beforeAll(async () => {
  lab = await MetadataLab.create(names);
  directory = await mkdtemp(join(tmpdir(), 'berth-authority-'));
  const made = await makeAuthority(
    directory,
    names.map((name) => `DNS:${name}`),
  );
  const paths = [made.certificate, made.serverCertificate, made.serverKey];
  [root, certificate, key] = (await Promise.all(paths.map((path) => readFile(path, 'utf8')))) as [
    string,
    string,
    string,
  ];
});
afterAll(async () => {
  await lab.remove();
  await rm(directory, { recursive: true });
});
afterEach(() => lab.place({ kind: 'stop' }));

interface Serving {
  readonly documents?: Readonly<Record<string, string>>;
  readonly mood?: Mood;
  readonly stores?: Partial<StoresOptions>;
}

async function serve(platform: PlatformId, { documents = {}, mood = {}, stores = {} }: Serving = {}): Promise<void> {
  const regions = { private: 'eu-central-1', 'with.dots': 'eu-central-1' };
  const all: StoresOptions = { certificate, key, objects, regions, role, googleToken, ...stores };
  await lab.place({ kind: 'objects', platform, documents, mood, stores: all });
}

async function get(
  url: string,
  platform?: PlatformId,
  authorities = [root],
  limitMs = 20_000,
): Promise<{ line: HostLine; retries: readonly string[] }> {
  const dmi = platform === undefined ? {} : platforms[platform].dmi;
  return await lab.host({ kind: 'get', url, facts: { dmi }, authorities, limitMs });
}

async function asked(): Promise<string[]> {
  return (await lab.place({ kind: 'stop' })).asked.map(({ method, url }) => `${method} ${url}`);
}

describe('on Amazon EC2, with the role of the instance', () => {
  test.each([
    ['a key that has to be escaped', 's3://private/a/key%20with%20+%C3%A9!', 'secret'],
    ['a version', 's3://private/a/b?versionId=v1%2F%3D', 'old'],
    ['a bucket with dots', 's3://with.dots/a', 'dotted'],
    ['an ARN', 'arn:aws:s3:::private/a/b?versionId=v1%2F%3D', 'old'],
    ['an access point', 'arn:aws:s3:us-west-2:123456789012:accesspoint/point/object/a/b', 'through a point'],
    ['what everybody may read', 's3://private/public', 'for all'],
  ])('%s', async (_what, url, text) => {
    await serve('ec2', { documents: ec2Role });
    expect((await get(url, 'ec2')).line).toEqual({ kind: 'got', text });
  });

  test('a bucket is looked for from the own region, and asked where it is', async () => {
    await serve('ec2', { documents: ec2Role });
    await get('s3://private/public', 'ec2');
    expect(await asked()).toEqual(['HEAD private.s3.dualstack.eu-west-1.amazonaws.com/', `GET private.${s3}/public`]);
  });

  test('it is asked again while S3 is busy, and while the metadata service does not know its token', async () => {
    await serve('ec2', { documents: ec2Role, stores: { busy: 2 }, mood: { forgottenTokens: 1 } });
    const { line, retries } = await get('s3://with.dots/a', 'ec2');
    expect(line).toEqual({ kind: 'got', text: 'dotted' });
    expect(retries).toEqual([
      'http://169.254.169.254/latest/meta-data/instance-id: the service refused the token',
      's3://with.dots/a: the server answered 503',
      's3://with.dots/a: the server answered 503',
    ]);
  });

  test('another secret is refused, by the signature alone', async () => {
    await serve('ec2', { documents: ec2Role, stores: { role: { ...role, secretAccessKey: 'another' } } });
    expect((await get('s3://with.dots/a', 'ec2')).line).toMatchObject({
      ...{ kind: 'failed', code: 'DATASOURCE_UNREADABLE' },
      message: expect.stringMatching(/^s3:\/\/with.dots\/a: the server answered 403; .* must allow s3:GetObject/),
    });
  });

  test('what is not there, is not', async () => {
    await serve('ec2', { documents: ec2Role });
    expect((await get('s3://private/none', 'ec2')).line).toEqual({ kind: 'got', text: null });
    expect((await get('s3://nowhere/a', 'ec2')).line).toMatchObject({
      kind: 'failed',
      message: 'there is no bucket nowhere: it answered 404',
    });
  });
});

test.each([
  ['on EC2 without a role', 'ec2', {}, 'the instance has no role'],
  ['on EC2 whose metadata service is switched off', 'ec2', { failures: { count: 1000, status: 403 } }, 'has no role'],
  ['anywhere else', undefined, {}, 'only an instance of Amazon EC2'],
] as const)('%s, S3 is asked as by anybody', async (_where, platform, mood, advice) => {
  await serve('ec2', { mood });
  expect((await get('s3://private/public', platform)).line).toEqual({ kind: 'got', text: 'for all' });
  expect((await get('s3://with.dots/a', platform)).line).toMatchObject({
    kind: 'failed',
    code: 'DATASOURCE_UNREADABLE',
    message: expect.stringContaining(advice),
  });
});

test('on Compute Engine, Google Cloud Storage is asked with the token of the service account', async () => {
  await serve('gce', { documents: googleAccount });
  expect((await get('gs://private/a/b%20c', 'gce')).line).toEqual({ kind: 'got', text: 'at Google' });
});

test.each([
  ['on Compute Engine without a service account', 'gce', 'no service account'],
  ['anywhere else', undefined, 'only a machine of Compute Engine'],
] as const)('%s, Google Cloud Storage is asked as by anybody', async (_where, platform, advice) => {
  await serve('gce');
  expect((await get('gs://private/public', platform)).line).toEqual({ kind: 'got', text: 'all of Google' });
  expect((await get('gs://private/a/b%20c', platform)).line).toMatchObject({
    kind: 'failed',
    message: expect.stringContaining(advice),
  });
});

test('a server whose certificate nobody vouches for is not believed', async () => {
  await serve('gce', { documents: googleAccount });
  const { line, retries } = await get('gs://private/public', 'gce', [], 700);
  expect(line).toMatchObject({ kind: 'failed', code: 'CANCELLED' });
  expect(retries.length).toBeGreaterThan(0);
  expect(retries[0]).toMatch(/certificate/);
  expect(await asked()).toEqual([]);
});
