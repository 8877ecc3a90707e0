import { describe, expect, test } from '@jest/globals';
import { variantsOf } from '../../../../image/os/keymaps.ts';
import { keymaps } from '../../../../src/config/keymaps.ts';

describe("XKB's list of variants", () => {
  test.each([
    ['none', '! layout\n  de  German\n\n! variant\n\n! option\n  grp  Switching\n', []],
    [
      'of several layouts',
      '! layout\n  us  English\n\n! variant\n  euro  us: English (US, euro)\n  T3    de: German (T3)\n\n! option\n  x:y  us: not one\n',
      ['euro us', 'T3 de'],
    ],
    ['no list at all', '', []],
  ])('%s', (_name, text, variants) => {
    expect([...variantsOf(text)]).toEqual(variants);
  });
});

test("the image has the kernel's own layout, to go back to", () => {
  expect(Object.keys(keymaps)).toContain('us');
});
