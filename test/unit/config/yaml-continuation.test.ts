import { describe, expect, test } from '@jest/globals';
import { sealPasswords } from '../../../src/config/parse.ts';
import { readPythonYaml } from '../../../src/config/rule/python-yaml.ts';
import { indentContinuations } from '../../../src/config/yaml-continuation.ts';
import { readYaml } from '../../../src/config/yaml-source.ts';

const read = (text: string) => readYaml(text, { rulesOf: () => 'cloud-init' });
const placesOf = (text: string) =>
  readPythonYaml(text).problems.map(({ position: { line, column }, code }) => `${line}:${column} ${code}`);

const rows: { readonly name: string; readonly text: string; readonly data: unknown }[] = [
  { name: 'a list, its items in the first column', text: 'a: [\nb,\nc\n]\nd: e\n', data: { a: ['b', 'c'], d: 'e' } },
  {
    name: 'a list that ends in the column of its key',
    text: 'a:\n  - b: [\n      c\n    ]\n    d: [\n    e]\n',
    data: { a: [{ b: ['c'], d: ['e'] }] },
  },
  { name: 'a mapping within a list', text: 'a:\n- [{\n  b: c\n}]\n', data: { a: [[{ b: 'c' }]] } },
  { name: 'a quoted text', text: 'a: "b\nc"\nd: e\n', data: { a: 'b c', d: 'e' } },
  {
    name: 'a quoted text, escapes and an empty line',
    text: 'a:\n  - "b \\\n  c\\"\n\n  d"\n',
    data: { a: ['b c"\nd'] },
  },
  { name: "a quoted text with ''", text: "a:\n  - 'b''\n  c'\n  - d\n", data: { a: ["b' c", 'd'] } },
  { name: 'a tab before the next line', text: 'a:\n  - "b\n\tc"\n', data: { a: ['b c'] } },
  { name: 'a bracket in a quoted text and in a comment', text: 'a: [\n"]", # ]\nb\n]\n', data: { a: [']', 'b'] } },
  { name: 'two of them', text: 'a:\n- "b\nc"\n- [\nd\n]\n', data: { a: ['b c', ['d']] } },
  { name: 'a dash by itself in a list', text: 'a: [-, --, b, -]\nc: d\n', data: { a: ['-', '--', 'b', '-'], c: 'd' } },
  { name: 'a comment next to a quote', text: 'a: "b"#c\nd: e\n', data: { a: 'b', d: 'e' } },
];

describe('next lines that are not indented are read as PyYAML reads them', () => {
  test.each(rows)('$name', ({ text, data }) => {
    expect(read(text)).toMatchObject({ data, problems: [] });
    expect(placesOf(text)).toEqual([]);
  });

  test('places are those of the text as it was written', () => {
    const source = read('a: [\nb,\nc\n]\nd: e\n');
    expect(source.positionOf(['a', 1])).toEqual({ line: 3, column: 1 });
    expect(source.positionOf(['d'])).toEqual({ line: 5, column: 4 });
    expect(read('a: [-, b, -, *c]\n').problems[0]?.position).toEqual({ line: 1, column: 14 });
    expect(placesOf('a: "b\nc"\nd: {{ e }}\n')).toEqual(['3:5 key-not-text']);
  });

  test('a password there is stored as a hash', () => {
    const text = '#cloud-config\nusers: [\n{name: a,\nplain_text_passwd: hello}\n]\n';
    const [sealed] = sealPasswords([{ file: 'a', text }], 'a secret of the host');
    expect(sealed?.text).not.toContain('hello');
    expect(sealed?.text).toContain('$6$');
  });
});

describe('what PyYAML rejects stays rejected', () => {
  const wrong: readonly (readonly [name: string, text: string])[] = [
    ['a quote that nothing closes', 'a: "b\nc\n'],
    ['a bracket that nothing closes', 'a: [\nb\n'],
    ['the end of a document within quotes', 'a: "b\n---\nc"\n'],
    ['a dash and a blank within brackets', 'a: [- ]\n'],
    ['a key over two lines', '"a\nb": c\n'],
    ['a plain text that goes on in the first column', 'a: b\nc\n'],
  ];

  test.each(wrong)('%s', (_name, text) => {
    expect(read(text).problems).not.toEqual([]);
    expect(placesOf(text)).not.toEqual([]);
  });

  test('a text does not grow beyond bounds', () => {
    const text = `${'- '.repeat(150)}["\n${'\n\na'.repeat(2000)}`;
    expect(indentContinuations(`${text}"]`).text.length).toBeLessThan(3 * text.length + 5000);
  });
});

test('one fault at a place is told once, with what to do', () => {
  const { problems } = readPythonYaml('a: b\nc\nd: e\n');
  expect(problems.map(({ position: { line }, hint }) => [line, hint])).toEqual([[2, expect.stringContaining('":"')]]);
});

test('a line of a template says so', () => {
  const [problem] = readPythonYaml('a: b\n%{ for c in d }\ne: f\n').problems;
  expect(problem?.hint).toContain('template');
  expect(readPythonYaml('a: {{ b }}\n').problems[0]?.hint).toContain('template');
  expect(readPythonYaml('a: [b\n').problems[0]?.hint).not.toContain('template');
});
