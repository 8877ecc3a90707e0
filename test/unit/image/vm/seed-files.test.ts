import { expect, test } from '@jest/globals';
import { configDriveFiles, noCloudFiles } from '../../../../image/vm/seed-files.ts';
import type { Seed } from '../../../../image/vm/vm-spec.ts';

const bare: Seed = { instanceId: 'i-1', userData: '#cloud-config\r\nünchanged: \u0001' };
const full: Seed = {
  ...bare,
  hostname: 'web',
  vendorData: '#cloud-config\nuser: a\n',
  publicKeys: ['ssh-ed25519 A', 'ssh-ed25519 B'],
  networkConfig: '{"version": 2}',
};

function asRecord(files: readonly { path: string; text: string }[]): Record<string, string> {
  return Object.fromEntries(files.map(({ path, text }) => [path, text]));
}

test('NoCloud: user-data byte for byte, and meta-data with what is known', () => {
  const files = asRecord(noCloudFiles(bare));
  expect(Object.keys(files)).toEqual(['user-data', 'meta-data']);
  expect(files['user-data']).toBe(bare.userData);
  expect(JSON.parse(files['meta-data'] ?? '')).toEqual({ 'instance-id': 'i-1' });
});

test('NoCloud: all there is', () => {
  const files = asRecord(noCloudFiles(full));
  expect(JSON.parse(files['meta-data'] ?? '')).toEqual({
    'instance-id': 'i-1',
    'local-hostname': 'web',
    'public-keys': full.publicKeys,
  });
  expect(files).toMatchObject({ 'vendor-data': full.vendorData, 'network-config': full.networkConfig });
});

test('config drive: paths and names of OpenStack', () => {
  const files = asRecord(configDriveFiles(full));
  expect(files['openstack/latest/user_data']).toBe(full.userData);
  expect(JSON.parse(files['openstack/latest/meta_data.json'] ?? '')).toEqual({
    uuid: 'i-1',
    hostname: 'web',
    name: 'web',
    public_keys: { 'key-0': 'ssh-ed25519 A', 'key-1': 'ssh-ed25519 B' },
  });
  expect(JSON.parse(files['openstack/latest/vendor_data.json'] ?? '')).toEqual({ 'cloud-init': full.vendorData });
  expect(files['openstack/latest/network_data.json']).toBe(full.networkConfig);
});

test('config drive: only what was given', () => {
  expect(configDriveFiles(bare).map(({ path }) => path)).toEqual([
    'openstack/latest/meta_data.json',
    'openstack/latest/user_data',
  ]);
});
