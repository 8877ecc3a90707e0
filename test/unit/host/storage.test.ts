import { describe, expect, test } from '@jest/globals';
import type { BlockDevice, Signature } from '../../../src/host/ports.ts';
import type { HostPlanOptions } from '../../../src/host/resource.ts';
import { FakeHost } from '../../fakes/fake-host.ts';
import { blockedLines, config, imageEtc, planOf, reconcile, stepIds } from './support.ts';

const none: Signature = { kind: 'none' };
const ext4: Signature = { kind: 'filesystem', type: 'ext4', label: 'old' };
const swap: Signature = { kind: 'filesystem', type: 'swap' };
const linux = '0FC63DAF-8483-4772-8E79-3D69D8477DE4';
const device = (path: string, signature: Signature = none): BlockDevice => ({ path, sizeBytes: 2 ** 30, signature });
const partitioned = (
  path: string,
  sizes: readonly number[],
  more: { type?: string; name?: string } = {},
): BlockDevice => ({
  ...device(path, { kind: 'table', type: 'gpt' }),
  table: {
    type: 'gpt',
    sectorBytes: 512,
    partitions: sizes.map((sizeSectors, index) => ({
      number: index + 1,
      startSector: 2048 + sizes.slice(0, index).reduce((sum, size) => sum + size, 0),
      sizeSectors,
      type: linux,
      ...more,
    })),
  },
});
const whole = 2 ** 30 / 512 - 4096;

const disk = (overwrite: boolean): string =>
  `disk_setup: {/dev/vdb: {table_type: gpt, layout: true, overwrite: ${overwrite}}}`;
const filesystem = (more: string): string => `fs_setup: [{device: /dev/vdb, partition: none, filesystem: xfs${more}}]`;
const array = (overwrite: boolean): string =>
  `berth: {raid: {data: {level: 1, devices: [/dev/vdb, /dev/vdc], overwrite: ${overwrite}}}}`;

const first: HostPlanOptions = { firstApply: true };
const named: HostPlanOptions = { destroy: ['/dev/vdb'] };

interface Row {
  readonly name: string;
  readonly text: string;
  readonly devices: readonly BlockDevice[];
  readonly options?: HostPlanOptions;
  readonly steps?: readonly string[];
  readonly blocked?: readonly string[];
}

