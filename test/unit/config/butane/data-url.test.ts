import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { embed } from '../../../../src/config/dialects/butane/data-url/data-url.ts';
import { gzip } from '../../../../src/config/dialects/butane/data-url/gzip.ts';

const unit = '[Unit]\nDescription=Unit %d\n\n[Service]\nExecStart=/usr/bin/true\n';

describe('gzip', () => {
  // Made by Go 1.26's compress/gzip at its best level.
  test.each([
    ['nothing', '', 'H4sIAAAAAAAC/wEAAP//AAAAAAAAAAA='],
    ['one byte', 'a', 'H4sIAAAAAAAC/0oEBAAA//9DvrfoAQAAAA=='],
    ['a match that goes over itself', 'hello hello hello hello\n', 'H4sIAAAAAAAC/8pIzcnJV8AguQABAAD//wCIWQsYAAAA'],
    ['one long run', ' '.repeat(1000), 'H4sIAAAAAAAC/1IYBaNgFAx7AAgAAP//guOTzegDAAA='],
    [
      'bytes that are better stored',
      Buffer.from(Array.from({ length: 256 }, (_, byte) => byte)),
      'H4sIAAAAAAAC/wAAAf/+AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4vMDEyMzQ1Njc4OTo7PD0+P0BBQkNERUZHSElKS0xNTk9QUVJTVFVWV1hZWltcXV5fYGFiY2RlZmdoaWprbG1ub3BxcnN0dXZ3eHl6e3x9fn+AgYKDhIWGh4iJiouMjY6PkJGSk5SVlpeYmZqbnJ2en6ChoqOkpaanqKmqq6ytrq+wsbKztLW2t7i5uru8vb6/wMHCw8TFxsfIycrLzM3Oz9DR0tPU1dbX2Nna29zd3t/g4eLj5OXm5+jp6uvs7e7v8PHy8/T19vf4+fr7/P3+/wEAAP//c4wFKQABAAA=',
    ],
    [
      'codes of its own',
      unit.repeat(9),
      'H4sIAAAAAAAC/4oOzcssieVySS1OLsosKMnMz7MFiSiopnBxRQenFpVlJqfGcrlWpCYHlyQWldjqlxYX6Sdl5umXFJWmco3qHlm6AQEAAP//XgWpQi4CAAA=',
    ],
  ])('%s comes out as from Go', (_name, content, packed) => {
    expect(gzip(Buffer.from(content)).toString('base64')).toBe(packed);
  });

  test('what is packed is there again, over several windows and blocks, too', () => {
    const pieces = fc.array(fc.tuple(fc.uint8Array({ maxLength: 300 }), fc.integer({ min: 1, max: 400 })), {
      maxLength: 5,
    });
    fc.assert(
      fc.property(pieces, (parts) => {
        const content = Buffer.concat(parts.flatMap(([bytes, times]) => Array.from({ length: times }, () => bytes)));
        expect(gunzipSync(gzip(content)).equals(content)).toBe(true);
      }),
      { numRuns: 12 },
    );
  });
});

describe('the shortest form of contents', () => {
  test.each([
    ['text', 'hello, world\n', undefined, { source: 'data:,hello%2C%20world%0A', compression: '' }],
    ['nothing', '', undefined, { source: 'data:,', compression: '' }],
    ['odd bytes', '\u0000'.repeat(9), undefined, { source: 'data:;base64,AAAAAAAAAAAA', compression: '' }],
    ['contents that are packed already', '\u0000\u0001', 'gzip', { source: 'data:,%00%01', compression: undefined }],
    ['characters that stand for themselves', "-_.!~*'()", undefined, { source: "data:,-_.!~*'()", compression: '' }],
  ])('%s', (_name, content, compression, expected) => {
    expect(embed(Buffer.from(content), compression, true)).toEqual(expected);
  });

  test('contents are packed only where that is shorter, and may be', () => {
    const content = Buffer.from(unit.repeat(9));
    expect(embed(content, undefined, true)).toMatchObject({ compression: 'gzip' });
    expect(embed(content, undefined, false)).toMatchObject({ compression: '' });
  });
});
