import { describe, expect, test } from '@jest/globals';
import { parseConfig } from '../../../../src/config/parse.ts';
import { dataUrl, lines, parseIgnition, parseText } from './support.ts';

const motd = 'storage: {files: [{path: /etc/motd, contents: {inline: hi}}]}\n';
const head = 'variant: fcos\nversion: 1.5.0\n';
const told = 'Ignition reads Butane from version 2.27 on';

const rows: readonly { name: string; text: string; found: readonly string[]; paths?: readonly string[] }[] = [
  { name: 'Butane', text: head + motd, found: [`info 1:10 variant: ${told}`], paths: ['/etc/motd'] },
  {
    name: 'Butane in JSON',
    text: '{"variant": "flatcar", "version": "1.1.0", "ignition": {}}',
    found: [`info 1:13 variant: ${told}`],
    paths: [],
  },
  {
    name: 'an Ignition config with a key "variant"',
    text: '{"ignition": {"version": "3.4.0"}, "variant": "fcos"}',
    found: ['warning 1:36 variant: unknown key "variant": it has no effect'],
    paths: [],
  },
  {
    name: 'Butane for OpenShift',
    text: 'variant: openshift\nversion: 4.14.0\nmetadata: {name: a, labels: {machineconfiguration.openshift.io/role: b}}\n',
    found: ['error 1:10 variant: Ignition makes a MachineConfig of the variant openshift, and cannot read that'],
  },
  {
    name: 'Butane with a local file: Ignition has no directory of them',
    text: `${head}storage: {files: [{path: /a, contents: {local: b}}]}\n`,
    found: ['error 3:48 storage.files[0].contents.local: '],
  },
  {
    name: 'Butane of an unknown version',
    text: 'variant: fcos\nversion: 9.0.0\n',
    found: ['error 2:10 version: the variant fcos has no version 9.0.0'],
  },
];

describe("where Ignition's JSON is expected", () => {
  test.each(rows)('$name', ({ text, found, paths }) => {
    const result = parseText(text);
    const said = lines(result).filter((line) => paths !== undefined || line.startsWith('error'));
    expect(said).toEqual(found.map((line): unknown => expect.stringContaining(line)));
    if (paths !== undefined) expect(result.config.files.map(({ path }) => path)).toEqual(paths);
  });

  test.each([
    ['passwd:\n  users: []\n', 'a Container Linux config, which is Butane once it has "variant" and "version"'],
    [
      'apiVersion: a/v1\nkind: MachineConfig\nspec: {}\n',
      'a MachineConfig, whose Ignition config stands under "spec.config"',
    ],
  ])('what else is written there is named: %j', (text, language) => {
    expect(parseText(text).diagnostics[0]?.hint).toBe(`Ignition is JSON, and this is ${language}`);
  });

  test.each([
    ['3.4.0', 644, 'no-effect', 'JSON has no octal numbers: 0644 is written 420'],
    ['3.6.0', 644, 'decimal-mode', 'JSON has no octal numbers: 0644 is written 420'],
    ['3.4.0', 400, 'decimal-mode', 'JSON has no octal numbers: 0400 is written 256'],
    ['2.3.0', 777, 'decimal-mode', 'JSON has no octal numbers: 0777 is written 511'],
    ['3.6.0', 420, undefined, undefined],
  ])('a mode in octal digits is told: %s, %d', (version, mode, code, hint) => {
    const file = { path: '/a', filesystem: 'root', mode, contents: { source: 'data:,' } };
    const { diagnostics } = parseIgnition({ storage: { files: [file] } }, version);
    const found = diagnostics.find(({ path }) => path === 'storage.files[0].mode');
    expect([found?.code, found?.hint ?? undefined]).toEqual([code, hint]);
  });

  test('in Butane it is told once', () => {
    const text = 'variant: fcos\nversion: 1.7.0\nstorage: {files: [{path: /a, mode: 644}]}\n';
    const { diagnostics } = parseConfig([{ file: 'a.bu', text }]);
    expect(diagnostics.filter(({ code }) => code === 'decimal-mode')).toHaveLength(1);
  });

  test.each([
    ['a.ign', '{"ignition": {"version": "3.6.0-experimental"}}', 'it is no experiment any more: write "3.6.0"'],
    ['a.bu', 'variant: fcos\nversion: 1.5.0-experimental\n', 'it is no experiment any more: write 1.5.0'],
  ])('a version that became stable is named: %s', (file, text, hint) => {
    expect(parseConfig([{ file, text }]).diagnostics[0]?.hint).toBe(hint);
  });

  test('a Butane file and an Ignition file are merged', () => {
    const json = '{"ignition": {"version": "3.4.0"}, "storage": {"files": [{"path": "/b"}]}}';
    const { config, sources } = parseConfig([
      { file: 'a.ign', text: head + motd },
      { file: 'b.ign', text: json },
    ]);
    expect(config.files.map(({ path }) => path)).toEqual(['/etc/motd', '/b']);
    expect(sources().get('storage.files[0].contents.inline')).toMatchObject({ file: 'a.ign', line: 3 });
  });

  test('a config that another one refers to may be Butane', () => {
    const merge = [{ source: dataUrl(head + motd) }];
    expect(parseIgnition({ ignition: { config: { merge } } }).config.files.map(({ path }) => path)).toEqual([
      '/etc/motd',
    ]);
    const wrong = [{ source: dataUrl(`${head}storage: {files: [{path: a}]}`) }];
    expect(lines(parseIgnition({ ignition: { config: { merge: wrong } } })).join('\n')).toContain(
      'in the config it refers to, at storage.files[0].path: "a" is not an absolute path',
    );
  });
});
