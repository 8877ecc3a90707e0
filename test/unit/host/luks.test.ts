import { describe, expect, test } from '@jest/globals';
import type { BlockDevice, Signature } from '../../../src/host/ports.ts';
import type { HostPlanOptions } from '../../../src/host/resource.ts';
import { hasKeys } from '../../../src/host/storage/cryptsetup.ts';
import { FakeHost } from '../../fakes/fake-host.ts';
import { blockedLines, config, imageEtc, planOf, reconcile, stepIds } from './support.ts';

const none: Signature = { kind: 'none' };
const luks2: Signature = { kind: 'encrypted', version: '2', label: 'l', uuid: 'u' };
const luks1: Signature = { kind: 'encrypted', version: '1', uuid: 'u' };
const xfs: Signature = { kind: 'filesystem', type: 'xfs' };
const device = (path: string, signature: Signature = none): BlockDevice => ({ path, sizeBytes: 2 ** 30, signature });

const first: HostPlanOptions = { firstApply: true };
const kept = '/var/lib/berth/luks/vault.key';
const candidate = '/var/lib/berth/luks/vault.candidate';
const vault = (more = ''): string => `berth: {luks: {vault: {device: /dev/vdb${more}}}}`;
const given = ', key: secret';

const made = ['have-key:vault', 'encrypt-device:vault', 'open-luks:vault'];
const opened = ['open-luks:vault'];

interface Row {
  readonly name: string;
  readonly text: string;
  readonly holds?: Signature;
  readonly files?: Readonly<Record<string, string>>;
  readonly options?: HostPlanOptions;
  readonly steps?: readonly string[];
  readonly blocked?: readonly string[];
}

const lost = 'which nothing says may be lost';
const rows: Row[] = [
  { name: 'an empty device, on the first apply', text: vault(), options: first, steps: made },
  {
    name: 'an empty device later',
    text: vault(),
    blocked: ['destroy luks/vault: /dev/vdb is written over on the first apply only'],
  },
  { name: 'later, by name', text: vault(), options: { destroy: ['/dev/vdb'] }, steps: made },
  {
    name: 'what is there is not encrypted over',
    text: vault(given),
    holds: xfs,
    options: first,
    blocked: [`config luks/vault: /dev/vdb holds xfs, ${lost}`],
  },
  { name: 'unless it may be lost', text: vault(', overwrite: true'), holds: xfs, options: first, steps: made },
  {
    name: 'a device whose key nobody knows',
    text: vault(),
    holds: luks2,
    options: first,
    blocked: ['config luks/vault: /dev/vdb holds an encrypted device (LUKS2, l), whose key this host does not have'],
  },
  { name: 'unless it may be lost', text: vault(', overwrite: true'), holds: luks2, options: first, steps: made },
  {
    name: 'a key that was made when the power went',
    text: vault(),
    holds: luks2,
    files: { [candidate]: 'k' },
    steps: made,
  },
  { name: 'a given key is tried at any time', text: vault(given), holds: luks2, steps: made },
  { name: 'a kept key opens it', text: vault(given), holds: luks2, files: { [kept]: 'secret' }, steps: opened },
  {
    name: 'a kept key opens it on a first apply that is repeated, too',
    text: vault(', overwrite: true'),
    holds: luks2,
    files: { [kept]: 'k' },
    options: first,
    steps: opened,
  },
  {
    name: 'another key is declared: the one that opens it counts, and that is told',
    text: vault(given),
    holds: luks2,
    files: { [kept]: 'other' },
    steps: opened,
    blocked: ['config luks/vault: /dev/vdb has another key than the declared one, and is opened with that'],
  },
  {
    name: 'another label',
    text: vault(`${given}, label: new`),
    holds: luks2,
    options: first,
    blocked: [`config luks/vault: /dev/vdb holds an encrypted device (LUKS2, l), ${lost}`],
  },
  {
    name: 'the older format',
    text: vault(given),
    holds: luks1,
    options: first,
    blocked: [`config luks/vault: /dev/vdb holds an encrypted device (LUKS1, UUID u), ${lost}`],
  },
];

test.each(rows)('$name', async ({ text, holds = none, files = {}, options = {}, steps = [], blocked = [] }) => {
  const host = new FakeHost({ files, disks: [device('/dev/vdb', holds)] });
  const plan = await planOf(host, config(text), options);
  expect(stepIds(plan)).toEqual(steps);
  expect(blockedLines(plan)).toEqual(blocked);
  for (const { hint } of plan.blocked) expect(hint).toBeDefined();
});

