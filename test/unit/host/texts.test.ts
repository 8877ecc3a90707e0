import { describe, expect, test } from '@jest/globals';
import { deviceTag } from '../../../src/config/device-path.ts';
import { withBlock } from '../../../src/host/block-text.ts';
import { sysctlPath } from '../../../src/host/linux-kernel.ts';
import { parseMountTable, parseSwaps } from '../../../src/host/mount-table.ts';
import { hostsText } from '../../../src/host/names/plan.ts';
import type { Signature } from '../../../src/host/ports.ts';
import {
  filesystemBytes,
  parsePartitionName,
  parsePartitionTable,
  parseSignature,
  xfsBytes,
} from '../../../src/host/storage/block-texts.ts';
import { spaceBehind } from '../../../src/host/storage/partitions.ts';

test('the mount table', () => {
  const text = [
    '22 1 254:0 / / rw,relatime - ext4 /dev/root rw',
    '24 22 0:21 / /a\\040b rw,nosuid,nodev shared:3 master:1 - tmpfs tmp\\134fs rw,size=5k',
    '25 22 254:1 /x /y ro - xfs /dev/vdb1 rw',
    'broken',
    '',
  ].join('\n');
  expect(parseMountTable(text)).toEqual([
    { source: '/dev/root', target: '/', type: 'ext4', options: ['rw', 'relatime'] },
    { source: 'tmp\\fs', target: '/a b', type: 'tmpfs', options: ['rw', 'nosuid', 'nodev'] },
    { source: '/dev/vdb1', target: '/y', type: 'xfs', options: ['ro'] },
  ]);
});

test('swap spaces', () => {
  const head = 'Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n';
  expect(parseSwaps(`${head}/var/a\\040b   file 1 0 -2\n/dev/vdb2 partition 1 0 -3\n`)).toEqual([
    '/var/a b',
    '/dev/vdb2',
  ]);
  expect(parseSwaps(head)).toEqual([]);
});

const signatures: { readonly text: string; readonly exitCode: number; readonly is: Signature }[] = [
  { text: '', exitCode: 2, is: { kind: 'none' } },
  { text: 'DEVNAME=/dev/a\nPART_ENTRY_NUMBER=1\n', exitCode: 0, is: { kind: 'none' } },
  {
    text: 'DEVNAME=/dev/a\nLABEL=my\\ data\nUUID=1-2\nTYPE=ext4\n',
    exitCode: 0,
    is: { kind: 'filesystem', type: 'ext4', label: 'my data', uuid: '1-2' },
  },
  { text: 'PTUUID=x\nPTTYPE=gpt\n', exitCode: 0, is: { kind: 'table', type: 'gpt' } },
  { text: 'LABEL=web:data\nTYPE=linux_raid_member\n', exitCode: 0, is: { kind: 'raid-member', array: 'web:data' } },
  { text: '', exitCode: 8, is: { kind: 'unclear', what: 'more than one signature' } },
];
test.each(signatures)('what blkid says: $is', ({ text, exitCode, is }) => {
  expect(parseSignature(text, exitCode)).toEqual(is);
});

test('the name of a partition', () => {
  expect(parsePartitionName('TYPE=xfs\nPART_ENTRY_NAME=my\\ data\n')).toBe('my data');
  expect(parsePartitionName('TYPE=xfs\n')).toBeUndefined();
});

test('what sfdisk says', () => {
  const json = {
    partitiontable: {
      label: 'gpt',
      sectorsize: 512,
      partitions: [{ node: '/dev/nvme0n1p12', start: 2048, size: 4096, type: 'X', name: 'data' }],
    },
  };
  expect(parsePartitionTable(JSON.stringify(json))).toEqual({
    type: 'gpt',
    sectorBytes: 512,
    partitions: [{ number: 12, startSector: 2048, sizeSectors: 4096, type: 'X', name: 'data' }],
  });
  expect(parsePartitionTable('{"partitiontable": {"label": "dos"}}')).toEqual({
    type: 'mbr',
    sectorBytes: 512,
    partitions: [],
  });
  expect(parsePartitionTable('no JSON')).toBeUndefined();
});

