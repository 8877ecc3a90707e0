import { mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { directBoot, plainVm } from '../../../../image/vm/presets.ts';
import { type StoredVm, VmStore, vmDirectory } from '../../../../image/vm/vm-store.ts';

const boot = directBoot({ disk: '/d', kernel: '/k', initrd: '/i', commandLine: '' });
const stored = (name: string): StoredVm => ({ spec: plainVm(name, '/d', boot), release: '1.0.0', loginUser: 'berth' });

let directory: string;
let store: VmStore;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'berth-vms-'));
  store = new VmStore(join(directory, 'vm'));
});

afterEach(async () => rm(directory, { recursive: true }));

test.each([
  [{ HOME: '/home/ops' }, '/home/ops/.local/share/berth/vm'],
  [{ HOME: '/home/ops', XDG_STATE_HOME: '/state' }, '/state/berth/vm'],
  [{ HOME: '/home/ops', XDG_STATE_HOME: '/state', BERTH_VM_DIR: '/vms' }, '/vms'],
  [{ HOME: '/home/ops', XDG_STATE_HOME: '', BERTH_VM_DIR: '' }, '/home/ops/.local/share/berth/vm'],
])('%j keeps VMs in %s', (env, expected) => {
  expect(vmDirectory(env)).toBe(expected);
});

test('before the first VM there is none', async () => {
  expect(await store.names()).toEqual([]);
  expect(await store.find('web')).toBeUndefined();
});

test('what was saved is found, and only its owner may read it', async () => {
  await store.save(stored('web'));
  await store.save(stored('db'));
  expect(await store.names()).toEqual(['db', 'web']);
  expect(await store.get('web')).toEqual(stored('web'));
  expect((await stat(store.files('web').spec)).mode & 0o777).toBe(0o600);
  expect((await stat(store.files('web').directory)).mode & 0o777).toBe(0o700);
});

test('an unknown VM: the error names those there are', async () => {
  await store.save(stored('db'));
  await expect(store.get('web')).rejects.toMatchObject({ code: 'NOT_FOUND', hint: 'there is: db' });
});

test('a record that cannot be read is told, not overlooked; a VM that was half made counts as none', async () => {
  await mkdir(store.files('half').directory, { recursive: true });
  await store.save(stored('web'));
  await writeFile(store.files('web').spec, '{');
  await expect(store.find('web')).rejects.toMatchObject({ code: 'STORE_CORRUPT', hint: 'berth vm rm web' });
  expect(await store.find('half')).toBeUndefined();
});

test('removing leaves nothing', async () => {
  await store.save(stored('web'));
  await store.remove('web');
  expect(await store.names()).toEqual([]);
});

describe('names', () => {
  test.each(['', '..', 'a/b', 'Web', '-a', 'a b', 'a'.repeat(33)])('"%s" is refused', (name) => {
    expect(() => store.files(name)).toThrow(expect.objectContaining({ code: 'USAGE' }));
  });
});
