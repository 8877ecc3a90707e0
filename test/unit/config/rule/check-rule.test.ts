import { describe, expect, test } from '@jest/globals';
import { checkRule, ValidatorFailure } from '../../../../src/config/rule/check-rule.ts';
import { readPythonYaml } from '../../../../src/config/rule/python-yaml.ts';
import {
  anyOf,
  boolean,
  deprecated,
  exactlyOne,
  fields,
  integer,
  list,
  matching,
  named,
  number,
  type Rule,
  string,
  types,
  value,
  word,
} from '../../../../src/config/rule/rule.ts';

interface Row {
  readonly name: string;
  readonly rule: Rule;
  readonly good: readonly string[];
  readonly bad: readonly string[];
}

const typed = exactlyOne(
  fields({ type: word('a'), x: string }, { required: ['type', 'x'] }),
  fields({ type: word('b') }, { required: ['type'] }),
);

const rows: Row[] = [
  { name: 'text and binary data', rule: string, good: ['a', '!!binary aGVsbG8='], bad: ['1', '~', '[]', '2030-01-01'] },
  { name: 'a whole number', rule: integer, good: ['1', '0x10', '99999999999999999999'], bad: ['1.0', 'true', '"1"'] },
  { name: 'a number', rule: { ...number, minimum: 0 }, good: ['1', '1.5'], bad: ['-1', '-0.5', 'true'] },
  { name: 'one of several types', rule: types('string', 'null'), good: ['a', '~'], bad: ['1', '[]'] },
  { name: 'a truth value is no number', rule: value(true, 'x'), good: ['true', 'x'], bad: ['1', 'false'] },
  { name: 'a pattern', rule: matching(/^a+\n?$/), good: ['a', '"aa\\n"'], bad: ['b', '1'] },
  { name: 'a length', rule: { type: 'string', maxLength: 2 }, good: ['ab', '😀a'], bad: ['abc'] },
  {
    name: 'a date',
    rule: { type: 'string', format: 'date' },
    good: ['"2028-02-29"'],
    bad: ['"2027-02-29"', '"2027-2-1"', 'a'],
  },
  {
    name: 'items',
    rule: list(string, { minItems: 1, maxItems: 2 }),
    good: ['[a]', '[a, b]'],
    bad: ['[]', '[1]', '[a, b, c]', 'a'],
  },
  { name: 'different items', rule: list(integer, { uniqueItems: true }), good: ['[1, 2]', '[]'], bad: ['[1, 1]'] },
  {
    name: 'known keys',
    rule: fields({ a: integer }),
    good: ['{}', '{a: 1}'],
    bad: ['{b: 1}', '{a: x}', '{1: 1}', '[]'],
  },
  { name: 'required keys', rule: fields({ a: integer }, { required: ['a'] }), good: ['{a: 1}'], bad: ['{}'] },
  {
    name: 'at least one key',
    rule: named(integer, { minProperties: 1 }),
    good: ['{a: 1}'],
    bad: ['{}', '{a: x}', '{"": 1}'],
  },
  {
    name: 'keys that exclude each other',
    rule: fields({ a: integer, b: integer }, { notTogether: ['a', 'b'] }),
    good: ['{a: 1}', '{b: 1}'],
    bad: ['{a: 1, b: 1}'],
  },
  { name: 'any form', rule: anyOf(integer, boolean), good: ['1', 'true'], bad: ['a'] },
  { name: 'exactly one form', rule: exactlyOne(integer, number), good: ['1.5'], bad: ['1', 'a'] },
  {
    name: 'forms told apart by their type: of an unknown one cloud-init says nothing',
    rule: typed,
    good: ['{type: a, x: y}', '{type: b}'],
    bad: ['{type: a}', '{type: c}', '{type: b, x: y}', '{}'],
  },
  {
    name: 'a form without types lets a mapping with one pass',
    rule: exactlyOne(string, integer),
    good: ['{type: a}'],
    bad: ['{typ: a}'],
  },
];

const faultsOf = (rule: Rule, text: string) => {
  const { value: read } = readPythonYaml(text);
  if (read === undefined) throw new Error(`${text} is not YAML`);
  return checkRule(rule, read);
};

describe('checkRule', () => {
  describe.each(rows)('$name', ({ rule, good, bad }) => {
    if (good.length > 0)
      test.each(good)('takes %s', (text) => {
        expect(faultsOf(rule, text)).toEqual([]);
      });

    test.each(bad)('refuses %s', (text) => {
      expect(faultsOf(rule, text)).not.toEqual([]);
    });
  });

  test('what is deprecated is no error', () => {
    const rule = fields({ old: deprecated(integer, 'use "new"') });
    expect(faultsOf(rule, '{old: 1}')).toMatchObject([
      { kind: 'deprecation', path: ['old'], message: 'is deprecated: use "new"' },
    ]);
  });

  test('the error of the form that was meant', () => {
    const rule = exactlyOne(string, list(string), fields({ name: string, uid: integer }, { required: ['name'] }));
    expect(faultsOf(rule, '{name: a, uid: x}')).toMatchObject([{ path: ['uid'], code: 'wrong-type' }]);
    expect(faultsOf(rule, '[a, 1]')).toMatchObject([{ path: [1], code: 'wrong-type' }]);
    expect(faultsOf(rule, '1')).toMatchObject([
      { path: [], message: 'expected text or a list or a mapping; found the number 1' },
    ]);
  });

  test('a key that is no text stops a validator that looks for a pattern in it', () => {
    expect(() => faultsOf(named(integer), '{1: 1}')).toThrow(ValidatorFailure);
  });
});
