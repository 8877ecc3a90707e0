import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { directBoot, plainVm } from '../../../image/vm/presets.ts';
import type { VmNetwork } from '../../../image/vm/vm-spec.ts';
import { type StoredVm, VmStore } from '../../../image/vm/vm-store.ts';
import { meansLocal } from '../../../src/cli/local-flags.ts';
import { parseBytes } from '../../../src/cli/parameters.ts';
import { Bench, type Outcome } from './run-cli.ts';

const boot = directBoot({ disk: '/d', kernel: '/k', initrd: '/i', commandLine: '' });
const network: VmNetwork = { kind: 'user', forwards: [{ hostPort: 4022, guestPort: 22 }] };

let bench: Bench;
let store: VmStore;

beforeEach(async () => {
  bench = await Bench.open();
  store = new VmStore(join(bench.directory, 'vms'));
});

afterEach(async () => bench.close());

async function berth(...args: string[]): Promise<Outcome> {
  return bench.run(args, { env: { BERTH_VM_DIR: store.directory } });
}

/** VMs that are off. */
async function makeVms(...names: string[]): Promise<void> {
  for (const name of names) {
    const vm: StoredVm = { spec: { ...plainVm(name, '/d', boot), network }, release: '1.2.3', loginUser: 'berth' };
    await store.save(vm);
  }
}

test('list: names, states, releases, ports', async () => {
  await makeVms('web', 'db');
  const { code, stdout } = await berth('vm', 'list');
  expect(code).toBe(0);
  expect(stdout).toBe(
    [
      'NAME  STATE    RELEASE  MEMORY    CPUS  SSH PORT  LOGIN',
      'db    stopped  1.2.3    2048 MiB  2     4022      berth',
      'web   stopped  1.2.3    2048 MiB  2     4022      berth',
      '',
    ].join('\n'),
  );
});

test('list --json', async () => {
  await makeVms('web');
  const rows = JSON.parse((await berth('vm', 'list', '--json')).stdout) as unknown[];
  expect(rows).toEqual([expect.objectContaining({ name: 'web', state: 'stopped', pid: null, sshPort: 4022 })]);
});

test('list without VMs says how to make one', async () => {
  expect((await berth('vm', 'list')).stdout).toBe('No VMs. berth up makes one.\n');
  expect((await berth('vm', 'list', '--json')).stdout).toBe('[]\n');
});

test.each(['list', 'ssh', 'console', 'logs', 'api', 'stop', 'rm'])('vm %s has help with an example', async (name) => {
  const { code, stdout } = await berth('vm', name, '--help');
  expect(code).toBe(0);
  expect(stdout).toMatch(new RegExp(`Examples:\\n {2}berth .*${name}`));
});

test('a further disk that is not there is told before anything is built', async () => {
  const { code, stdout, stderr } = await berth('up', '--disk', 'stick.img');
  expect([code, stdout]).toEqual([1, '']);
  expect(stderr).toContain('cannot read stick.img: there is no such file');
});

describe('logs', () => {
  beforeEach(async () => {
    await makeVms('web');
    await writeFile(store.files('web').serialLog, '\u001b[2Jone\r\nberth: two\r\nhalf');
  });

  test.each([
    [[], 'one\nberth: two\nhalf\n'],
    [['-n', '1'], 'berth: two\nhalf\n'],
    [['--follow'], 'one\nberth: two\nhalf\n'],
    [['--json'], '{"text":"one"}\n{"text":"berth: two"}\n{"text":"half"}\n'],
  ])('%j', async (options, stdout) => {
    expect(await berth('vm', 'logs', 'web', ...options)).toMatchObject({ code: 0, stdout });
  });
});

describe('a VM that is off', () => {
  beforeEach(async () => makeVms('berth'));

  test.each([
    ['is stopped already', ['vm', 'stop'], 0, 'berth did not run'],
    ['is down already', ['down'], 0, 'berth did not run'],
    ['says so to programs', ['down', '--json'], 0, '{"name":"berth","outcome":"stopped"}'],
    ['has no console', ['vm', 'console'], 1, 'the machine does not run [NOT_FOUND]'],
    ['has no API', ['vm', 'api'], 1, 'the VM berth does not run [AGENT_UNREACHABLE]'],
    ['has no status', ['--vm', 'berth', 'status'], 1, 'hint: berth up --name berth'],
  ])('%s', async (_rule, args, code, text) => {
    const outcome = await berth(...args);
    expect(outcome.code).toBe(code);
    expect(outcome.stdout + outcome.stderr).toContain(text);
  });

  test('is removed with all its files, others stay', async () => {
    await makeVms('other');
    expect(await berth('vm', 'rm', 'berth')).toMatchObject({ code: 0, stdout: 'berth is removed\n' });
    expect(await readdir(store.directory)).toEqual(['other']);
  });
});

