import { expect, test } from '@jest/globals';
import { shownSize } from '../../../src/core/shown-size.ts';

test.each([
  [0, '0 B'],
  [999, '999 B'],
  [1000, '1.0 kB'],
  [99_999, '100.0 kB'],
  [100_000, '0.1 MB'],
  [236_100_000, '236.1 MB'],
])('%d is shown as %s', (bytes, text) => {
  expect(shownSize(bytes)).toBe(text);
});
