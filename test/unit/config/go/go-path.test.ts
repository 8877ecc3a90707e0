import { expect, test } from '@jest/globals';
import { cleanPath, extensionOf, joinPaths } from '../../../../src/config/go/go-path.ts';

test.each([
  ['', '.'],
  ['/', '/'],
  ['//a/./b/../c/', '/a/c'],
  ['/../a', '/a'],
  ['../a/..', '..'],
  ['a/../../b', '../b'],
])('%j is %j in short', (path, clean) => {
  expect(cleanPath(path)).toBe(clean);
});

test('joining and endings', () => {
  expect(joinPaths('/a/b', '../c')).toBe('/a/c');
  expect(joinPaths('', '')).toBe('');
  expect(['a.service', 'a@b.c.timer', 'a.d/b', ''].map(extensionOf)).toEqual(['.service', '.timer', '', '']);
});