test('a device that is there by that name, on another one', async () => {
  const mapping = { ...device('/dev/mapper/vault'), mappedFrom: '/dev/vda1' };
  const plan = await planOf(new FakeHost({ disks: [device('/dev/vdb'), mapping] }), config(vault()), first);
  expect(stepIds(plan)).toEqual([]);
  expect(blockedLines(plan)).toEqual(['config luks/vault: /dev/mapper/vault is there, on /dev/vda1']);
});

test('a device of its own by its partition, and what is mounted from it, by any name', async () => {
  const text = `disk_setup: {/dev/vdb: {table_type: gpt, layout: true}}
fs_setup: [{device: /dev/mapper/vault, partition: none, filesystem: ext4}]
mounts: [[/dev/disk/by-id/dm-name-vault, /data]]
berth: {luks: {vault: {device: /dev/vdb1}}}`;
  const plan = await planOf(new FakeHost({ disks: [device('/dev/vdb')] }), config(text), first);
  const [, ...steps] = plan.steps.map(({ id, after }) => `${id} after ${after.join(', ')}`);
  expect(steps).toEqual([
    'partition-disk:/dev/vdb after ',
    'have-key:vault after ',
    'encrypt-device:vault after partition-disk:/dev/vdb, have-key:vault',
    'open-luks:vault after encrypt-device:vault',
    'make-filesystem:/dev/mapper/vault after open-luks:vault',
    'mount:mount/data after make-filesystem:/dev/mapper/vault, open-luks:vault',
  ]);
});

describe('carrying out', () => {
  const errorsOf = async (host: FakeHost, text: string, options: HostPlanOptions = {}): Promise<string[]> =>
    (await reconcile(host, config(text), options)).failed.map(({ error }) => error);
  const encryptedWith = async (key: string): Promise<FakeHost> => {
    const host = new FakeHost({ defaults: imageEtc, files: { '/key': key }, disks: [device('/dev/vdb')] });
    await host.encryption.encrypt('/dev/vdb', '/key', { name: 'x', options: [], hasRandomKey: false });
    return host;
  };

  test('a key is kept once it opened the device, for its owner only', async () => {
    const host = new FakeHost({ defaults: imageEtc, disks: [device('/dev/vdb')] });
    expect(await errorsOf(host, vault(), first)).toEqual([]);
    expect(host.files.text(kept)).toMatch(/^[0-9a-f]{256}$/);
    expect(host.files.nodes.get(kept)).toMatchObject({ mode: 0o600, uid: 0, gid: 0 });
    expect(host.files.text(candidate)).toBeUndefined();
    expect(host.blockDevices.devices.has('/dev/mapper/vault')).toBe(true);
  });

  test('a device that the given key opens is taken as it is, where what is on it may be lost, too', async () => {
    const host = await encryptedWith('secret');
    const before = host.encryption.volumes.get('/dev/vdb');
    expect(await errorsOf(host, vault(`${given}, overwrite: true`), first)).toEqual([]);
    expect(host.encryption.volumes.get('/dev/vdb')).toBe(before);
    expect(host.files.text(kept)).toBe('secret');
  });

  test('one that it does not open is left alone, and the key is not kept', async () => {
    const host = await encryptedWith('another');
    const held = '/dev/vdb holds an encrypted device (LUKS2, UUID unknown), which the key does not open';
    expect(await errorsOf(host, vault(given), first)).toEqual([held]);
    expect(host.files.text(kept)).toBeUndefined();
    // The right one, later.
    expect(await errorsOf(host, vault(', key: another'))).toEqual([]);
    expect(host.files.text(kept)).toBe('another');
  });

  test('one that it does not open is made anew where that may be; the key before is put aside', async () => {
    const host = await encryptedWith('another');
    await host.files.write(kept, Buffer.from('another'), { mode: 0o600, uid: 0, gid: 0 });
    expect(await errorsOf(host, vault(`${given}, overwrite: true`), first)).toEqual([]);
    expect(host.encryption.volumes.get('/dev/vdb')?.key).toBe('secret');
    expect([host.files.text(kept), host.files.text(`${kept.slice(0, -4)}.former`)]).toEqual(['secret', 'another']);
  });

  test('a power cut between the header and its first key costs nothing', async () => {
    const host = new FakeHost({ defaults: imageEtc, disks: [device('/dev/vdb', luks2)] });
    await host.files.write(candidate, Buffer.from('k'), { mode: 0o600, uid: 0, gid: 0 });
    expect(await errorsOf(host, vault(), first)).toEqual([]);
    expect(host.files.text(kept)).toBe('k');
  });
});

test('whether a header has keys', () => {
  expect(hasKeys('{"keyslots": {}, "config": {}}')).toBe(false);
  expect(hasKeys('{"keyslots": {"0": {"type": "luks2"}}}')).toBe(true);
});
