import { describe, expect, test } from '@jest/globals';
import { maxTextLength, readYaml } from '../../../src/config/yaml-source.ts';

const read = (text: string) => readYaml(text, { rulesOf: (key) => (key === 'berth' ? 'compose' : 'cloud-init') });
const problemsOf = (text: string) =>
  read(text).problems.map(({ code, position: { line, column } }) => `${line}:${column} ${code}`);

describe('unquoted scalars', () => {
  const rows: { text: string; cloudInit: unknown; compose: unknown }[] = [
    { text: 'yes', cloudInit: true, compose: 'yes' },
    { text: 'off', cloudInit: false, compose: 'off' },
    { text: 'True', cloudInit: true, compose: true },
    { text: 'n', cloudInit: 'n', compose: 'n' },
    { text: '0644', cloudInit: 420, compose: 420 },
    { text: '22:22', cloudInit: 1342, compose: '22:22' },
    { text: '0x10', cloudInit: 16, compose: 16 },
    { text: '1_000', cloudInit: 1000, compose: 1000 },
    { text: '12e34', cloudInit: '12e34', compose: '12e34' },
    { text: '2001-12-14', cloudInit: '2001-12-14', compose: '2001-12-14' },
    { text: '.inf', cloudInit: '.inf', compose: '.inf' },
    { text: '12345678901234567890', cloudInit: '12345678901234567890', compose: '12345678901234567890' },
    { text: '~', cloudInit: null, compose: null },
    { text: '"yes"', cloudInit: 'yes', compose: 'yes' },
  ];

  test.each(rows)('$text', ({ text, cloudInit, compose }) => {
    expect(read(`a: ${text}\nberth: {a: ${text}}\n`).data).toEqual({ a: cloudInit, berth: { a: compose } });
  });

  test('a carriage return alone ends a line, and so do the other line ends of YAML 1.1', () => {
    expect(read('a: 1\rb: 2\u0085c: 3\u2028d: 4\r').data).toEqual({ a: 1, b: 2, c: 3, d: 4 });
  });

  test('an exponent is a number to Compose, and to PyYAML only with a dot', () => {
    expect(read('berth: {a: 15e2}\na: 1.5e+3').data).toEqual({ berth: { a: 1500 }, a: 1500 });
  });

  test.each([
    ['a: |\n  x', 'x'],
    ['a: |+\n  x', 'x'],
    ['a: >\n  x\n  y', 'x y'],
    ['a: |\n  x\n   ', 'x\n '],
    ['a: |\n  x\n', 'x\n'],
    ['a: |\n  x\n  ', 'x\n'],
    ['a: |+\n  x\n  ', 'x\n'],
    ['a: |+\n  ', ''],
    ['a: |\n  x\n# c', 'x\n'],
  ])('%j: a block text ends with a line break only if there is one', (text, value) => {
    expect(read(text).data).toEqual({ a: value });
  });

  test('!!binary is bytes', () => {
    expect(read('a: !!binary aGk=').data).toEqual({ a: new Uint8Array([104, 105]) });
  });
});

