import { expect, test } from '@jest/globals';
import { parseGoUrl, queryValue } from '../../../../src/config/go/go-url.ts';

test.each([
  ['http://a.example/b?c=d#e', 'http'],
  ['HTTPS://a', 'https'],
  ['data:,x', 'data'],
  ['relative/path', ''],
  ['//host/path', ''],
  ['http://[::1]:80/', 'http'],
  ['http://[fe80::1%25eth0]/', 'http'],
  ['http://user:pass@host:1/', 'http'],
  ['s3://bucket/key', 's3'],
  ['*', ''],
  ['http://a/%41', 'http'],
  ['http://a:/', 'http'],
])('%s has the scheme "%s"', (url, scheme) => {
  expect(parseGoUrl(url)?.scheme).toBe(scheme);
});

test.each([
  ':',
  '1:2/x:y',
  'http://a b/',
  'http://a/%zz',
  'http://a#%z',
  'http://[::1',
  'http://[1.2.3.4]/',
  'http://a:x/',
  'http://a:1:2/',
  'http://a\u0007/',
  'http://us er@a/',
  'http://a/\u007f',
])('%j is no URL', (url) => {
  expect(parseGoUrl(url)).toBeUndefined();
});

test('a value of the query', () => {
  expect(queryValue('a=1&versionId=%41+b&versionId=2', 'versionId')).toBe('A b');
  expect(queryValue('versionId', 'versionId')).toBe('');
  expect(queryValue('a=1;versionId=2&b', 'versionId')).toBeUndefined();
});
