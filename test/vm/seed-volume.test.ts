import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { runCommand } from '../../image/command.ts';
import { writeDelivery } from '../../image/vm/seed-volume.ts';
import type { Seed } from '../../image/vm/vm-spec.ts';

const seed: Seed = {
  instanceId: 'i-1',
  hostname: 'web',
  userData: '#cloud-config\r\n# ünchanged, without a line feed at the end',
  vendorData: '#cloud-config\nuser: a\n',
  publicKeys: ['ssh-ed25519 A'],
  networkConfig: '{"version": 2}\n',
};

let directory: string;
let volume: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'berth-seed-'));
  volume = join(directory, 'volume');
});

afterEach(async () => rm(directory, { recursive: true }));

/** Files of a volume, read with the tools of its file system. */
async function readVolume(kind: 'vfat' | 'iso', paths: readonly string[]): Promise<Record<string, string>> {
  const out = join(directory, 'out');
  const texts: Record<string, string> = {};
  for (const path of paths) {
    await rm(out, { force: true });
    if (kind === 'vfat') await runCommand('mcopy', ['-i', volume, `::${path}`, out]);
    else await runCommand('xorriso', ['-osirrox', 'on', '-indev', volume, '-extract', `/${path}`, out]);
    texts[path] = await readFile(out, 'utf8');
  }
  return texts;
}

describe('NoCloud', () => {
  const paths = ['user-data', 'meta-data', 'vendor-data', 'network-config'];

  test.each(['vfat', 'iso'] as const)('on %s, every byte as it was', async (kind) => {
    await writeDelivery({ kind: `nocloud-${kind}`, seed }, volume);
    const texts = await readVolume(kind, paths);
    expect(texts).toMatchObject({
      'user-data': seed.userData,
      'vendor-data': seed.vendorData,
      'network-config': seed.networkConfig,
    });
    expect(JSON.parse(texts['meta-data'] ?? '')).toMatchObject({ 'instance-id': 'i-1', 'local-hostname': 'web' });
  });

  test.each([
    ['nocloud-vfat', 43, 'CIDATA     '],
    ['nocloud-iso', 0x8028, 'cidata'],
    ['config-drive', 0x8028, 'config-2'],
  ] as const)('%s has its label', async (kind, offset, label) => {
    await writeDelivery({ kind, seed }, volume);
    const bytes = await readFile(volume);
    expect(bytes.subarray(offset, offset + label.length).toString('latin1')).toBe(label);
  });
});

test('a config drive has OpenStack’s files', async () => {
  await writeDelivery({ kind: 'config-drive', seed }, volume);
  const texts = await readVolume('iso', ['openstack/latest/user_data', 'openstack/latest/meta_data.json']);
  expect(texts['openstack/latest/user_data']).toBe(seed.userData);
  expect(JSON.parse(texts['openstack/latest/meta_data.json'] ?? '')).toMatchObject({ uuid: 'i-1', hostname: 'web' });
});

test('a fw_cfg item is a file with the text', async () => {
  await writeDelivery({ kind: 'fw-cfg', name: 'opt/io.berth/config', text: seed.userData }, volume);
  expect(await readFile(volume, 'utf8')).toBe(seed.userData);
});

test('secrets are the owner’s alone, and nothing else is left behind', async () => {
  await writeDelivery({ kind: 'nocloud-vfat', seed }, volume);
  await writeDelivery({ kind: 'nocloud-vfat', seed: { ...seed, userData: 'newer' } }, volume);
  expect((await stat(volume)).mode & 0o777).toBe(0o600);
  expect((await readVolume('vfat', ['user-data']))['user-data']).toBe('newer');
  const { stdout } = await runCommand('ls', ['-A', directory]);
  expect(stdout.trim().split('\n').sort()).toEqual(['out', 'volume']);
});