const lastWord = 'which nothing says may be lost';
const rows: Row[] = [
  {
    name: 'first apply: an empty disk is partitioned',
    text: disk(false),
    devices: [device('/dev/vdb')],
    options: first,
    steps: ['partition-disk:/dev/vdb'],
  },
  {
    name: 'later: not, unless it is named',
    text: disk(false),
    devices: [device('/dev/vdb')],
    blocked: ['destroy disk/dev/vdb: /dev/vdb is written over on the first apply only'],
  },
  {
    name: 'later, named by the operator',
    text: disk(false),
    devices: [device('/dev/vdb')],
    options: named,
    steps: ['partition-disk:/dev/vdb'],
  },
  {
    name: 'another device was named',
    text: disk(false),
    devices: [device('/dev/vdb')],
    options: { destroy: ['/dev/vdc'] },
    blocked: ['destroy disk/dev/vdb: /dev/vdb is written over on the first apply only'],
  },
  {
    name: 'a disk with a file system is refused, first apply or not',
    text: disk(false),
    devices: [device('/dev/vdb', ext4)],
    options: { ...first, ...named },
    blocked: [`config disk/dev/vdb: /dev/vdb holds ext4 (old), ${lastWord}`],
  },
  {
    name: 'several signatures are refused',
    text: disk(false),
    devices: [device('/dev/vdb', { kind: 'unclear', what: 'more than one signature' })],
    options: first,
    blocked: [`config disk/dev/vdb: /dev/vdb holds more than one signature, ${lastWord}`],
  },
  {
    name: 'overwrite on the first apply',
    text: disk(true),
    devices: [device('/dev/vdb', ext4)],
    options: first,
    steps: ['partition-disk:/dev/vdb'],
  },
  {
    name: 'overwrite later needs the name',
    text: disk(true),
    devices: [device('/dev/vdb', ext4)],
    blocked: ['destroy disk/dev/vdb: /dev/vdb is written over on the first apply only; it holds ext4 (old)'],
  },
  {
    name: 'overwrite later, named',
    text: disk(true),
    devices: [device('/dev/vdb', ext4)],
    options: named,
    steps: ['partition-disk:/dev/vdb'],
  },
  { name: 'the layout is there', text: disk(true), devices: [partitioned('/dev/vdb', [whole])], options: first },
  { name: 'a grown disk is not partitioned again', text: disk(true), devices: [partitioned('/dev/vdb', [whole / 2])] },
  {
    name: 'another size, while it may be put right',
    text: disk(true),
    devices: [partitioned('/dev/vdb', [whole / 2])],
    options: first,
    steps: ['partition-disk:/dev/vdb'],
  },
  {
    name: 'another number of partitions',
    text: disk(false),
    devices: [partitioned('/dev/vdb', [2048, 2048])],
    options: first,
    blocked: [`config disk/dev/vdb: /dev/vdb holds a partition table (gpt), ${lastWord}`],
  },
  {
    name: "the system's own disk, whatever is said",
    text: disk(true),
    devices: [partitioned('/dev/vdb', [2048, 2048], { name: 'berth-state' })],
    options: { ...first, ...named },
    blocked: ['config disk/dev/vdb: /dev/vdb is the disk of the system itself'],
  },
  {
    name: "one of the system's own partitions",
    text: 'fs_setup: [{device: /dev/vda1, partition: none, filesystem: xfs, overwrite: true}]',
    devices: [{ ...device('/dev/vda1', ext4), partOf: { disk: '/dev/vda', number: 1, name: 'berth-b' } }],
    options: first,
    blocked: ['config filesystem/dev/vda1: /dev/vda1 is a part of the system itself'],
  },
  {
    name: 'no disk',
    text: disk(true),
    devices: [],
    options: first,
    blocked: ['device disk/dev/vdb: /dev/vdb is not there'],
  },
  {
    name: 'a file system on a partition that is made first',
    text: `${disk(true)}\nfs_setup: [{device: /dev/vdb, filesystem: xfs}]\nmounts: [[/dev/vdb1, /data]]`,
    devices: [partitioned('/dev/vdb', [2048, 2048]), device('/dev/vdb1', ext4)],
    options: first,
    steps: ['write-file:/etc/fstab', 'partition-disk:/dev/vdb', 'make-filesystem:/dev/vdb1', 'mount:mount/data'],
  },
  {
    name: 'an empty device is formatted',
    text: filesystem(''),
    devices: [device('/dev/vdb')],
    options: first,
    steps: ['make-filesystem:/dev/vdb'],
  },
  {
    name: 'later: not',
    text: filesystem(''),
    devices: [device('/dev/vdb')],
    blocked: ['destroy filesystem/dev/vdb: /dev/vdb is written over on the first apply only'],
  },
  {
    name: 'another file system is refused',
    text: filesystem(''),
    devices: [device('/dev/vdb', ext4)],
    options: first,
    blocked: [`config filesystem/dev/vdb: /dev/vdb holds ext4 (old), ${lastWord}`],
  },
  {
    name: 'a partition table is refused',
    text: filesystem(''),
    devices: [partitioned('/dev/vdb', [2048])],
    options: first,
    blocked: [`config filesystem/dev/vdb: /dev/vdb holds a partition table (gpt), ${lastWord}`],
  },
  {
    name: 'an encrypted volume is refused',
    text: filesystem(''),
    devices: [device('/dev/vdb', { kind: 'encrypted', version: '1', label: 'old' })],
    options: first,
    blocked: [`config filesystem/dev/vdb: /dev/vdb holds an encrypted device (LUKS1, old), ${lastWord}`],
  },
  {
    name: 'one that may be replaced by its type',
    text: filesystem(', replace_fs: ext4'),
    devices: [device('/dev/vdb', ext4)],
    options: first,
    steps: ['make-filesystem:/dev/vdb'],
  },
  {
    name: 'another label',
    text: filesystem(', label: data'),
    devices: [device('/dev/vdb', { kind: 'filesystem', type: 'xfs', label: 'old' })],
    options: first,
    blocked: [`config filesystem/dev/vdb: /dev/vdb holds xfs (old), ${lastWord}`],
  },
  {
    name: 'the same, even where it may be lost',
    text: filesystem(', overwrite: true'),
    devices: [device('/dev/vdb', { kind: 'filesystem', type: 'xfs', label: 'old' })],
    options: { ...first, ...named },
  },
  {
    name: 'an array of empty disks',
    text: array(false),
    devices: [device('/dev/vdb'), device('/dev/vdc')],
    options: first,
    steps: ['create-array:data'],
  },
  {
    name: 'an array is assembled at any time',
    text: array(false),
    devices: ['/dev/vdb', '/dev/vdc'].map((path) => device(path, { kind: 'raid-member', array: 'web:data' })),
    steps: ['assemble-array:data'],
  },
  {
    name: 'with a member missing it is assembled, not made anew',
    text: array(true),
    devices: [device('/dev/vdb', { kind: 'raid-member', array: 'web:data' }), device('/dev/vdc')],
    options: first,
    steps: ['assemble-array:data'],
  },
  {
    name: 'a member of another array',
    text: array(false),
    devices: [device('/dev/vdb', { kind: 'raid-member', array: 'web:other' }), device('/dev/vdc')],
    options: first,
    blocked: [`config raid/data: /dev/vdb holds a part of the array web:other, ${lastWord}`],
  },
  {
    name: 'a member that is not there',
    text: array(true),
    devices: [device('/dev/vdb')],
    options: first,
    blocked: ['device raid/data: /dev/vdc is not there'],
  },
  {
    name: 'every member has to be named later',
    text: array(false),
    devices: [device('/dev/vdb'), device('/dev/vdc')],
    options: named,
    blocked: ['destroy raid/data: /dev/vdc is written over on the first apply only'],
  },
  {
    name: 'or the array',
    text: array(false),
    devices: [device('/dev/vdb'), device('/dev/vdc')],
    options: { destroy: ['/dev/md/data'] },
    steps: ['create-array:data'],
  },
  {
    name: 'swap space on a device that holds something else',
    text: 'mounts: [[/dev/vdb, none, swap]]',
    devices: [device('/dev/vdb', ext4)],
    options: first,
    steps: ['write-file:/etc/fstab'],
    blocked: ['config swap/dev/vdb: /dev/vdb is no swap space'],
  },
  {
    name: 'swap space on a device',
    text: 'mounts: [[/dev/vdb, none, swap, "pri=5,x-foo"]]',
    devices: [device('/dev/vdb', swap)],
    steps: ['write-file:/etc/fstab', 'swap-on:swap/dev/vdb'],
  },
];

