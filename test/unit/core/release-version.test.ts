import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { compareVersions } from '../../../src/core/release-version.ts';

/** Each line from the oldest to the newest. */
const lines = [
  ['~', '~1', '', '0', '1', '1.0', '1.1', '1.10', '2', '11'],
  ['1~beta', '1~rc1', '1~rc2', '1', '1-1', '1-2', '1^', '1^1', '1.1'],
  ['', '-', '^', '.', 'A', 'a', 'aa', '1'],
  [
    '122.1',
    '123~rc1-1',
    '123',
    '123-a',
    '123-a.1',
    '123-3',
    '123-3.1',
    '123^patch1',
    '123^1',
    '123.a-1',
    '123.1-1',
    '123a-1',
    '124-1',
  ],
];

test.each(lines)('%s is the oldest of a row', (...versions) => {
  for (const [at, older] of versions.entries()) {
    expect(compareVersions(older, older)).toBe(0);
    for (const newer of versions.slice(at + 1)) {
      expect([older, newer, compareVersions(older, newer)]).toEqual([older, newer, -1]);
      expect([newer, older, compareVersions(newer, older)]).toEqual([newer, older, 1]);
    }
  }
});

test.each([
  ['1.02', '1.2'],
  ['1_0', '1:0'],
  ['1.0_build', '1.0build'],
  ['über1', 'ber1'],
  ['99999999999999999999999', '099999999999999999999999'],
])('%s is the same version as %s', (one, other) => {
  expect(compareVersions(one, other)).toBe(0);
});

test('is an order: antisymmetric, and transitive', () => {
  const version = fc.string({ unit: fc.constantFrom('a', 'b', '0', '1', '9', '~', '-', '^', '.', '_'), maxLength: 8 });
  fc.assert(
    fc.property(version, version, version, (a, b, c) => {
      expect(compareVersions(a, b) + compareVersions(b, a)).toBe(0);
      if (compareVersions(a, b) <= 0 && compareVersions(b, c) <= 0)
        expect(compareVersions(a, c)).toBeLessThanOrEqual(0);
    }),
  );
});
