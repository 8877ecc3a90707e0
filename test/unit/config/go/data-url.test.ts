import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { decodeDataUrl, encodeDataUrl } from '../../../../src/config/go/data-url.ts';

test.each([
  ['data:,', ''],
  ['data:,a%20b', 'a b'],
  ['data:text/plain,x', 'x'],
  ['data:text/plain;charset=utf-8;base64,eA==', 'x'],
  ['data:;base64,', ''],
  ['data:;a="b,c",x', 'x'],
  ['data:x-own/y,z', 'z'],
  ["data:,!'()*;:@&=+$?/", "!'()*;:@&=+$?/"],
])('%s', (url, text) => {
  expect(decodeDataUrl(url)?.toString()).toBe(text);
});

test.each([
  'data:',
  'data:x',
  'data:plain,x',
  'data:font/woff,x',
  'data:;base64',
  'data:;base64,eA',
  'data:;base64,e A==',
  'data:;base64;a=b,eA==',
  'data:;base32,x',
  'data:,a b',
  'data:,%4',
  'data:,%zz',
  'data:,ä',
  'data:,a#b',
  'data:;a=b',
  'DATA:,x',
])('%s is none', (url) => {
  expect(decodeDataUrl(url)).toBeUndefined();
});

test('bytes go there and back', () => {
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      expect(decodeDataUrl(encodeDataUrl(bytes))).toEqual(Buffer.from(bytes));
    }),
  );
});
