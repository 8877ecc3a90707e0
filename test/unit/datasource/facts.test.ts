import { gzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import { parseBlockDevices } from '../../../src/datasource/block-devices.ts';
import { clouds } from '../../../src/datasource/cloud/table.ts';
import { type HostFacts, kernelArgument } from '../../../src/datasource/host-facts.ts';
import { machineInstanceId, occasionOf } from '../../../src/datasource/instance.ts';
import { cloudConfigOf } from '../../../src/datasource/kernel-command-line.ts';
import { publicKeysOf } from '../../../src/datasource/meta-data.ts';
import { noCloudSelector } from '../../../src/datasource/nocloud-selector.ts';
import { settledFacts } from '../../../src/datasource/settled-facts.ts';
import { oemStringsOf } from '../../../src/datasource/smbios-table.ts';
import { datasources, selectDatasource } from '../../../src/datasource/table.ts';
import { unpack } from '../../../src/datasource/unpack.ts';
import { noFacts } from '../../support/no-facts.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describe('facts are read', () => {
  const seed: HostFacts = { ...noFacts, fwCfg: ['opt/io.berth/config'] };

  /** What is told at each look, and how often it was looked. @param driversAfter so many times of asking. */
  async function settle(looks: readonly HostFacts[], driversAfter = 0): Promise<{ facts: HostFacts; log: string[] }> {
    const log: string[] = [];
    let asked = 0;
    let looked = 0;
    const facts = await settledFacts(
      {
        read: async () => {
          log.push('look');
          return looks[looked++] ?? noFacts;
        },
        hasDrivers: async () => asked++ >= driversAfter,
        clock: { sleep: async (ms) => void log.push(`${ms}`) },
      },
      new AbortController().signal,
    );
    return { facts, log };
  }

  test('once the drivers are there', async () => {
    expect(await settle([seed], 2)).toEqual({ facts: seed, log: ['50', '50', 'look'] });
  });

  test('again while no datasource is among them', async () => {
    expect(await settle([noFacts, noFacts, seed])).toEqual({
      facts: seed,
      log: ['look', '500', 'look', '500', 'look'],
    });
  });

  test('not for ever, with or without drivers', async () => {
    const { facts, log } = await settle([], Number.POSITIVE_INFINITY);
    expect(facts).toEqual(noFacts);
    expect(log.filter((line) => line === 'look').length).toBe(10);
    expect(log.filter((line) => line === '50').length).toBe(1200);
  });

  test('once when the kernel command line says that there is none', async () => {
    const told = { ...noFacts, cmdline: 'berth.datasource=none' };
    expect(await settle([told])).toEqual({ facts: told, log: ['look'] });
  });
});

test.each([
  ['a', 'a=1 b=2', '1'],
  ['b', 'a=1 b=2', '2'],
  ['a', 'a=1 a=2', '2'],
  ['a', 'a', ''],
  ['a', 'a=', ''],
  ['a', 'aa=1 b.a=2', undefined],
  ['a', 'a="one two" b', 'one two'],
  ['a', '"a=one two" b', 'one two'],
  ['a', 'a="not closed', 'not closed'],
  ['a', 'a=x=y', 'x=y'],
  ['a', '', undefined],
  ['s', 's=1\ts=2\n', '2'],
])('kernel argument %s of %j is %j', (name, cmdline, value) => {
  expect(kernelArgument(cmdline, name)).toBe(value);
});

test.each([
  ['a: 1', 'cc: a: 1', '#cloud-config\na: 1\n'],
  ['several parts', 'x cc: a: 1 end_cc y cc:b: 2 end_cc', '#cloud-config\na: 1 \nb: 2\n'],
  ['one with a header', 'cc: #cloud-config\\na: 1', '#cloud-config\na: 1'],
  ['percent signs that encode nothing', 'cc: a: 100%25 %ff%zz', '#cloud-config\na: 100% %ff%zz\n'],
  ['none', 'acc: 1 scc:2', undefined],
])('cloud-init’s words on the kernel command line: %s', (_name, cmdline, text) => {
  expect(cloudConfigOf(cmdline)).toBe(text);
});

