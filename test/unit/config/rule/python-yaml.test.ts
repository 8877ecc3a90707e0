import { describe, expect, test } from '@jest/globals';
import { OtherValue, PythonFloat, type PythonValue } from '../../../../src/config/rule/python-value.ts';
import { readPythonYaml } from '../../../../src/config/rule/python-yaml.ts';

/** As python shows it, nearly. */
function show(value: PythonValue | undefined): unknown {
  if (value instanceof PythonFloat) return { float: value.value };
  if (value instanceof OtherValue) return { other: value.title };
  if (value instanceof Uint8Array) return { bytes: Buffer.from(value).toString() };
  if (Array.isArray(value)) return value.map(show);
  if (value instanceof Map) return [...(value as Map<unknown, PythonValue>)].map(([key, entry]) => [key, show(entry)]);
  return value;
}

const values: readonly (readonly [text: string, value: unknown])[] = [
  ['a', 'a'],
  ['yes', true],
  ['a\n...\n...\n# end\n...', 'a'],
  ['y', 'y'],
  ['"yes"', 'yes'],
  ['~', null],
  ['0644', 420],
  ['08', '08'],
  ['0x1F', 31],
  ['0b11', 3],
  ['1_000', 1000],
  ['-1:20', -80],
  ['22:99', '22:99'],
  ['1.0', { float: 1 }],
  ['1e3', '1e3'],
  ['1.e+3', { float: 1000 }],
  ['-.inf', { float: Number.NEGATIVE_INFINITY }],
  ['123456789012345678901', 123456789012345678901n],
  ['2030-01-31', { other: 'the date 2030-01-31' }],
  ['2030-1-31', '2030-1-31'],
  ['!!str 12', '12'],
  ['! 12', 12],
  ['! "yes"', true],
  ['! |\n a', 'a'],
  ['a: !', [['a', null]]],
  ['!!int "12"', 12],
  ['!!binary aGVsbG8=', { bytes: 'hello' }],
  ['!!binary aG=VsbG8=', { bytes: 'hello' }],
  ['!!set {a, b}', { other: 'a set' }],
  ['|\n a', 'a'],
  ['|+\n a', 'a'],
  ['|\n a\n', 'a\n'],
  ['- |\n a\n- >\n b\n c', ['a\n', 'b c']],
  ['[a, 1]', ['a', 1]],
  [
    '{1: a, b: c}',
    [
      [1, 'a'],
      ['b', 'c'],
    ],
  ],
  ['{a: 1, a: 2}', [['a', 2]]],
  ['[a:b, "c?", x-y :z]', ['a:b', 'c?', 'x-y :z']],
  [
    '{a: b, # c\n c:\n  d, ? e\n : f, ?\n g: h,\n i}',
    [
      ['a', 'b'],
      ['c', 'd'],
      ['e', 'f'],
      ['g', 'h'],
      ['i', null],
    ],
  ],
  ['- a?b\n- :80', ['a?b', ':80']],
  ['? \n: b', [[null, 'b']]],
  ['&a : b', [[null, 'b']]],
  ['a: b\r', [['a', 'b']]],
  ["- \"b\\\"\n  c\"\n- \"\\\\\"\n- 'd'''\n- ''\n", ['b" c', '\\', "d'", '']],
  [
    '{x: &x {a: 1, b: 2}, y: {<<: *x, b: 3}}',
    [
      [
        'x',
        [
          ['a', 1],
          ['b', 2],
        ],
      ],
      [
        'y',
        [
          ['a', 1],
          ['b', 3],
        ],
      ],
    ],
  ],
];

const failures: readonly string[] = [
  '=',
  '<<',
  '!foo a',
  '!!int a',
  '!!bool maybe',
  '0b_',
  '2030-02-30',
  '!!binary aGVsbG8',
  '[&a b, &a c]',
  '{{ a }}: b',
  '{<<: 1}',
  '*a',
  'a\tb',
  'a \t# b',
  '\u0007',
  '[wget, http://a.example/b?c=d]',
  '[a, :80]',
  '{a: b?}',
  '[?a]',
  'a: "b\\"\nc: "d"\n',
  '- "C:\\"\n- "d"\n',
  "a: 'b''\nc: 'd'\n",
  '!!binary QQ=Q',
  '{a: b, c\n : d}',
  '{a: b, "c"\n : d}',
  '{a: b, c\n d: e}',
  '{c # a comment: of words\n : d}',
  '{&a\n c: d}',
  '{&a b: c, *a\n : d}',
  '|#c\n a',
  'a: b\n: c',
  '{: c}',
  '%YAML 1.1\n%YAML 1.1\n---\na',
  'a\n...\nb',
  'a\n...\n... b',
];

describe('a text as PyYAML reads it', () => {
  test.each(values)('%s', (text, value) => {
    expect(show(readPythonYaml(text).value)).toEqual(value);
  });

  test.each(failures)('%s fails', (text) => {
    expect(readPythonYaml(text)).toMatchObject({ value: undefined, problems: [{ severity: 'error' }] });
  });

  test.each(['"a\tb"', '|\n a\tb', 'a # b\tc', "'\t'"])('%j: a tab that it takes', (text) => {
    expect(readPythonYaml(text).problems).toEqual([]);
  });
});

test.each([
  ['a:\n\tb: c\n', 'spaces'],
  ['a: \tb\n', 'blanks'],
  ['a: "\\$b"\n', 'single quotes'],
  ['a: "b" c\n', 'quote the whole'],
  ['a: b\n---\nc: d\n', 'one document'],
  ['a: [wget, http://a.example/b?c=d]\n', 'in quotes'],
  ['a: |#!/bin/sh\n  b\n', 'next line'],
  ['# a\n\ufeffb: c\n', 'most editors'],
  ['a: {b\n  : c}\n', 'on one line'],
])('%j is rejected with a hint', (text, hint) => {
  const [problem] = readPythonYaml(text).problems;
  expect(problem?.hint).toContain(hint);
  expect(problem?.message).not.toContain('YAML.');
});