describe('what is wrong has a place', () => {
  const rows: { name: string; text: string; problems: string[] }[] = [
    { name: 'a key that stands twice', text: 'a: 1\nb: {c: 1, c: 2}\n', problems: ['2:11 duplicate-key'] },
    { name: 'a tab', text: 'a:\n\tb: c\n', problems: ['2:1 yaml-syntax'] },
    { name: 'an alias without an anchor', text: 'a: *b\n', problems: ['1:4 yaml-alias'] },
    { name: 'a merge of something that is no mapping', text: 'a: {<<: 1}\n', problems: ['1:5 yaml-merge'] },
    { name: 'a number as key', text: 'a: {1: x}\n', problems: ['1:5 key-not-text'] },
    { name: 'a mapping as key', text: '? {a: 1}\n: x\n', problems: ['1:3 key-not-text'] },
    { name: 'an escaped quote at the end of a text', text: 'a: "b\\"\nc: "d"\n', problems: ['1:4 yaml-syntax'] },
    { name: 'an open quote', text: 'a: b\nc: "d\ne: f\n', problems: ['2:4 yaml-syntax'] },
    { name: 'a quote that another value closes', text: 'a: "b\nc: d\ne: "f"\n', problems: ['1:4 yaml-syntax'] },
    { name: 'a doubled quote at the end of a text', text: "a: 'b''\nc: d\n", problems: ['1:4 yaml-syntax'] },
    { name: 'two documents', text: 'a: 1\n---\nb: 1\n', problems: ['2:1 yaml-syntax'] },
    { name: 'an unknown tag', text: 'a: !foo 1\n', problems: ['1:4 yaml-syntax'] },
    { name: 'a NUL', text: 'a: b\0', problems: ['1:1 not-text'] },
    { name: 'a text that is too long', text: 'a'.repeat(maxTextLength + 1), problems: ['1:1 too-large'] },
    {
      name: 'more words and signs than people write',
      text: `a: [${'-,'.repeat(300_000)}]`,
      problems: ['1:1 too-large'],
    },
    ...[
      { name: 'brackets', text: `a: ${'['.repeat(100_000)}${']'.repeat(100_000)}` },
      { name: 'open brackets', text: `a: ${'['.repeat(100_000)}` },
      { name: 'dashes', text: `a:\n${'- '.repeat(100_000)}x` },
    ].map(({ name, text }) => ({ name: `${name} within each other`, text, problems: ['1:1 too-deep'] })),
    { name: 'an alias within itself', text: 'a: &a [*a]\n', problems: ['1:8 too-deep'] },
  ];

  test.each(rows)('$name', ({ text, problems }) => {
    expect(problemsOf(text)).toEqual(problems);
  });

  test('lines that are indented ever more are nested too deep', () => {
    const lines = Array.from({ length: 1200 }, (_, level) => `${' '.repeat(level)}a:\n`);
    expect(problemsOf(lines.join(''))[0]).toMatch(/too-deep$/);
  });

  test('aliases that grow into a huge document are refused', () => {
    const levels = Array.from({ length: 30 }, (_, level) => `a${level + 1}: &a${level + 1} [*a${level}, *a${level}]`);
    expect(problemsOf(['a0: &a0 [x]', ...levels].join('\n'))[0]).toMatch(/too-large$/);
  });
});

describe('anchors and merge keys', () => {
  test('own keys go over merged ones, and earlier merged ones over later', () => {
    const text = 'a: &a {x: 1, y: 1}\nb: &b {y: 2, z: 2}\nc: {<<: [*a, *b], x: 3}\n';
    expect(read(text).data).toMatchObject({ c: { x: 3, y: 1, z: 2 } });
  });

  test('a key called __proto__ is data', () => {
    const { data } = read('__proto__: {polluted: 1}\n');
    expect(Object.keys(data as object)).toEqual(['__proto__']);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });
});

describe('positions', () => {
  const source = read('a:\n  - b: 1\n    c:  two\nd: {e: [x, y]}\n');

  test.each([
    [['a'], 'key', { line: 1, column: 1 }],
    [['a', 0, 'c'], 'key', { line: 3, column: 5 }],
    [['a', 0, 'c'], 'value', { line: 3, column: 9 }],
    [['d', 'e', 1], 'value', { line: 4, column: 12 }],
    [['d', 'e', 7], 'value', { line: 4, column: 8 }],
    [['nothing'], 'value', { line: 1, column: 1 }],
  ] as const)('%j, its %s', (path, at, position) => {
    expect(source.positionOf(path, at)).toEqual(position);
  });

  test('every path has one', () => {
    expect([...source.positions().keys()]).toEqual(['a', 'a[0]', 'a[0].b', 'a[0].c', 'd', 'd.e', 'd.e[0]', 'd.e[1]']);
  });
});