describe('OEM strings', () => {
  const structure = (type: number, data: readonly number[], strings: readonly string[]): number[] => [
    ...[type, 4 + data.length, 0, 0, ...data],
    ...strings.flatMap((entry) => [...bytes(entry), 0]),
    ...(strings.length === 0 ? [0, 0] : [0]),
  ];
  const table = [
    ...structure(0, [1, 2, 3], ['SeaBIOS', '1.0']),
    ...structure(32, [0, 0], []),
    ...structure(11, [2], ['io.berth.config=eA==', 'other']),
    ...structure(1, [1], ['QEMU']),
    ...structure(11, [1], ['third']),
    ...structure(127, [], []),
    ...structure(11, [1], ['behind the end']),
  ];

  test('are those of every structure of type 11', () => {
    expect(oemStringsOf(new Uint8Array(table))).toEqual(['io.berth.config=eA==', 'other', 'third']);
  });

  test('of a table that is cut off anywhere are those before the cut', () => {
    for (let length = 0; length < table.length; length += 1) {
      const found = oemStringsOf(new Uint8Array(table.slice(0, length)));
      expect(['io.berth.config=eA==', 'other', 'third'].slice(0, found.length)).toEqual(found);
    }
  });

  test('of a structure that claims no length are none', () => {
    expect(oemStringsOf(new Uint8Array([11, 0, 0, 0, 0, 0, 0, 0]))).toEqual([]);
  });
});

describe('user-data', () => {
  const text = '#cloud-config\nhostname: web1\n';
  const gzip = gzipSync(text);

  test.each([
    ['plain', bytes(text)],
    ['packed', new Uint8Array(gzip)],
    ['in base64', bytes(Buffer.from(text).toString('base64'))],
    [
      'in base64 with line breaks',
      bytes(
        `${Buffer.from(text)
          .toString('base64')
          .replace(/(.{20})/g, '$1\r\n')}\n`,
      ),
    ],
    ['packed, in base64', bytes(gzip.toString('base64'))],
  ])('%s is read as it was written', (_name, data) => {
    expect(unpack('user-data', data)).toEqual({ kind: 'unpacked', data: bytes(text) });
  });

  test.each([
    '',
    'yes',
    'deadbeefdeadbee',
    'aaaa=aaaaaaaaaaa',
    'not base64 at all!!',
    '{"ignition": {}}',
  ])('%j is left as it is', (word) => {
    expect(unpack('user-data', bytes(word))).toEqual({ kind: 'unpacked', data: bytes(word) });
  });

  test('that unpacks to too much is refused', () => {
    const unpacked = unpack('user-data', new Uint8Array(gzipSync(Buffer.alloc(1001))), 1000);
    expect(unpacked).toMatchObject({ kind: 'unreadable', diagnostic: { code: 'too-large', severity: 'error' } });
  });

  test.each([1, 5, 12, 20])('cut off after %d bytes of gzip is refused', (length) => {
    expect(unpack('user-data', new Uint8Array(gzip.subarray(0, Math.max(2, length))))).toMatchObject({
      kind: 'unreadable',
      diagnostic: { code: 'not-gzip' },
    });
  });
});

test.each([
  ['nothing known', undefined, { kind: 'first-boot', why: 'nothing-known' }],
  ['the same', { instanceId: 'i-1', digest: 'a' }, { kind: 'every-boot', configChanged: false }],
  ['another config', { instanceId: 'i-1', digest: 'b' }, { kind: 'every-boot', configChanged: true }],
  ['another instance', { instanceId: 'i-2', digest: 'a' }, { kind: 'first-boot', why: 'another-instance' }],
])('the occasion with %s', (_name, known, occasion) => {
  expect(occasionOf(known, { instanceId: 'i-1', digest: 'a' })).toEqual(occasion);
});

test.each([
  [undefined, 'local'],
  ['00000000-0000-0000-0000-000000000000', 'local'],
  ['FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF', 'local'],
  ['4C4C4544-0036-3510-8052-B4C04F4A4D32', '4c4c4544-0036-3510-8052-b4c04f4a4d32'],
])('the instance id of the machine with the UUID %s is %s', (uuid, id) => {
  expect(machineInstanceId({ ...noFacts, dmi: uuid === undefined ? {} : { product_uuid: uuid } })).toBe(id);
});

