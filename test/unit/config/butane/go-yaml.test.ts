import { describe, expect, test } from '@jest/globals';
import { readGoYaml } from '../../../../src/config/dialects/butane/go-yaml/read.ts';
import { resolveScalar } from '../../../../src/config/dialects/butane/go-yaml/resolve.ts';
import { translated } from './support.ts';

describe('a plain scalar', () => {
  test.each([
    ['', { kind: 'null' }],
    ['Null', { kind: 'null' }],
    ['nULL', { kind: 'text', text: 'nULL' }],
    ['True', { kind: 'truth', value: true }],
    ['yes', { kind: 'text', text: 'yes' }],
    ['0644', { kind: 'number', value: 420 }],
    ['0o644', { kind: 'number', value: 420 }],
    ['0888', { kind: 'number', value: 888 }],
    ['-0x1F', { kind: 'number', value: -31 }],
    ['0b101', { kind: 'number', value: 5 }],
    ['1_000', { kind: 'number', value: 1000 }],
    ['+7', { kind: 'number', value: 7 }],
    ['1e3', { kind: 'number', value: 1000 }],
    ['.5', { kind: 'number', value: 0.5 }],
    ['12:30', { kind: 'text', text: '12:30' }],
    ['1.2.3', { kind: 'text', text: '1.2.3' }],
    ['2024-02-29', { kind: 'other' }],
    ['2023-02-29', { kind: 'text', text: '2023-02-29' }],
  ])('%j', (text, expected) => {
    expect(resolveScalar({ kind: 'scalar', text, tag: '', offset: 0, end: 0 })).toEqual(expected);
  });

  test.each([
    ['!!str', '5', { kind: 'text', text: '5' }],
    ['!!int', '7', { kind: 'number', value: 7 }],
    ['!!int', 'x', { kind: 'unreadable' }],
    ['!!float', '7', { kind: 'number', value: 7 }],
    ['!!bool', 'yes', { kind: 'unreadable' }],
    ['!!binary', 'aGk=', { kind: 'text', text: 'hi' }],
    ['!!binary', 'a', { kind: 'unreadable' }],
    ['!custom', 'x', { kind: 'other' }],
  ])('tagged %s: %j', (tag, text, expected) => {
    expect(resolveScalar({ kind: 'scalar', text, tag, offset: 0, end: 0 })).toMatchObject(expected);
  });
});

