import { describe, expect, test } from '@jest/globals';
import { parseObjectUrl, type S3Place } from '../../../src/config/object-url.ts';
import { parseEc2Role } from '../../../src/datasource/objects/ec2-role.ts';
import { parseGoogleToken } from '../../../src/datasource/objects/google-account.ts';
import { objectPlatformOf } from '../../../src/datasource/objects/object-platform.ts';
import { bucketAddress, regionToAsk, s3Address } from '../../../src/datasource/objects/s3-address.ts';
import { s3Request } from '../../../src/datasource/objects/sign-s3.ts';
import { noFacts } from '../../support/no-facts.ts';

const placeOf = (url: string): S3Place => parseObjectUrl(url) as S3Place;

test.each([
  ['s3://bucket/a/b c', 'eu-west-1', 'https://bucket.s3.dualstack.eu-west-1.amazonaws.com/a/b%20c'],
  ['s3://with.dots/a', 'eu-west-1', 'https://s3.dualstack.eu-west-1.amazonaws.com/with.dots/a'],
  ['s3://OLD_name/a', 'us-east-1', 'https://s3.dualstack.us-east-1.amazonaws.com/OLD_name/a'],
  [
    "s3://bucket/é!'()*+&=",
    'cn-north-1',
    'https://bucket.s3.dualstack.cn-north-1.amazonaws.com.cn/%C3%A9%21%27%28%29%2A%2B%26%3D',
  ],
  ['s3://bucket/a', 'eusc-de-east-1', 'https://bucket.s3.dualstack.eusc-de-east-1.amazonaws.eu/a'],
  ['s3://bucket/a?versionId=x/y', 'us-east-1', 'https://bucket.s3.dualstack.us-east-1.amazonaws.com/a?versionId=x%2Fy'],
  [
    'arn:aws:s3:us-west-2:123456789012:accesspoint/test/object/a',
    'us-west-2',
    'https://test-123456789012.s3-accesspoint.dualstack.us-west-2.amazonaws.com/a',
  ],
])('%s in %s', (url, region, address) => {
  const { host, path } = s3Address(placeOf(url), region);
  expect(`https://${host}${path}`).toBe(address);
});

test.each([
  ['s3://bucket/a', undefined, 'us-east-1'],
  ['s3://bucket/a', 'eu-central-1', 'eu-central-1'],
  ['arn:aws-cn:s3:::bucket/a', 'cn-northwest-1', 'cn-north-1'],
  ['arn:other:s3:::bucket/a', 'eu-central-1', 'eu-central-1'],
])('where %s is, is asked from %s', (url, own, asked) => {
  expect(regionToAsk(placeOf(url), own)).toBe(asked);
});

describe('a request', () => {
  // "Signature calculations for the Authorization header", Amazon S3's API reference: the example "GET Bucket Lifecycle".
  test('is signed as in the example of the specification', () => {
    const { host } = bucketAddress('examplebucket', 'us-east-1');
    const published = { host: host.replace('.dualstack.us-east-1', ''), path: '/?lifecycle' };
    const credentials = {
      accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
      secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
      sessionToken: '',
    };
    const { headers } = s3Request(published, 'us-east-1', credentials, Date.UTC(2013, 4, 24));
    expect(headers).toEqual({
      'x-amz-date': '20130524T000000Z',
      'x-amz-content-sha256': 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
      authorization:
        'AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, ' +
        'SignedHeaders=host;x-amz-content-sha256;x-amz-date, ' +
        'Signature=fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543',
    });
  });

  test('says nothing without credentials', () => {
    const address = s3Address(placeOf('s3://bucket/a'), 'us-east-1');
    const url = 'https://bucket.s3.dualstack.us-east-1.amazonaws.com/a';
    expect(s3Request(address, 'us-east-1', undefined, 0)).toEqual({ url, headers: {} });
  });
});

const documents = (texts: Readonly<Record<string, string>>) =>
  new Map(Object.entries(texts).map(([name, text]) => [name, Buffer.from(text)]));
const role = {
  ...{ Code: 'Success', AccessKeyId: 'ASIA', SecretAccessKey: 's', Token: 't', Expiration: '2026-01-01T06:00:00Z' },
};

test.each([
  ['nothing', {}, {}],
  ['a region', { region: 'eu-west-1\n' }, { region: 'eu-west-1' }],
  ['no region at all', { region: 'a.example' }, {}],
  ['a role that is not ready', { region: 'eu-west-1', credentials: '{"Code":"Failed"}' }, { region: 'eu-west-1' }],
  ['no JSON', { credentials: '<html>' }, {}],
  [
    'a role',
    { credentials: JSON.stringify(role) },
    { credentials: { accessKeyId: 'ASIA', secretAccessKey: 's', sessionToken: 't' }, endsAt: Date.UTC(2026, 0, 1, 6) },
  ],
])('what an instance says of its role: %s', (_what, texts, expected) => {
  expect(parseEc2Role(documents(texts))).toEqual(expected);
});

test.each([
  ['nothing', {}, undefined],
  [
    'a token',
    { token: '{"access_token":"ya29.x","expires_in":3599,"token_type":"Bearer"}' },
    { token: 'ya29.x', seconds: 3599 },
  ],
  [
    'a token that would break a header',
    { token: '{"access_token":"a\\nb","expires_in":1,"token_type":"Bearer"}' },
    undefined,
  ],
  ['another kind of token', { token: '{"access_token":"a","expires_in":1,"token_type":"MAC"}' }, undefined],
])('what a machine says of its service account: %s', (_what, texts, expected) => {
  expect(parseGoogleToken(documents(texts))).toEqual(expected);
});

test.each([
  ['EC2’s firmware', { dmi: { sys_vendor: 'Amazon EC2' } }, 'ec2'],
  ['Google’s firmware', { dmi: { product_name: 'Google Compute Engine' } }, 'gce'],
  [
    'a config on a disk, in EC2',
    { dmi: { sys_vendor: 'Amazon EC2' }, seedFiles: ['/var/lib/cloud/seed/nocloud/user-data'] },
    'ec2',
  ],
  ['what the kernel is told', { cmdline: 'ignition.platform.id=aws' }, 'ec2'],
  ['another cloud', { dmi: { sys_vendor: 'Hetzner' } }, undefined],
  ['no cloud', {}, undefined],
] as const)('whose credentials there are: %s', (_what, facts, platform) => {
  expect(objectPlatformOf({ ...noFacts, ...facts })).toBe(platform);
});