test.each([
  ['ds=nocloud', {}],
  ['ds=nocloud-net;s=http://a/', { seed: 'http://a/' }],
  ['ds=nocloud;seedfrom=/x/;local-hostname=h;instance-id=i', { seed: '/x/', hostname: 'h', instanceId: 'i' }],
  ['ds=nocloud;s=http://a/?b=c;h=', { seed: 'http://a/?b=c' }],
  ['ds=nocloudy', undefined],
  ['ds=ec2', undefined],
])('%s says %j', (cmdline, selector) => {
  expect(noCloudSelector({ ...noFacts, cmdline })).toEqual(selector);
  expect(noCloudSelector({ ...noFacts, dmi: { product_serial: cmdline } })).toEqual(selector);
});

test.each([
  ['a list', ['ssh-rsa A a', 'ssh-rsa B b'], ['ssh-rsa A a', 'ssh-rsa B b']],
  ['lines', '# mine\nssh-rsa A a\n\nssh-rsa B b\n', ['ssh-rsa A a', 'ssh-rsa B b']],
  ['names', { one: 'ssh-rsa A a', two: ['ssh-rsa B b'] }, ['ssh-rsa A a', 'ssh-rsa B b']],
  ['EC2’s form', { 0: { 'openssh-key': 'ssh-rsa A a' } }, ['ssh-rsa A a']],
  ['nonsense', 17, []],
])('public keys as %s', (_name, value, keys) => {
  expect(publicKeysOf(value)).toEqual(keys);
});

test('blkid’s devices, with blanks in labels and the label of a boot sector', () => {
  const output =
    'DEVNAME=/dev/vdb\nLABEL=a\\ b\nUUID=1\nTYPE=vfat\n\nDEVNAME=/dev/sr0\nTYPE=iso9660\nLABEL=CIDATA\n\nDEVNAME=/dev/vdc\nLABEL_FATBOOT=cidata\nTYPE=vfat\n\nDEVNAME=/dev/vda1\nPARTUUID=2\n';
  expect(parseBlockDevices(output)).toEqual([
    { path: '/dev/vdb', type: 'vfat', label: 'a b' },
    { path: '/dev/sr0', type: 'iso9660', label: 'CIDATA' },
    { path: '/dev/vdc', type: 'vfat', label: 'cidata' },
    { path: '/dev/vda1' },
  ]);
  expect(parseBlockDevices('')).toEqual([]);
});

test('the datasources in the order in which they count', () => {
  let facts: HostFacts = {
    dmi: {},
    cmdline: 'berth.config=YQ==',
    oemStrings: ['io.berth.config=YQ=='],
    fwCfg: ['opt/io.berth/config'],
    blockDevices: [
      { path: '/dev/vdb', label: 'cidata', type: 'vfat' },
      { path: '/dev/vdc', label: 'config-2', type: 'iso9660' },
    ],
    seedFiles: ['/usr/lib/berth/seed/user-data'],
    guestValues: ['guestinfo.userdata', 'vm-data/userdata'],
    isVirtual: false,
  };
  const without: Partial<HostFacts>[] = [
    { cmdline: '' },
    { oemStrings: [] },
    { fwCfg: [] },
    { guestValues: ['guestinfo.hostname', 'vm-data/userdata'] },
    { guestValues: [] },
    { blockDevices: facts.blockDevices.slice(1) },
    { blockDevices: [], dmi: { sys_vendor: 'Hetzner' } },
    { dmi: {} },
    { seedFiles: [] },
  ];
  const order: string[] = [];
  for (const change of without) {
    const selection = selectDatasource(facts);
    if (selection.kind === 'selected') order.push(selection.datasource.id);
    facts = { ...facts, ...change };
  }
  expect(order).toEqual([
    'cmdline',
    'smbios',
    'fw-cfg',
    'vmware',
    'xen',
    'nocloud',
    'config-drive',
    'hetzner',
    'baked',
  ]);
  const others = clouds.map(({ id }) => id).filter((id) => id !== 'hetzner');
  expect(order).toEqual(datasources.map(({ id }) => id).filter((id) => !others.includes(id)));
  expect(selectDatasource(facts)).toEqual({ kind: 'none', why: 'no datasource was found' });
});
