import { expect, test } from '@jest/globals';
import { isObjectUrl, parseObjectUrl } from '../../../src/config/object-url.ts';

const bucket = (name: string) => ({ kind: 'bucket', name });
const accessPoint = (region: string) => ({ kind: 'access-point', name: 'test', account: '123456789012', region });

test.each([
  ['s3://bucket/a/b', { kind: 's3', owner: bucket('bucket'), key: 'a/b' }],
  ['S3://bucket//a', { kind: 's3', owner: bucket('bucket'), key: 'a' }],
  ['s3://bucket/a%20b+c', { kind: 's3', owner: bucket('bucket'), key: 'a b+c' }],
  ['s3://bucket/a?versionId=v%2F1', { kind: 's3', owner: bucket('bucket'), key: 'a', version: 'v/1' }],
  ['arn:aws:s3:::kola/res/a', { kind: 's3', owner: bucket('kola'), key: 'res/a', partition: 'aws' }],
  ['arn:aws-cn:s3:::kola/a%20', { kind: 's3', owner: bucket('kola'), key: 'a%20', partition: 'aws-cn' }],
  [
    'arn:aws:s3:::kola/a?versionId=v1',
    { kind: 's3', owner: bucket('kola'), key: 'a', partition: 'aws', version: 'v1' },
  ],
  [
    'arn:aws:s3:us-west-2:123456789012:accesspoint/test/object/path/object',
    { kind: 's3', owner: accessPoint('us-west-2'), key: 'path/object', partition: 'aws' },
  ],
  ['gs://bucket/a/b%2Fc', { kind: 'gs', bucket: 'bucket', key: 'a/b/c' }],
])('%s names an object', (url, place) => {
  expect(isObjectUrl(url)).toBe(true);
  expect(parseObjectUrl(url)).toEqual(place);
});

test.each([
  ['s3://bucket', 'names no object'],
  ['s3://bucket/', 'names no object'],
  ['gs://bucket//', 'names no object'],
  ['s3:///key', '"" is no name of a bucket'],
  ['s3://a:1/key', 'no name of a bucket'],
  ['gs://UPPER/key', 'no name of a bucket'],
  ['s3://bucket/a/../b', 'has a part "." or ".."'],
  ['s3://bucket/%2e/b', 'has a part "." or ".."'],
  ['s3://bucket/%ff', 'not text in UTF-8'],
  ['arn:aws:s3:us-east-1:123456789012:accesspoint/test/name', 'names no object'],
  ['arn:aws:s3:us-east-1:123456789012:accesspoint/test/name/a', 'goes on with /object/'],
  ['arn:aws:s3:us-east-1:123456789012:accesspoint/test/object', 'names no object'],
  ['arn:aws:s3::123456789012:accesspoint/mfz.mrap/object/a', 'of several regions'],
  ['arn:aws:s3:us-east-1:12:accesspoint/test/object/a', 'no such access point'],
  ['arn:aws:s3:evil.example:123456789012:accesspoint/test/object/a', 'no such access point'],
])('%s names none', (url, why) => {
  expect(parseObjectUrl(url)).toEqual({ kind: 'none', why: expect.stringContaining(why) });
});

test.each(['https://bucket/a', 'data:,a', 'a', 's3://%'])('%s is no URL of an object', (url) => {
  expect(isObjectUrl(url)).toBe(false);
});