describe('values are read into the types of the spec', () => {
  const user = 'passwd:\n  users:\n    - name: core\n      ';
  test.each([
    ['a word is a truth value where one is expected', `${user}system: "yes"`, { name: 'core', system: true }],
    ['a number is text where text is expected', `${user}gecos: 0644`, { name: 'core', gecos: '0644' }],
    ['a fraction is cut', `${user}uid: 7.9`, { name: 'core', uid: 7 }],
    ['nothing is not given', `${user}uid: ~`, { name: 'core' }],
    ['an item without a value is left out', `${user}groups: [a, ~, b]`, { name: 'core', groups: ['a', 'b'] }],
    ['escapes of characters', `${user}gecos: "\\u00e9 \\x41 \\U0001F600 \\\\/"`, { name: 'core', gecos: 'é A 😀 \\/' }],
    ['an alias', `${user}gecos: &x hi\n      shell: *x`, { name: 'core', gecos: 'hi', shell: 'hi' }],
    [
      'brackets that end at the left of their key',
      `${user}groups: [\n  a,\nb\n]`,
      { name: 'core', groups: ['a', 'b'] },
    ],
    ['quotes that go on at the left margin', `${user}gecos: "a\nb"`, { name: 'core', gecos: 'a b' }],
    ['own keys over merged ones', `${user}<<: {name: other, shell: /a}`, { name: 'core', shell: '/a' }],
  ])('%s', (_name, body, expected) => {
    expect(translated(body).ignition).toMatchObject({ passwd: { users: [expected] } });
  });

  test.each([
    ['quoted numbers', `${user}uid: "5"`, ['6:12 error wrong-type passwd.users[0].uid']],
    ['a mapping for text', `${user}gecos: {}`, ['6:14 error wrong-type passwd.users[0].gecos']],
    ['a text for a mapping', 'storage: x', ['3:10 error wrong-type storage']],
    ['keys that stand twice', `${user}gecos: a\n      gecos: b`, ['7:7 error duplicate-key passwd.users[0].gecos']],
    ['an unknown key', `${user}gecso: a`, ['6:7 warning unknown-key passwd.users[0].gecso']],
    ['an unknown key after brackets', `${user}groups: [a\n]\nfoo: 1`, ['8:1 warning unknown-key foo']],
    ['an unknown key in brackets', 'storage: {\nfoo: 1\n}', ['4:1 warning unknown-key storage.foo']],
    ['an empty mapping key', 'storage:', ['3:1 warning empty-value storage']],
    ['an empty scalar', `${user}uid:`, ['6:7 info empty-value passwd.users[0].uid']],
    ['an alias without an anchor', 'storage: *x', ['3:10 error yaml-syntax ']],
    ['no YAML', 'storage: [', ['3:11 error yaml-syntax ']],
    ['a question mark in brackets', `${user}groups: [a, b?c]`, ['6:19 error yaml-syntax ']],
    ['a colon at the beginning of a text in brackets', `${user}groups: [a, :b]`, ['6:19 error yaml-syntax ']],
    ['a value without a key', 'storage: {}\n: a', ['4:1 error yaml-syntax ']],
  ])('%s', (_name, body, expected) => {
    expect(translated(body).found.slice(0, 1)).toEqual(expected);
  });

  test.each([
    ['a line of a tab after a text', 'storage: {}\nx: a\n\t\ny: b', '5:1'],
    ['a line of a tab that is indented less than the text before it', 'x:\n  y: a\n  \t\n', '5:3'],
    ['a line of a tab after a quoted text', 'x: "a"\n      \t\n', '4:7'],
    ['a line of a tab after a key', 'x:\n\t\n  y: b', '4:1'],
    ['a line of a tab after a block text', 'x: |\n  a\n\t\n', '5:1'],
    ['a tab before the first line of a block text', 'x: |\n  \ta\n', '4:3'],
    ['a comment after a tab', 'x: a # b\n\t# c\n', '4:1'],
    ['a tab after a dash', 'x:\n  -\ta\n', '4:4'],
    ['a line of a tab after a line of comments', '# a\n\t\nx: a\n', '4:1'],
    ['a comment after a tab, too far below another one', `# a\n${' '.repeat(512)}\n\t# b\n`, '5:1'],
  ])('%s is where libyaml takes no tab', (_name, body, position) => {
    expect(translated(body).found[0]).toBe(`${position} error yaml-syntax `);
  });

  test.each([
    ['after a value', 'x: a\t\ny: "b"\t# c\n'],
    ['before a value', 'x:\ta\n'],
    ['in a line that is indented enough', 'x: a\n  \t\ny: b\n'],
    ['in flow style', 'x: [a,\n  \tb,\tc ]\n'],
    ['in quotes', 'x: "a\n  \tb"\n'],
    ['in a block text', 'x: |\n  a\n  \tb\t\n'],
    ['in a comment', '#\t\nx: a\n'],
    ['in a second document', 'x: a\n---\nb: c\nd:\n\te: f\n'],
    ['before a comment below another one', '# a\n\t# b\nx: a\n'],
    ['in a line between comments', 'x:\n  - # a\n\t\n  # b\n    c\n'],
  ])('a tab %s', (_name, body) => {
    expect(translated(body).found.filter((line) => line.includes(' error '))).toEqual([]);
  });

  test.each([
    ['a carriage return alone ends a line', 'x: a\r\ny: b\rz: "c"\r'],
    ['a question mark for a key', '?\n: a\n'],
    ['a comment may begin at a quote', 'x: "a"#b\ny: |#c\n  d\n'],
  ])('%s', (_name, body) => {
    expect(translated(body).found.filter((line) => line.includes(' error '))).toEqual([]);
  });

  test.each([
    ['a text of two lines for a key', '---\na\nb: c\n', '4:1'],
    ['a tab', '...\n\ta: b\n', '4:1'],
    ['a sign that begins no word', '---\n@a\n', '4:1'],
    ['a key beside the mark', '--- a: b\n', '3:5'],
    ['a quoted text without its end', '---\n"a\n', '5:1'],
  ])('%s at the beginning of a second document is one word too early', (_name, body, position) => {
    expect(translated(body).found[0]).toBe(`${position} error yaml-syntax `);
  });

  test.each([
    '---\n{{ a }}\n',
    '---\n[a\n]: b\n',
    '---\na: b: c\n',
    '---\n---\na\nb: c\n',
    '---\nkind: @a\n',
    '...\n,\n',
  ])('what is wrong later in a second document is not seen: %j', (body) => {
    expect(translated(body).found.filter((line) => line.includes(' error '))).toEqual([]);
  });

  test('a mapping that is merged into itself', () => {
    expect(translated('passwd: &p\n  <<: *p').found).toContain('4:7 error yaml-alias passwd["<<"]');
  });

  test('a bomb of aliases is refused where it would be read', () => {
    const list = `x: &x [${'a, '.repeat(300)}]\npasswd:\n  users:\n${'    - {name: a, groups: *x}\n'.repeat(300)}`;
    expect(translated(list).found.some((line) => line.includes('error too-large'))).toBe(true);
  });
});

describe('what is no YAML', () => {
  test.each([
    ['a line that is indented too much', 'a: b\n  c: d', '1:4', 'indent the next line as this one'],
    ['a placeholder', 'a: b\n{{ c }}\nd: e', '2:1', 'looks like a template ("{{")'],
    ['a tab', 'a: b\n\tc: d', '2:1', 'use spaces'],
  ])('%s is told once for each line, with a hint', (_name, text, place, hint) => {
    const { problems } = readGoYaml(text);
    const lines = problems.map(({ position }) => position.line);
    expect(new Set(lines).size).toBe(lines.length);
    const found = problems.map(({ problem, position: { line, column } }) => `${line}:${column} ${problem.hint}`);
    expect(found.some((line) => line.startsWith(place) && line.includes(hint))).toBe(true);
  });
});

test('a separator that ends a line of a block text stays in it, as in libyaml', () => {
  const text = 'a: |\r\n  b\u2028\r\n  c\u2029  d\u0085  e\r\nf: g\u2028\n';
  const { root, problems } = readGoYaml(text);
  expect(problems).toEqual([]);
  expect(root).toMatchObject({
    entries: [{ value: { text: 'b\u2028\nc\u2029d\ne\n' } }, { value: { text: 'g' } }],
  });
});
