import { describe, expect, test } from '@jest/globals';
import { dialects } from '../../../src/config/dialects/table.ts';
import { emptyHostConfig } from '../../../src/config/host-config.ts';
import { parseConfig, rejected } from '../../../src/config/parse.ts';
import { brief, parse } from './support.ts';

const titles = dialects.map(({ title }) => title).join(', ');

const languages: { name: string; text: string; message: string }[] = [
  { name: 'nothing', text: ' \n', message: `is empty; this version reads ${titles}` },
  {
    name: 'a MachineConfig',
    text: 'apiVersion: machineconfiguration.openshift.io/v1\nkind: MachineConfig\n',
    message: `is a MachineConfig, whose Ignition config stands under "spec.config"; this version reads ${titles} only`,
  },
  {
    name: 'another manifest',
    text: 'kind: Pod\napiVersion: v1\n',
    message: `is a Kubernetes manifest; this version reads ${titles} only`,
  },
  { name: 'other JSON', text: '{"a": 1}', message: `is a JSON document; this version reads ${titles} only` },
  {
    name: 'Compose',
    text: '# mine\nservices:\n  a: {}\n',
    message: `is a Compose file; this version reads ${titles} only`,
  },
  {
    name: 'gzip',
    text: Buffer.from([0x1f, 0x8b, 8]).toString('utf8'),
    message: `is gzip data; this version reads ${titles} only`,
  },
  {
    name: 'no header',
    text: 'hostname: a\n',
    message: `is in no language known here; this version reads ${titles}`,
  },
];

describe('the language of a text', () => {
  test.each(languages)('$name is refused by its name', ({ text, message }) => {
    const { config, diagnostics } = parseConfig([{ file: 'f', text }]);
    expect(config).toEqual(emptyHostConfig);
    expect(diagnostics.map((diagnostic) => [diagnostic.severity, diagnostic.line, diagnostic.message])).toEqual([
      ['error', 1, message],
    ]);
  });

  test.each([
    '#cloud-config\n',
    '#cloud-config  \r\n',
    '\ufeff#cloud-config\n',
    '\n#Cloud-Config\n',
  ])('%j is a header', (header) => {
    expect(parseConfig([{ file: 'f', text: `${header}hostname: a\n` }]).config.hostname).toBe('a');
  });

  const butane = 'variant: fcos\nversion: 1.5.0\n';
  test.each([
    ['a.ign', butane, 'info is-butane', undefined],
    ['a.ign', 'passwd: {}\n', 'error json-syntax', 'a Container Linux config'],
    ['a.ign', '', 'error json-syntax', undefined],
    ['a.ign', '{"ignition": ${version}}', 'error json-syntax', 'looks like a template'],
    ['a.ign', '{"passwd": {"users": [{{.Users}}]}}', 'error json-syntax', 'looks like a template'],
    ['a.bu', '{"ignition": {"version": "3.4.0"}}', 'error missing-key', '*.ign'],
    ['a.fcc', '#cloud-config\nhostname: a', 'error missing-key', undefined],
  ])('the end of the name %s tells it whatever stands in the file: %j', (file, text, found, hint) => {
    const [first] = parseConfig([{ file, text }]).diagnostics;
    expect(`${first?.severity} ${first?.code}`).toBe(found);
    if (hint !== undefined) expect(first?.hint).toContain(hint);
  });

  test.each(['a.yaml', 'a', 'a.ign.yaml'])('another end of the name does not: %s', (file) => {
    expect(parseConfig([{ file, text: butane }]).diagnostics).toEqual([]);
  });

  test('a caller may name the language of a text without a header', () => {
    expect(parseConfig([{ file: 'f', text: 'hostname: a' }], { dialect: 'cloud-init' }).config.hostname).toBe('a');
  });
});

describe('texts that cannot be read declare nothing', () => {
  test.each([
    ['YAML with a syntax error', 'hostname: a\nusers: [', ['3:9 error yaml-syntax ']],
    ['a list', '- hostname', ['2:1 error wrong-type ']],
    ['a word', 'hello', ['2:1 error wrong-type ']],
  ])('%s', (_name, text, diagnostics) => {
    const result = parse(text);
    expect(brief(result)).toEqual(diagnostics);
    expect(result.config).toEqual(emptyHostConfig);
  });

  test('a header alone is a warning', () => {
    expect(brief(parse('#cloud-config\n'))).toEqual(['1:1 warning empty ']);
  });
});

describe('several files', () => {
  const one = {
    file: 'one',
    text: '#cloud-config\nhostname: a\ntimezone: UTC\nberth: {enable: [ntp], modules: [x]}\n',
  };
  const two = { file: 'two', text: '#cloud-config\nhostname: b\nberth: {enable: [console]}\n' };

  test('a later one replaces whole keys, below berth as well, and says so', () => {
    const { config, diagnostics, sources } = parseConfig([one, two]);
    expect(config).toMatchObject({ hostname: 'b', time: { zone: 'UTC' }, enable: ['console'], modules: ['x'] });
    expect(diagnostics.map(({ file, line, severity, path }) => `${file}:${line} ${severity} ${path}`)).toEqual([
      'one:2 info hostname',
      'one:4 info berth.enable',
    ]);
    expect([sources().get('hostname')?.file, sources().get('timezone')?.file]).toEqual(['two', 'one']);
  });

  test('one that cannot be read spoils all', () => {
    const result = parseConfig([one, { file: 'two', text: '#cloud-config\n[' }]);
    expect(result.config).toEqual(emptyHostConfig);
    expect([rejected(result.diagnostics, 'one'), rejected(result.diagnostics, 'two')]).toEqual([false, true]);
  });

  test('none at all is an empty config', () => {
    expect(parseConfig([])).toMatchObject({ config: emptyHostConfig, diagnostics: [] });
  });
});

describe('diagnostics and sources', () => {
  test('diagnostics are in the order of the text', () => {
    expect(brief(parse('berth: {foo: 1}\nhostname: [x]\napt: {}\n'))).toEqual([
      '2:9 error unknown-key berth.foo',
      '3:11 error wrong-type hostname',
      '4:1 warning unsupported apt',
    ]);
  });

  test('a warning does not reject a file', () => {
    expect(rejected(parse('apt: {}').diagnostics, 'config.yaml')).toBe(false);
    expect(rejected(parse('hostname: []').diagnostics, 'config.yaml')).toBe(true);
  });

  test('sources know the paths of the text, and what a person would call things', () => {
    const { sources } = parse(
      'users:\n  - default\n  - name: ops\nberth:\n  enable: [ntp]\n  services: {web: {image: i}}\nwrite_files: [{path: /a}]',
    );
    const lines = [
      'users',
      'users[1].name',
      'users.ops',
      'users.berth',
      'berth.enable.ntp',
      'berth.services.web.image',
      'write_files["/a"]',
    ];
    expect(lines.map((key) => sources().get(key)?.line)).toEqual([2, 4, 4, 3, 6, 7, 8]);
  });
});
