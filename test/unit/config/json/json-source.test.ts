import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { membersOf, OddNumber, RepeatedMembers } from '../../../../src/config/json/json-node.ts';
import { readJson } from '../../../../src/config/json/json-source.ts';

const read = (text: string): ReturnType<typeof readJson> => readJson(text, 2 ** 20);

describe('reading JSON', () => {
  test('is as JSON.parse', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        const plain: unknown = JSON.parse(text);
        // Fractions and exponents are kept as they are written.
        if (!/\d[.eE]|\d{16}/.test(text)) expect(read(text).data).toEqual(plain);
      }),
    );
  });

  test('keeps what plain data would lose', () => {
    expect(read('[1.0, 1e3, 9223372036854775808, -0]').data).toEqual([
      new OddNumber('1.0'),
      new OddNumber('1e3'),
      new OddNumber('9223372036854775808'),
      -0,
    ]);
    const twice = read('{"a": 1, "b": 2, "a": 3}').data;
    expect(twice).toBeInstanceOf(RepeatedMembers);
    expect(membersOf(twice)).toEqual([
      ['a', 1],
      ['b', 2],
      ['a', 3],
    ]);
    expect(Object.keys(read('{"__proto__": 1}').data as object)).toEqual(['__proto__']);
  });

  test.each([
    ['', 1, 1],
    ['{"a" 1}', 1, 6],
    ['[1,\n]', 2, 1],
    ['{"a": tru}', 1, 7],
    ['"a\nb"', 1, 3],
    ['"\\x"', 1, 2],
    ['[01]', 1, 3],
    ['{} {}', 1, 4],
    ['\ufeff{}', 1, 1],
  ])('%j is wrong at %d:%d', (text, line, column) => {
    expect(read(text).problems.map(({ position }) => position)).toEqual([{ line, column }]);
  });

  test('places of keys and values', () => {
    const source = read('{\n  "a": [1, {"b": 2}],\n  "a": {"c": 3}\n}');
    expect(source.positionOf(['a'], 'key')).toEqual({ line: 3, column: 3 });
    expect(source.positionOf(['a', 'c'])).toEqual({ line: 3, column: 14 });
    expect(source.positionOf(['a', 'x', 'y'])).toEqual({ line: 3, column: 8 });
    expect(source.positionOf([])).toEqual({ line: 1, column: 1 });
    expect([...source.positions().keys()]).toEqual(['a', 'a[0]', 'a[1]', 'a[1].b', 'a.c']);
  });
});
