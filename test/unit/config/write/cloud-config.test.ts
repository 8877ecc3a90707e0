import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { stringify } from 'yaml';
import { emptyHostConfig, type HostConfig } from '../../../../src/config/host-config.ts';
import { parseConfig } from '../../../../src/config/parse.ts';
import { notCarriedOver } from '../../../../src/config/write/carried-over.ts';
import { writeCloudConfig } from '../../../../src/config/write/cloud-config.ts';
import { configTexts } from '../../../support/generated-config.ts';
import { examples } from '../support.ts';

const read = (text: string): HostConfig =>
  parseConfig([{ file: 'config.yaml', text }], { passwordSeed: 'seed' }).config;
const readErrors = (text: string) =>
  parseConfig([{ file: 'config.yaml', text }]).diagnostics.filter(({ severity }) => severity === 'error');

/** What was written is read without an error, and means what it was written from. */
function expectSame(config: HostConfig): void {
  const written = writeCloudConfig(config);
  expect(readErrors(written)).toEqual([]);
  expect(read(written)).toEqual(config);
}

describe('what is written is read as the same host config', () => {
  test.each(examples)('$name', ({ text }) => expectSame(read(text)));

  test('nothing', () => {
    expect(writeCloudConfig(emptyHostConfig)).toBe('#cloud-config\n{}\n');
    expectSame(emptyHostConfig);
  });

  test('generated services', () => {
    const texts = configTexts({ image: 'berth/busybox', tags: ['1', '2'], maximumServices: 4, everything: true });
    fc.assert(
      fc.property(texts, (text) => expectSame(read(text))),
      { numRuns: 20 },
    );
  });

  test('generated hosts, with words that YAML takes for something else', () => {
    fc.assert(
      fc.property(hosts, (host) => expectSame(read(`#cloud-config\n${stringify(host, { version: '1.1' })}`))),
      { numRuns: 40 },
    );
  });
});

const odd = fc.constantFrom(
  ...['yes', 'off', 'n', 'null', '~', '0644', '1e3', '1_000', '12:30', '2020-01-01', '0x1f', '.inf', '<<', '=', '- x'],
  ...[
    'a: b',
    'a #b',
    '#c',
    '*a',
    '&a',
    '!t',
    '%p',
    '@q',
    '`r',
    '| s',
    ' lead',
    'trail ',
    'two\nlines\n',
    'tab\t',
    'é ü',
  ],
  ...['$HOME', '${X}', '$$', '"quoted"', "it's", '', '\\', '\u2028', '{}', '[]'],
);
const words = fc.oneof(odd, fc.string({ unit: 'grapheme', maxLength: 12 }));
const name = fc.constantFrom('ops', 'web', 'db', 'yes', 'null', 'n');
const maybe = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(value, { nil: undefined });
const unique = <T>(items: fc.Arbitrary<T>, key: (item: T) => unknown): fc.Arbitrary<T[]> =>
  fc.uniqueArray(items, { maxLength: 3, selector: key });

const user = fc.record({
  name,
  gecos: words,
  uid: fc.integer({ min: 0, max: 60_000 }),
  groups: fc.array(name, { minLength: 1, maxLength: 2 }),
  system: fc.boolean(),
  no_create_home: fc.boolean(),
  lock_passwd: fc.boolean(),
  sudo: fc.array(words, { minLength: 1, maxLength: 2 }),
  hashed_passwd: fc.constantFrom('!', '$6$saltsaltsalt$x', '*'),
});
const file = fc.record({
  path: fc.constantFrom('/etc/a', '/etc/b c', '/srv/é'),
  content: fc.oneof(
    words,
    fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes).toString('base64')),
  ),
  encoding: fc.constantFrom('text/plain', 'text/plain'),
  permissions: fc.constantFrom('0600', '4755', '0'),
  owner: fc.constantFrom('root:root', 'ops:ops', '12:30'),
  append: fc.boolean(),
  defer: fc.boolean(),
});
const binaryFile = fc.record({
  path: fc.constant('/etc/binary'),
  content: fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes).toString('base64')),
  encoding: fc.constant('b64'),
});
const disk = fc.constantFrom<object>(
  { table_type: 'gpt', layout: true, overwrite: true },
  { table_type: 'mbr', layout: [30, [20, 82], [10, '0c']] },
  { table_type: 'gpt', layout: [50, [50, '01234567-89AB-CDEF-EDCB-A98765432101']] },
);
const network = fc.record({
  version: fc.constant(2),
  ethernets: fc.constantFrom<object>(
    {},
    {
      lan: {
        match: { name: 'en*', macaddress: '52:54:00:12:34:56', driver: ['virtio*'] },
        'set-name': 'lan0',
        dhcp4: true,
      },
    },
    {
      eth0: {
        addresses: ['192.0.2.10/24', '2001:db8::1/64'],
        gateway4: '192.0.2.1',
        routes: [{ to: '10.0.0.0/8', via: '192.0.2.2', metric: 5, 'on-link': true, type: 'unicast' }],
        nameservers: { addresses: ['192.0.2.53'], search: ['example.org'] },
        mtu: 1400,
        optional: true,
        'accept-ra': false,
        'dhcp4-overrides': { 'use-dns': false, 'route-metric': 7, hostname: 'x' },
      },
    },
  ),
  bonds: fc.constant({
    bond0: {
      interfaces: ['eth1'],
      parameters: { mode: 'active-backup', primary: 'eth1', 'mii-monitor-interval': '1s' },
    },
  }),
  bridges: fc.constant({ br0: { interfaces: ['bond0'], parameters: { stp: true, 'forward-delay': 4 } } }),
  vlans: fc.constant({ vlan7: { id: 7, link: 'bond0' } }),
});

