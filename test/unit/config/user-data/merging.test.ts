import { describe, expect, test } from '@jest/globals';
import type { SourceFile } from '../../../../src/config/dialects/dialect.ts';
import { parseConfig } from '../../../../src/config/parse.ts';
import { readUserData } from '../../../../src/config/user-data/read-user-data.ts';
import type { Diagnostic } from '../../../../src/core/diagnostic.ts';

const config = (file: string, text: string, layer?: SourceFile['layer']): SourceFile => ({
  file,
  text: text.startsWith('#') ? text : `#cloud-config\n${text}`,
  ...(layer === undefined ? {} : { layer }),
});

function merge(...files: SourceFile[]): { data: unknown; told: string[] } {
  const told: Diagnostic[] = [];
  const document = readUserData(files, (diagnostic) => told.push(diagnostic));
  const data = Object.fromEntries((document?.keys ?? []).map(({ key, value }) => [key, value]));
  return {
    data,
    told: told.map(
      ({ file, line, column, severity, code, path }) => `${file}:${line}:${column} ${severity} ${code} ${path}`,
    ),
  };
}

describe('parts', () => {
  test('without instructions: top-level keys replace', () => {
    const { data, told } = merge(config('a', 'a: 1\nd: {x: 1, z: 3}\n'), config('b', 'a: 2\nd: {x: 9, y: 2}\n'));
    expect(data).toEqual({ a: 2, d: { x: 9, y: 2 } });
    expect(told).toEqual(['a:2:1 info overridden a', 'a:3:1 info overridden d']);
  });

  test.each([
    ['dict(recurse_array)+list(append)', { a: [1, 2, 3], d: { x: 1, y: 2 } }],
    ['dict(replace)', { a: [3], d: { x: 2, y: 2 } }],
    ['dict(allow_delete,no_replace)', { a: [1, 2], d: { x: 1, y: 2 } }],
    ['list(append)', { a: [1, 2], d: { x: 1 } }],
    ['dict(recurse_array)+list(prepend)', { a: [3, 1, 2], d: { x: 1, y: 2 } }],
  ])('%s', (how, expected) => {
    const second = `merge_how: "${how}"\na: [3]\nd: {x: 2, y: 2}\n`;
    expect(merge(config('a', 'a: [1, 2]\nd: {x: 1}\n'), config('b', second)).data).toEqual(expected);
  });

  test('instructions as a list hold for their own part only', () => {
    const how = 'merge_how: [{name: list, settings: [append]}, {name: dict, settings: [no_replace, recurse_list]}]\n';
    const { data, told } = merge(config('a', 'a: [1]\n'), config('b', `${how}a: [2]\n`), config('c', 'a: [3]\n'));
    expect(data).toEqual({ a: [3] });
    expect(told.filter((line) => line.includes('error'))).toEqual([]);
  });

  test.each([
    ['merge_how: list(append', 'b:2:12 error merge merge_how'],
    ['merge_how: set()+dict()', 'b:2:12 error merge merge_how'],
    ['merge_how: {name: list}', 'b:2:12 error wrong-type merge_how'],
  ])('%s leaves its part out, and says so', (how, line) => {
    const { data, told } = merge(config('a', 'a: 1\n'), config('b', `${how}\na: 2\n`));
    expect([data, told[0]]).toEqual([{ a: 1 }, line]);
  });

  test('a JSON patch', () => {
    const patch = (operations: object[]): SourceFile =>
      config('p', `#cloud-config-jsonp\n${JSON.stringify(operations)}`);
    const base = config('a', 'a: [1]\nb: 2\n');
    expect(
      merge(
        base,
        patch([
          { op: 'add', path: '/a/-', value: 5 },
          { op: 'remove', path: '/b' },
        ]),
      ).data,
    ).toEqual({ a: [1, 5] });
    // All or nothing.
    const refused = merge(
      base,
      patch([
        { op: 'remove', path: '/b' },
        { op: 'add', path: '/a/9', value: 5 },
      ]),
    );
    expect(refused).toEqual({ data: { a: [1], b: 2 }, told: ['p:1:1 error merge cloud-config-jsonp'] });
    expect(merge(base, config('p', '#cloud-config-jsonp\nnot json')).told).toEqual([
      'p:1:1 error merge cloud-config-jsonp',
    ]);
  });

  test('what is wrong is told in the part that it came with', () => {
    const archive = `#cloud-config-archive
- {filename: one.yaml, content: "users: [{name: a, foo: 1}]\\n"}
- {filename: two.yaml, content: "merge_how: dict(recurse_list)+list(append)\\n\\nusers: [{name: b, bar: 1}]\\n"}
- {type: text/html, content: x}
- {type: text/part-handler, content: "#part-handler"}
`;
    const { config: read, diagnostics, sources } = parseConfig([{ file: 'u', text: archive }]);
    expect(read.users.map(({ name }) => name)).toEqual(['a', 'b']);
    expect(
      diagnostics.map(({ file, line, column, path, code }) => `${file}:${line}:${column} ${code} ${path}`),
    ).toEqual([
      'u#one.yaml:1:19 unknown-key users[0].foo',
      'u#part-3:1:1 unknown-part ',
      'u#part-4:1:1 unsupported ',
      'u#two.yaml:3:19 unknown-key users[0].bar',
    ]);
    expect(sources().get('users.b')).toEqual({ file: 'u#two.yaml', line: 3, column: 9 });
  });
});