test('space behind a partition ends at the next one', () => {
  const partition = (number: number, startSector: number) => ({ number, startSector, sizeSectors: 2048, type: 'x' });
  const table = { type: 'gpt', sectorBytes: 512, partitions: [partition(1, 2048), partition(2, 8192)] } as const;
  const device = { path: '/dev/a', sizeBytes: 2 ** 30, signature: { kind: 'none' }, table } as const;
  expect(spaceBehind(1, device)).toBe(4096 * 512);
  expect(spaceBehind(2, device)).toBe(2 ** 30 - 2 ** 20 - 10240 * 512);
  expect(spaceBehind(3, device)).toBe(0);
});

test('what xfs_growfs says', () => {
  const text = [
    'meta-data=/dev/vdb1              isize=512    agcount=4, agsize=19200 blks',
    '         =                       sectsz=512   attr=2, projid32bit=1',
    'data     =                       bsize=4096   blocks=76800, imaxpct=25',
    'log      =internal log           bsize=4096   blocks=16384, version=2',
  ].join('\n');
  expect(xfsBytes(text)).toBe(4096 * 76800);
  expect(xfsBytes('')).toBeUndefined();
});

test('a head that is too short tells nothing', () => {
  expect(filesystemBytes('ext4', new Uint8Array(100))).toBeUndefined();
  expect(filesystemBytes('vfat', new Uint8Array(4096))).toBeUndefined();
});

describe('a block of ours in a file of others', () => {
  test.each([
    ['an empty file', '', ['a'], '# begin berth x\na\n# end berth x\n'],
    ['lines before it', 'o\n', ['a', 'b'], 'o\n# begin berth x\na\nb\n# end berth x\n'],
    ['without an end of line', 'o', ['a'], 'o\n# begin berth x\na\n# end berth x\n'],
    ['an older one', 'o\n# begin berth x\nold\n# end berth x\np\n', ['a'], 'o\np\n# begin berth x\na\n# end berth x\n'],
    ['to be removed', 'o\n# begin berth x\nold\n# end berth x\n', [], 'o\n'],
    ['that was all', '# begin berth x\nold\n# end berth x\n', [], ''],
  ])('%s', (_name, text, lines, expected) => {
    const once = withBlock(text, 'x', lines);
    expect(once).toBe(expected);
    expect(withBlock(once, 'x', lines)).toBe(expected);
  });
});

test.each([
  [
    '127.0.0.1 localhost\n127.0.1.1 berth\n::1 localhost\n',
    '127.0.0.1 localhost\n127.0.1.1 web.example.org web\n::1 localhost\n',
  ],
  ['', '127.0.0.1 localhost\n127.0.1.1 web.example.org web\n'],
  ['10.0.0.1 db\n', '127.0.0.1 localhost\n127.0.1.1 web.example.org web\n10.0.0.1 db\n'],
])('hosts from %j', (base, expected) => {
  const once = hostsText(base, 'web', 'web.example.org');
  expect(once.split('\n').toSorted()).toEqual(expected.split('\n').toSorted());
  expect(hostsText(once, 'web', 'web.example.org')).toBe(once);
});

test.each([
  ['net.ipv4.ip_forward', '/proc/sys/net/ipv4/ip_forward'],
  ['net.ipv4.conf.eth0/7.rp_filter', '/proc/sys/net/ipv4/conf/eth0.7/rp_filter'],
  ['net/ipv4/conf/eth0.7/rp_filter', '/proc/sys/net/ipv4/conf/eth0.7/rp_filter'],
  ['net/../../etc/passwd', '/proc/sys/net/etc/passwd'],
])('the setting %s', (name, path) => {
  expect(sysctlPath(name)).toBe(path);
});

test.each([
  ['/dev/disk/by-partlabel/my\\x20data', 'PARTLABEL=my data'],
  ['/dev/disk/by-uuid/1-2', 'UUID=1-2'],
  ['/dev/disk/by-label/100%', 'LABEL=100%'],
  ['/dev/disk/by-id/dm-name-vault', '/dev/mapper/vault'],
  ['/dev/disk/by-id/virtio-a', '/dev/disk/by-id/virtio-a'],
  ['/dev/vda', '/dev/vda'],
])('%s needs no udev', (name, is) => {
  expect(deviceTag(name)).toBe(is);
});