const hosts = fc
  .record({
    hostname: maybe(fc.constantFrom('h1', 'node.example.org', '12')),
    fqdn: maybe(fc.constantFrom('h1.example.org', 'h2.example.org')),
    prefer_fqdn_over_hostname: maybe(fc.boolean()),
    timezone: maybe(fc.constant('Europe/Berlin')),
    locale: maybe(fc.constantFrom('C.UTF-8', 'n')),
    keyboard: maybe(fc.constantFrom({ layout: 'no' }, { layout: 'us', variant: 'dvorak' })),
    manage_etc_hosts: maybe(fc.boolean()),
    ntp: maybe(fc.constant({ servers: ['192.0.2.123'], pools: [] })),
    users: maybe(unique(user, (one) => one.name)),
    groups: maybe(
      unique(
        name.map((group) => ({ [group]: ['ops', 'web'] })),
        (one) => Object.keys(one)[0],
      ),
    ),
    write_files: maybe(fc.tuple(fc.array(file, { maxLength: 3 }), binaryFile).map(([files, one]) => [...files, one])),
    disk_setup: maybe(fc.dictionary(fc.constantFrom('/dev/vdb', '/dev/vdc'), disk)),
    fs_setup: maybe(
      fc.constant([{ device: '/dev/vdd', filesystem: 'xfs', partition: 'none', extra_opts: ['-f', '0'] }]),
    ),
    mounts: maybe(
      fc.constant([
        ['/dev/vdd', '/data', 'xfs', 'ro,noatime'],
        ['LABEL=x', '/x'],
        ['/dev/vde', 'none', 'swap'],
      ]),
    ),
    swap: maybe(fc.constantFrom({ filename: '/swap', size: 'auto', maxsize: '1G' }, { filename: '/swap', size: 1024 })),
    growpart: maybe(fc.constant({ devices: ['/data'] })),
    network: maybe(network),
    berth: maybe(
      fc.record({
        sysctl: fc.dictionary(fc.constantFrom('net.ipv4.ip_forward', 'vm.max_map_count'), odd),
        modules: fc.subarray(['br_netfilter', 'n', 'null']),
        kernel: fc.record({
          arguments: fc.subarray(['audit=0', 'a="b c"']),
          absent_arguments: fc.subarray(['quiet', '0']),
        }),
        registries: fc.dictionary(
          fc.constantFrom('docker.io', 'r.example.org'),
          fc.record({ username: words, password: words }),
        ),
        services: fc.dictionary(
          fc.constantFrom('web', 'db'),
          fc.record({
            image: fc.constant('a:1'),
            environment: fc.dictionary(fc.constantFrom('A', 'B'), odd.map(escaped)),
          }),
        ),
      }),
    ),
  })
  .map((host) => Object.fromEntries(Object.entries(host).filter(([, value]) => value !== undefined)));

/** As a person writes it where `$` begins a variable. */
function escaped(text: string): string {
  return text.replaceAll('$', '$$$$');
}

describe('what cannot be said in #cloud-config', () => {
  const user = { ...read('#cloud-config\nusers: [ops]\n').users[0], name: 'ops' } as HostConfig['users'][number];
  const rows: { name: string; config: Partial<HostConfig>; told: string[] }[] = [
    {
      name: 'the number of a group',
      config: { groups: [{ name: 'a', gid: 7, members: [] }] },
      told: ['"groups.a" cannot be said in #cloud-config as it is, and becomes something else: gid'],
    },
    {
      name: 'a host name with dots that is no FQDN',
      config: { hostname: 'a.b' },
      told: [
        '"fqdn" comes with what is written for something else',
        '"hostname" cannot be said in #cloud-config as it is, and becomes something else',
      ],
    },
    {
      name: 'the size of a partition in bytes',
      config: {
        storage: {
          ...emptyHostConfig.storage,
          disks: [
            {
              device: '/dev/vdb',
              table: 'gpt',
              overwrite: false,
              partitions: [{ size: { kind: 'bytes', bytes: 5 }, type: 'linux' }],
            },
          ],
        },
      },
      told: [
        '"disk_setup["/dev/vdb"]" cannot be said in #cloud-config as it is, and becomes something else: partitions',
      ],
    },
    {
      name: 'a second swap file',
      config: {
        swap: [
          { kind: 'file', path: '/a', size: 1 },
          { kind: 'file', path: '/b', size: 1 },
        ],
      },
      told: ['"swap["/b"]" cannot be said in #cloud-config, and is left out'],
    },
    { name: 'nothing, when all can', config: { users: [user] }, told: [] },
  ];

  test.each(rows)('$name', ({ config: some, told }) => {
    const config = { ...emptyHostConfig, ...some };
    const back = read(writeCloudConfig(config));
    const sources = new Map([['groups.a', { file: 'f', line: 3, column: 5 }]]);
    const diagnostics = notCarriedOver(config, back, 'f', sources);
    expect(diagnostics.map(({ message }) => message)).toEqual(told);
    expect(diagnostics.every(({ severity, code }) => severity === 'warning' && code === 'not-carried-over')).toBe(true);
    if (told[0]?.startsWith('"groups') === true) expect(diagnostics[0]).toMatchObject({ line: 3, column: 5 });
  });
});
