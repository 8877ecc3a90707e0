import { describe, expect, test } from '@jest/globals';
import { interpolate, interpolateStrictly } from '../../../../src/config/compose/interpolate.ts';

describe('interpolate', () => {
  test('replaces in every text and leaves keys and other values alone', () => {
    const tree = { $A: ['$A', 1, null, true, { b: '${A}!' }] };
    expect(interpolate(tree, { A: 'x' })).toEqual({ value: { $A: ['x', 1, null, true, { b: 'x!' }] }, problems: [] });
  });

  test('reports what cannot be interpolated at its path and keeps the text', () => {
    const { value, problems } = interpolate({ a: [{ b: '${' }] }, {}, ['base']);
    expect(value).toEqual({ a: [{ b: '${' }] });
    expect(problems).toMatchObject([{ path: ['base', 'a', 0, 'b'], severity: 'error', code: 'invalid-value' }]);
  });

  test('warns once a text about each variable that is not set', () => {
    const { value, problems } = interpolate({ a: '$X $X $Y' }, {});
    expect(value).toEqual({ a: '  ' });
    expect(problems.map(({ severity, code, message }) => `${severity} ${code} ${message}`)).toEqual([
      'warning unset-variable variable X is not set; empty text is used for it',
      'warning unset-variable variable Y is not set; empty text is used for it',
    ]);
  });

  test('strictly: the first error with its path', () => {
    expect(() => interpolateStrictly({ a: { b: ['${X:?need it}'] } }, {})).toThrow(
      /^a\.b\[0\]: required variable X .*need it$/,
    );
    expect(interpolateStrictly({ a: '$X' }, {})).toEqual({ a: '' });
  });
});