describe('layers', () => {
  const vendor = config('v', 'ntp: {enabled: true, servers: [v]}\ntimezone: UTC\nruncmd: [v]\n', 'vendor-data');

  test('the vendor fills in what the user leaves out, at every depth', () => {
    const { data } = merge(vendor, config('u', 'ntp: {servers: [u]}\nruncmd: [u]\n'));
    expect(data).toEqual({ ntp: { enabled: true, servers: ['u'] }, timezone: 'UTC', runcmd: ['u'] });
  });

  test.each([
    '{enabled: false}',
    '{enabled: "no"}',
    '{enabled: null}',
    '7',
  ])('vendor_data: %s: nothing of the vendor', (block) => {
    expect(Object.keys(merge(vendor, config('u', `vendor_data: ${block}\n`)).data as object)).toEqual(['vendor_data']);
  });

  test.each([
    '{enabled: true}',
    '{enabled: "on"}',
    '{prefix: [x]}',
  ])('vendor_data: %s: the vendor is heard', (block) => {
    expect(merge(vendor, config('u', `vendor_data: ${block}\n`)).data).toHaveProperty('timezone');
  });

  test('what is set on the machine goes before what the user wrote', () => {
    expect(merge(vendor, config('u', 'a: 1\nb: 1\n'), config('l', 'a: 2\n', 'local')).data).toMatchObject({
      a: 2,
      b: 1,
      timezone: 'UTC',
    });
  });

  test.each([
    ['hostname: u', 'u', undefined],
    ['fqdn: u.example.org', 'u', 'u.example.org'],
    ['timezone: UTC', 'platform', undefined],
  ])('the platform names a machine that the user does not name: %s', (text, hostname, fqdn) => {
    const files = [config('m', '{"hostname": "platform"}', 'meta-data'), config('u', text)];
    const read = parseConfig(files).config;
    expect([read.hostname, read.fqdn]).toEqual([hostname, fqdn]);
  });

  test("the platform's keys open the machine beside the user's own", () => {
    const key = (name: string): string => `ssh-ed25519 AAAA${name} ${name}`;
    const files = [
      config('m', JSON.stringify({ ssh_authorized_keys: [key('p'), key('u')] }), 'meta-data'),
      config('u', `ssh_authorized_keys: ["${key('u')}"]\n`),
    ];
    expect(parseConfig(files).config.users[0]?.sshAuthorizedKeys).toEqual([key('u'), key('p')]);
  });

  test("what is wrong with the vendor's text does not keep the user's from being applied", () => {
    const { data, told } = merge(config('v', 'a: [\n', 'vendor-data'), config('u', 'b: 1\n'));
    expect([data, told.map((line) => line.split(' ')[1])]).toEqual([{ b: 1 }, told.map(() => 'warning')]);
    expect(told).not.toEqual([]);
  });
});

test('scripts, by the types of their parts and the layer', () => {
  const types = ['x-shellscript', 'x-shellscript-per-boot', 'x-shellscript-per-instance', 'x-shellscript-per-once'];
  const parts = types.map((type, index) => ({
    type: `text/${type}`,
    filename: `dir/${index} §.sh`,
    content: '#!/bin/sh\r\n',
  }));
  const text = `#cloud-config-archive\n${JSON.stringify([...parts, '#cloud-boothook\n\n#!/bin/sh\nexit\n', { type: 'text/x-shellscript', content: 'echo' }])}`;
  const read = (layer?: SourceFile['layer']) => parseConfig([config('u', text, layer)]);
  const { config: user, diagnostics } = read();
  const shown = user.commands?.scripts.map(({ name, time, contentBase64 }) => [
    name,
    time,
    Buffer.from(contentBase64, 'base64').toString(),
  ]);
  expect(shown).toEqual([
    ['0 .sh', 'user', '#!/bin/sh\n'],
    ['1 .sh', 'boot', '#!/bin/sh\n'],
    ['2 .sh', 'instance', '#!/bin/sh\n'],
    ['3 .sh', 'once', '#!/bin/sh\n'],
    ['part-005', 'hook', '#!/bin/sh\nexit\n'],
    ['part-006', 'user', 'echo'],
  ]);
  expect(diagnostics.map(({ file, code }) => `${file} ${code}`)).toEqual(['u#part-6 no-interpreter']);
  expect(read('vendor-data').config.commands?.scripts.map(({ time }) => time)).toEqual([
    'vendor',
    'boot',
    'instance',
    'once',
    'hook',
    'vendor',
  ]);
});

test('scripts of one name do not take the place of each other', () => {
  const files = [
    config('u', '#!/bin/sh\necho u'),
    config('v', '#!/bin/sh\necho v', 'vendor-data'),
    config('w', '#!/bin/sh\necho w'),
  ];
  expect(parseConfig(files).config.commands?.scripts.map(({ name, time }) => [name, time])).toEqual([
    ['part-001', 'user'],
    ['part-001-2', 'vendor'],
    ['part-001-3', 'user'],
  ]);
});
