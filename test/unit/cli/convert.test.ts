import { chmod, mkdir, readFile, readlink, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { parseConfig } from '../../../src/config/parse.ts';
import { Bench } from './run-cli.ts';

const butane = `variant: fcos
version: 1.5.0
storage:
  files:
    - path: /etc/motd
      contents: {local: motd}
  trees:
    - {local: tree, path: /opt}
`;

let bench: Bench;

beforeAll(async () => {
  bench = await Bench.open();
  const write = (name: string, text: string) => writeFile(join(bench.directory, name), text);
  await mkdir(join(bench.directory, 'local/tree/b'), { recursive: true });
  await write('local/motd', 'hi\n');
  await write('local/tree/z', 'z');
  await write('local/tree/b/run', '#!');
  await chmod(join(bench.directory, 'local/tree/b/run'), 0o755);
  await symlink('b/run', join(bench.directory, 'local/tree/link'));
  await write('host.bu', butane);
  await write('host.yaml', '#cloud-config\nhostname: h1\nusers: [{name: ops, plain_text_passwd: secret}]\n');
  const carried = 'storage: {files: [{path: /etc/motd, overwrite: true, contents: {inline: hi}}]}\n';
  await write('carried.bu', `variant: fcos\nversion: 1.5.0\n${carried}`);
  await write(
    'carried.ign',
    '{"ignition": {"version": "3.4.0"}, "storage": {"files": [{"path": "/etc/motd", "overwrite": true, "contents": {"source": "data:,hi"}}]}}',
  );
  await write('warned.bu', 'variant: fcos\nversion: 1.5.0\nfoo: 1\n');
  await write(
    'machine.bu',
    'variant: openshift\nversion: 4.14.0\nmetadata: {name: x, labels: {machineconfiguration.openshift.io/role: w}}\n',
  );
});

afterAll(async () => bench.close());

describe('convert', () => {
  test('Butane to Ignition, whatever its name', async () => {
    await writeFile(join(bench.directory, 'named.ign'), 'variant: fcos\nversion: 1.5.0\n');
    const { code, stdout } = await bench.run(['convert', '--to', 'ignition', 'named.ign']);
    expect([code, stdout]).toEqual([0, '{"ignition":{"version":"3.4.0"}}\n']);
  });

  test('Butane to Ignition, with its local files', async () => {
    const { code, stdout, stderr } = await bench.run([
      'convert',
      '--to',
      'ignition',
      '--files-dir',
      'local',
      'host.bu',
    ]);
    expect([code, stderr]).toEqual([0, '']);
    const embedded = (source: string) => ({ source, compression: '' });
    expect(JSON.parse(stdout)).toEqual({
      ignition: { version: '3.4.0' },
      storage: {
        files: [
          { path: '/etc/motd', contents: embedded('data:,hi%0A') },
          { path: '/opt/b/run', contents: embedded('data:,%23!'), mode: 0o755 },
          { path: '/opt/z', contents: embedded('data:,z'), mode: 0o644 },
        ],
        links: [{ path: '/opt/link', target: 'b/run' }],
      },
    });
  });

  test('Butane to Ignition, byte for byte as Butane writes it', async () => {
    const { stdout } = await bench.run(['convert', '--to', 'ignition', '-'], {
      stdin: `variant: fcos
version: 1.5.0
storage: {files: [{path: /a, mode: 0600, contents: {inline: '<'}, user: {name: core}}]}
passwd: {users: [{name: core, shell: '/bin/<>', ssh_authorized_keys: [a]}]}
`,
    });
    expect(stdout).toBe(
      '{"ignition":{"version":"3.4.0"},' +
        '"passwd":{"users":[{"name":"core","sshAuthorizedKeys":["a"],"shell":"/bin/\\u003c\\u003e"}]},' +
        '"storage":{"files":[{"path":"/a","user":{"name":"core"},"contents":{"compression":"","source":"data:,%3C"},"mode":384}]}}\n',
    );
  });

  test.each(['carried.bu', 'carried.ign'])('what our own words can say is not called lost: %s', async (name) => {
    const { code, stderr } = await bench.run(['convert', name]);
    expect([code, stderr]).toEqual([0, '']);
  });

  test('--pretty is over several lines', async () => {
    const { stdout } = await bench.run(['convert', '--to', 'ignition', '--pretty', '-'], {
      stdin: 'variant: fcos\nversion: 1.5.0\n',
    });
    expect(stdout).toBe('{\n  "ignition": {\n    "version": "3.4.0"\n  }\n}\n');
  });

  test('OpenShift to a MachineConfig', async () => {
    const { code, stdout } = await bench.run(['convert', '--to', 'machine-config', 'machine.bu']);
    expect([code, JSON.parse(stdout)]).toMatchObject([0, { kind: 'MachineConfig', metadata: { name: 'x' } }]);
  });

  test('a #cloud-config to our own words, its passwords as hashes', async () => {
    const { code, stdout } = await bench.run(['convert', 'host.yaml']);
    expect([code, stdout]).toEqual([
      0,
      expect.stringMatching(/^#cloud-config\nhostname: h1\n[^]*hashed_passwd: \$6\$/),
    ]);
    expect(stdout).not.toContain('secret');
    expect(parseConfig([{ file: 'f', text: stdout }]).diagnostics).toEqual([]);
  });

  test('the host config as JSON', async () => {
    const { code, stdout } = await bench.run(['convert', '--to', 'json', 'host.yaml']);
    expect([code, JSON.parse(stdout)]).toMatchObject([0, { hostname: 'h1', users: [{ name: 'ops' }] }]);
  });

  test('what validate accepts is converted, without the entries that cannot be taken', async () => {
    await writeFile(join(bench.directory, 'partly.yaml'), '#cloud-config\nhostname: h1\nusers: [{name: a, uid: b}]\n');
    expect((await bench.run(['validate', 'partly.yaml'])).code).toBe(0);
    const { code, stdout, stderr } = await bench.run(['convert', 'partly.yaml']);
    expect([code, stdout]).toEqual([0, expect.stringContaining('hostname: h1')]);
    expect(stderr).toContain('partly.yaml:3:24: warning: "b" is not a user id');
  });

  test.each([
    ['a local file without a directory', ['--to', 'ignition', 'host.bu'], 'no directory for local files was given'],
    ['a warning under --strict', ['--to', 'ignition', '--strict', 'warned.bu'], 'unknown key "foo"'],
    ['a language that cannot become Ignition', ['--to', 'ignition', 'host.yaml'], 'only a Butane config'],
    ['a MachineConfig of another variant', ['--to', 'machine-config', 'warned.bu'], 'made of the variant openshift'],
    ['a file that is not there', ['nope.bu'], 'there is no such file'],
  ])('%s: exit code 1, and nothing is written', async (_name, args, told) => {
    const { code, stdout, stderr } = await bench.run(['convert', ...args]);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toContain(told);
  });

  test('--json tells on standard error, as JSON', async () => {
    const { code, stderr } = await bench.run(['convert', '--json', '--to', 'ignition', 'warned.bu']);
    expect([code, JSON.parse(stderr)]).toMatchObject([0, [{ line: 3, severity: 'warning', code: 'unknown-key' }]]);
  });

  test.each([
    ['an unknown form', ['convert', '--to', 'toml', 'host.bu']],
    ['no file', ['convert']],
    ['two files', ['convert', 'host.bu', 'host.bu']],
  ])('%s is wrong usage', async (_name, args) => {
    expect((await bench.run(args)).code).toBe(2);
  });

  test('validate and apply --root read the local files of the directory, too', async () => {
    const validate = (...args: string[]) => bench.run(['validate', '--json', ...args, 'host.bu']);
    expect(await validate('--files-dir', 'local')).toMatchObject({ code: 0, stdout: '[]\n' });
    const without = await validate();
    expect([without.code, JSON.parse(without.stdout)]).toMatchObject([
      1,
      [
        { line: 6, column: 25, code: 'local-file', hint: expect.stringContaining('--files-dir') },
        { line: 8, column: 7, code: 'local-file' },
      ],
    ]);
    const elsewhere = await validate('--files-dir', 'local/tree');
    expect([elsewhere.code, elsewhere.stdout]).toEqual([1, expect.stringContaining('there is no such file')]);

    const { code } = await bench.run(['apply', '--root', 'made', '--only', 'host', '--files-dir', 'local', 'host.bu']);
    const made = (name: string) => join(bench.directory, 'made', name);
    expect([code, await readFile(made('etc/motd'), 'utf8'), await readlink(made('opt/link'))]).toEqual([
      0,
      'hi\n',
      'b/run',
    ]);
    expect((await stat(made('opt/b/run'))).mode & 0o777).toBe(0o755);
  });

  test('apply without --root has no local files', async () => {
    const { code, stderr } = await bench.run(['apply', '--files-dir', 'local', 'host.bu']);
    expect([code, stderr]).toEqual([2, expect.stringContaining('berth convert --to ignition --files-dir local')]);
  });

  test.each(['../host.bu', 'tree/../../host.bu'])('%s leads out of the directory', async (path) => {
    const stdin = `variant: fcos\nversion: 1.5.0\nstorage: {files: [{path: /a, contents: {local: ${path}}}]}\n`;
    const { code, stderr } = await bench.run(['convert', '--to', 'ignition', '--files-dir', 'local', '-'], { stdin });
    expect([code, stderr]).toEqual([1, expect.stringContaining('lies outside')]);
  });
});
