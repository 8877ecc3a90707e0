import { expect, test } from '@jest/globals';
import { emptyHostConfig, type HostConfig } from '../../../src/config/host-config.ts';
import { brief, parse } from './support.ts';

const storage = emptyHostConfig.storage;
const rest = { size: { kind: 'rest' }, type: 'linux' } as const;
const share = (percent: number, type = 'linux') => ({ size: { kind: 'percent', percent }, type }) as const;
const disk = { device: '/dev/vdb', table: 'mbr', partitions: [rest], overwrite: false } as const;
const filesystem = { device: '/dev/vdb', type: 'ext4', options: [], overwrite: false, replaces: [] };

interface Row {
  readonly name: string;
  readonly text: string;
  readonly config?: Partial<HostConfig>;
  readonly diagnostics?: readonly string[];
}

const rows: Row[] = [
  {
    name: 'one partition',
    text: 'disk_setup: {/dev/vdb: {layout: true}}',
    config: { storage: { ...storage, disks: [disk] } },
  },
  {
    name: 'shares and types; the last one takes what is left',
    text: 'disk_setup: {vdb: {table_type: gpt, layout: [33, [33, 82], [34, fd]], overwrite: true}}',
    config: {
      storage: {
        ...storage,
        disks: [
          {
            ...disk,
            table: 'gpt',
            partitions: [share(33), share(33, 'swap'), { ...rest, type: 'raid' }],
            overwrite: true,
          },
        ],
      },
    },
  },
  {
    name: 'shares that leave space',
    text: 'disk_setup: {vdb: {layout: [10, 20]}}',
    config: { storage: { ...storage, disks: [{ ...disk, partitions: [share(10), share(20)] }] } },
  },
  {
    name: 'more than the disk',
    text: 'disk_setup: {vdb: {layout: [60, 50]}}',
    diagnostics: ['2:28 error invalid-value disk_setup.vdb.layout'],
  },
  {
    name: 'no layout',
    text: 'disk_setup: {vdb: {overwrite: true}}',
    diagnostics: ['2:19 error missing-key disk_setup.vdb'],
  },
  {
    name: 'a layout of nothing',
    text: 'disk_setup: {vdb: {layout: false}}',
    diagnostics: ['2:19 info no-effect disk_setup.vdb'],
  },
  {
    name: 'removal',
    text: 'disk_setup: {vdb: {layout: remove}}',
    diagnostics: ['2:28 warning unsupported disk_setup.vdb.layout'],
  },
  {
    name: 'one disk by two names',
    text: 'device_aliases: {a: /dev/vdb}\ndisk_setup: {a: {layout: true}, vdb: {layout: true}}',
    config: { storage: { ...storage, disks: [disk] } },
    diagnostics: ['3:38 error duplicate disk_setup.vdb'],
  },
  {
    name: "a provider's disk",
    text: 'disk_setup: {ephemeral0: {layout: true}}',
    diagnostics: ['2:26 warning unsupported disk_setup.ephemeral0'],
  },
  {
    name: 'a file system on a whole disk',
    text: 'fs_setup: [{device: /dev/vdb, filesystem: ext4, partition: none}]',
    config: { storage: { ...storage, filesystems: [filesystem] } },
  },
  {
    name: 'on a numbered partition, with all settings',
    text: 'fs_setup: [{device: /dev/nvme0n1, filesystem: xfs, partition: 2, label: data, overwrite: true, replace_fs: ntfs, extra_opts: "-i size=512"}]',
    config: {
      storage: {
        ...storage,
        filesystems: [
          {
            device: '/dev/nvme0n1p2',
            type: 'xfs',
            label: 'data',
            options: ['-i', 'size=512'],
            overwrite: true,
            replaces: ['ntfs'],
          },
        ],
      },
    },
  },
  {
    name: 'auto is the first partition of a disk that is partitioned here',
    text: 'disk_setup: {/dev/vdb: {layout: true}}\nfs_setup: [{device: /dev/vdb, filesystem: ext4, partition: auto}, {device: /dev/vdc, filesystem: ext4}]',
    config: {
      storage: {
        ...storage,
        disks: [disk],
        filesystems: [
          { ...filesystem, device: '/dev/vdb1' },
          { ...filesystem, device: '/dev/vdc' },
        ],
      },
    },
  },
  {
    name: 'two on one device',
    text: 'fs_setup: [{device: /dev/vdb, filesystem: ext4}, {device: /dev/vdb, filesystem: xfs}]',
    config: { storage: { ...storage, filesystems: [filesystem] } },
    diagnostics: ['2:50 error duplicate fs_setup[1]'],
  },
  {
    name: 'a command',
    text: 'fs_setup: [{device: /dev/vdb, filesystem: ext4, cmd: mkfs}]',
    config: { storage: { ...storage, filesystems: [filesystem] } },
    diagnostics: ['2:49 warning unsupported fs_setup[0].cmd'],
  },
  {
    name: 'partitions that grow',
    text: 'growpart: {devices: [/data, /dev/vdb1]}',
    config: { storage: { ...storage, grow: ['/data', '/dev/vdb1'] } },
  },
  { name: 'growing switched off', text: 'growpart: {mode: off, devices: [/data]}' },
  {
    name: 'the root grows by itself',
    text: 'growpart: {devices: [/]}',
    diagnostics: ['2:22 info no-effect growpart.devices[0]'],
  },
  {
    name: 'a swap file',
    text: 'swap: {filename: /var/swap, size: 2G, maxsize: 4G}',
    config: { swap: [{ kind: 'file', path: '/var/swap', size: 2 ** 31, maxBytes: 2 ** 32 }] },
  },
  {
    name: 'swap by the memory',
    text: 'swap: {size: auto}',
    config: { swap: [{ kind: 'file', path: '/var/swap.img', size: 'auto' }] },
  },
  { name: 'no swap', text: 'swap: {size: 0}', diagnostics: ['2:1 info no-effect swap'] },
  {
    name: 'a size that is none',
    text: 'swap: {size: much}',
    diagnostics: ['2:1 info no-effect swap', '2:14 error invalid-value swap.size'],
  },
  {
    name: 'an array',
    text: 'berth: {raid: {data: {level: raid5, devices: [/dev/a, /dev/b, /dev/c, /dev/d], spares: 1}}}',
    config: {
      storage: {
        ...storage,
        raid: [
          {
            name: 'data',
            level: '5',
            devices: ['/dev/a', '/dev/b', '/dev/c', '/dev/d'],
            spares: 1,
            options: [],
            overwrite: false,
          },
        ],
      },
    },
  },
  {
    name: 'an array with too few devices',
    text: 'berth: {raid: {data: {level: 5, devices: [/dev/a, /dev/b, /dev/c], spares: 1}}}',
    diagnostics: ['2:42 error invalid-value berth.raid.data.devices'],
  },
  {
    name: 'a level that is none',
    text: 'berth: {raid: {data: {level: 7, devices: [/dev/a, /dev/b]}}}',
    diagnostics: ['2:30 error invalid-value berth.raid.data.level'],
  },
  {
    name: 'encrypted devices, with a key of their own and with one of the host',
    text: 'berth: {luks: {a: {device: /dev/a, key: x, label: l, discard: true}, b: {device: /dev/b, options: [--sector-size=512]}}}',
    config: {
      storage: {
        ...storage,
        luks: [
          {
            ...{ name: 'a', device: '/dev/a', key: { kind: 'given', contentBase64: 'eA==' }, label: 'l' },
            ...{ options: [], openOptions: [], discard: true, overwrite: false },
          },
          {
            ...{ name: 'b', device: '/dev/b', key: { kind: 'random' } },
            ...{ options: ['--sector-size=512'], openOptions: [], discard: false, overwrite: false },
          },
        ],
      },
    },
  },
  {
    name: 'encrypted devices that cannot be as they are written; a key is not repeated',
    text: 'berth: {luks: {a/b: {device: /dev/a}, c: {device: /dev/c, key_base64: "secret?"}, d: {device: /dev/d, key: ""}, e: {}}}',
    diagnostics: [
      '2:21 error invalid-value berth.luks["a/b"]',
      '2:71 error invalid-value berth.luks.c.key_base64',
      '2:108 error invalid-value berth.luks.d.key',
      '2:116 error missing-key berth.luks.e',
    ],
  },
  {
    name: 'the console and reports',
    text: 'berth: {console: {password_hash: $6$a$b}, report: {url: "https://a/b"}}',
    config: { console: { passwordHash: '$6$a$b' }, report: { url: 'https://a/b' } },
  },
  {
    name: 'a clear-text password of the console',
    text: 'berth: {console: {password_hash: secret}}',
    diagnostics: ['2:34 error invalid-value berth.console.password_hash'],
  },
];

test.each(rows)('$name', ({ text, config = {}, diagnostics = [] }) => {
  const result = parse(text);
  expect(brief(result)).toEqual(diagnostics);
  expect(result.config).toEqual({ ...emptyHostConfig, ...config });
});