test.each([
  [['vm', 'stop', 'web']],
  [['vm', 'rm', 'web']],
  [['vm', 'logs', 'web']],
  [['vm', 'ssh', 'web', '--', 'true']],
  [['down', 'web']],
  [['--vm', 'web', 'status']],
])('%j of a VM that is not there: not found, with the names of those that are', async (args) => {
  await makeVms('db');
  const { code, stderr } = await berth(...args);
  expect(code).toBe(1);
  expect(stderr).toContain('there is no VM web [NOT_FOUND]');
  expect(stderr).toContain('there is: db');
});

test('what a torn record leaves can be removed', async () => {
  await mkdir(store.files('web').directory, { recursive: true });
  await writeFile(store.files('web').spec, '{');
  expect((await berth('vm', 'rm', 'web')).code).toBe(0);
  expect(await store.names()).toEqual([]);
});

describe('up', () => {
  test.each([
    ['a name that is no name', ['up', '--name', '../x'], 2, '[USAGE]'],
    ['a size that is none', ['up', '--memory', 'much'], 2, 'It must be a size like 512M or 2G.'],
    ['a config that is not there', ['up', '--config', 'nope.yaml'], 1, 'cannot read nope.yaml'],
  ])('refuses %s before it does anything', async (_rule, args, code, text) => {
    const outcome = await berth(...args);
    expect(outcome.code).toBe(code);
    expect(outcome.stderr).toContain(text);
    expect(await store.names()).toEqual([]);
  });

  test('shows what is wrong with a config instead of booting it', async () => {
    await writeFile(join(bench.directory, 'broken.yaml'), '#cloud-config\nberth:\n  servces: {}\n');
    const { code, stdout } = await berth('up', '--config', 'broken.yaml');
    expect(code).toBe(1);
    expect(stdout).toContain('broken.yaml:3:3');
    expect(await store.names()).toEqual([]);
  });
});

test.each([
  [{}, false],
  [{ config: 'web.yaml' }, false],
  [{ local: true }, true],
  [{ state: 'dir' }, true],
  [{ run: 'dir' }, true],
  [{ engine: 'unix:///x' }, true],
])('%j means the local instance: %s', (flags, expected) => {
  expect(meansLocal(flags)).toBe(expected);
});

test('down --local takes no name', async () => {
  expect((await berth('down', '--local', 'web')).code).toBe(2);
});

test.each([
  ['512M', 512 * 2 ** 20],
  ['2G', 2 ** 31],
  ['1.5GiB', 1.5 * 2 ** 30],
  ['16g', 16 * 2 ** 30],
  ['4096K', 2 ** 22],
])('%s is %d bytes', (text, bytes) => {
  expect(parseBytes(text)).toBe(bytes);
});

describe('Secure Boot', () => {
  test.each([
    [
      'a key without a certificate',
      ['image', 'build', '--sign-key', 'sb.key'],
      '--sign-key and --sign-cert go together',
    ],
    [
      'a certificate without a key',
      ['image', 'build', '--sign-cert', 'sb.crt'],
      '--sign-key and --sign-cert go together',
    ],
    ['a new VM without a signed image', ['up', '--name', 'new', '--secure-boot'], '--secure-boot wants --image'],
  ])('%s is wrong usage', async (_what, args, message) => {
    const { code, stderr } = await berth(...args);
    expect([code, stderr]).toEqual([2, expect.stringContaining(message)]);
  });

  test('a VM that was made without it does not get it', async () => {
    await makeVms('web');
    const { code, stderr } = await berth('up', '--name', 'web', '--secure-boot');
    expect([code, stderr]).toEqual([1, expect.stringContaining('the VM web was made without Secure Boot')]);
  });
});