test.each(rows)('$name', async ({ text, devices, options = {}, steps = [], blocked = [] }) => {
  const host = new FakeHost({ disks: devices });
  const plan = await planOf(host, config(text), options);
  expect(stepIds(plan)).toEqual(steps);
  expect(blockedLines(plan)).toEqual(blocked);
  for (const { hint } of plan.blocked) expect(hint).toBeDefined();
});

describe('carrying out', () => {
  test('a device that was written to since the plan was made is left alone', async () => {
    const host = new FakeHost({ defaults: imageEtc, disks: [device('/dev/vdb')] });
    const declared = config(filesystem(''));
    const look = host.blockDevices.look.bind(host.blockDevices);
    let looks = 0;
    host.blockDevices.look = async (name) => {
      looks += 1;
      return looks > 2 ? device('/dev/vdb', ext4) : await look(name);
    };
    const { failed, done } = await reconcile(host, declared, first);
    expect(done).toEqual([]);
    expect(failed.map(({ error }) => error)).toEqual([`/dev/vdb holds ext4 (old), ${lastWord}`]);
  });

  test('what needs a step that failed is not tried', async () => {
    const host = new FakeHost({ disks: [device('/dev/vdb')] });
    host.blockDevices.partition = async () => {
      throw new Error('the disk is broken');
    };
    const declared = config(
      `${disk(false)}\nfs_setup: [{device: /dev/vdb, filesystem: xfs}]\nmounts: [[/dev/vdb1, /data]]`,
    );
    const { failed, left } = await reconcile(host, declared, first);
    expect(failed.map(({ step, error }) => [step.id, error])).toEqual([
      ['partition-disk:/dev/vdb', 'the disk is broken'],
    ]);
    expect(left.map(({ id }) => id)).toEqual(['make-filesystem:/dev/vdb1', 'mount:mount/data']);
  });

  test('a mount of the network waits for it', async () => {
    const host = new FakeHost({ defaults: imageEtc });
    const declared = config('mounts: [["nas:/export", /data, nfs]]');
    const early = await reconcile(host, declared, { phase: 'early' });
    expect(early.left.map(({ id }) => id)).toEqual(['mount:mount/data']);
    expect(host.kernel.mounted).toEqual([]);
    const later = await reconcile(host, declared, { phase: 'all', previous: declared });
    expect(later.left).toEqual([]);
    expect(host.kernel.mounted.map(({ source }) => source)).toEqual(['nas:/export']);
  });
});
