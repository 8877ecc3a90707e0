import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { elementText, ovfEnvironment } from '../../../src/datasource/cloud/azure-ovf.ts';
import { parsedSeed } from '../../../src/datasource/cloud/parsed-seed.ts';
import { clouds } from '../../../src/datasource/cloud/table.ts';
import { type HostFacts, kernelArgument } from '../../../src/datasource/host-facts.ts';
import { defaultGateways, expandEndpoints, splitZone } from '../../../src/datasource/metadata-endpoints.ts';
import { settledFacts } from '../../../src/datasource/settled-facts.ts';
import { datasources, selectDatasource } from '../../../src/datasource/table.ts';
import { noFacts } from '../../support/no-facts.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** What the firmware says, and where that is. */
const machines: readonly (readonly [string, Partial<HostFacts>])[] = [
  ['ec2', { dmi: { sys_vendor: 'Amazon EC2', product_uuid: 'ec2bd2a6-1f6f-ac11-2c95-1c39b8a2ee24' } }],
  ['ec2', { dmi: { sys_vendor: 'Xen', product_uuid: 'EC2A-1', product_serial: 'ec2a-1' } }],
  ['gce', { dmi: { product_name: 'Google Compute Engine' } }],
  ['gce', { dmi: { product_name: 'Google' } }],
  ['gce', { dmi: { product_serial: 'GoogleCloud-D7C1' } }],
  ['azure', { dmi: { chassis_asset_tag: '7783-7084-3265-9085-8269-3286-77' } }],
  ['digitalocean', { dmi: { sys_vendor: 'DigitalOcean' } }],
  ['hetzner', { dmi: { sys_vendor: 'Hetzner' } }],
  ['vultr', { dmi: { sys_vendor: 'Vultr' } }],
  ['vultr', { cmdline: 'quiet vultr' }],
  ['scaleway', { dmi: { sys_vendor: 'Scaleway' } }],
  ['scaleway', { cmdline: 'scaleway' }],
  ['exoscale', { dmi: { product_name: 'Exoscale Compute Platform' } }],
  ['equinix', { cmdline: 'ignition.platform.id=packet' }],
  ['equinix', { cmdline: 'berth.datasource=equinix' }],
  ['oracle', { dmi: { chassis_asset_tag: 'OracleCloud.com' } }],
  ['akamai', { dmi: { sys_vendor: 'Akamai' } }],
  ['akamai', { dmi: { sys_vendor: 'Linode' } }],
  ['upcloud', { dmi: { sys_vendor: 'UpCloud' } }],
  ['aliyun', { dmi: { product_name: 'Alibaba Cloud ECS' } }],
  ['cloudstack', { dmi: { product_name: 'CloudStack KVM Hypervisor' } }],
  ['openstack', { dmi: { chassis_asset_tag: 'Samsung Cloud Platform' } }],
  ['openstack', { dmi: { product_name: 'OpenStack Nova' } }],
  ['openstack', { dmi: { product_name: 'OpenStack Compute' } }],
  ['openstack', { dmi: { chassis_asset_tag: 'SAP CCloud VM' } }],
  [
    'config-drive',
    { dmi: { product_name: 'OpenStack Nova' }, blockDevices: [{ path: '/dev/sr0', label: 'config-2' }] },
  ],
  ['nocloud', { dmi: { sys_vendor: 'Hetzner' }, blockDevices: [{ path: '/dev/sr0', label: 'CIDATA' }] }],
];

describe('a machine is known for its cloud’s', () => {
  test.each(machines)('%s: %j', (id, facts) => {
    expect(selectDatasource({ ...noFacts, ...facts })).toMatchObject({ kind: 'selected', datasource: { id } });
  });

  test.each([
    { sys_vendor: 'Amazon' },
    { sys_vendor: 'Xen', product_uuid: 'ec2a', product_serial: 'ec2b' },
    { product_name: 'Googlebox' },
    { chassis_asset_tag: 'OracleCloud' },
    { sys_vendor: 'QEMU', product_name: 'Standard PC (Q35 + ICH9, 2009)' },
  ])('and not for what it is not: %j', (dmi) => {
    expect(selectDatasource({ ...noFacts, dmi }).kind).toBe('none');
  });

  test.each([
    ['no firmware’s word, a hypervisor', { isVirtual: true }, ['openstack']],
    ['a request for all', { cmdline: 'berth.datasource=probe' }, clouds.map(({ id }) => id)],
  ])('by asking around: %s', (_name, facts, ids) => {
    const selection = selectDatasource({ ...noFacts, ...facts });
    expect(selection.kind === 'probe' && selection.among.map(({ id }) => id)).toEqual(ids);
  });

  test('only once: no two rows match a machine', () => {
    for (const [, facts] of machines) {
      const matching = datasources.filter(({ matches }) => matches({ ...noFacts, ...facts }));
      const named = kernelArgument(facts.cmdline ?? '', 'berth.datasource');
      const limit = facts.blockDevices === undefined ? 1 : 2;
      expect([named, matching.length <= limit]).toEqual([named, true]);
    }
  });
});

describe('disks of a cloud’s', () => {
  const drive = [{ path: '/dev/sr0', label: 'config-2' }];
  async function looks(facts: readonly Partial<HostFacts>[]): Promise<number> {
    let count = 0;
    await settledFacts(
      {
        read: async () => ({ ...noFacts, ...facts[Math.min(count++, facts.length - 1)] }),
        hasDrivers: async () => true,
        clock: { sleep: async () => undefined },
      },
      new AbortController().signal,
    );
    return count;
  }

  test.each([
    [
      'OpenStack, a config drive that comes late',
      [{ dmi: { product_name: 'OpenStack Nova' } }, { blockDevices: drive }],
      2,
    ],
    ['OpenStack, none', [{ dmi: { product_name: 'OpenStack Nova' } }], 3],
    [
      'Azure, its disc',
      [
        {
          dmi: { chassis_asset_tag: '7783-7084-3265-9085-8269-3286-77' },
          blockDevices: [{ path: '/dev/sr0', type: 'udf' }],
        },
      ],
      1,
    ],
    ['Azure, none', [{ dmi: { chassis_asset_tag: '7783-7084-3265-9085-8269-3286-77' } }], 3],
    ['Hetzner, which has none', [{ dmi: { sys_vendor: 'Hetzner' } }], 1],
    ['nowhere', [{ isVirtual: true }], 10],
  ])('%s: %j takes %d looks', async (_name, facts, count) => {
    expect(await looks(facts)).toBe(count);
  });
});

test('endpoints stand for every network device, and for every gateway', () => {
  const rows = ['http://192.0.2.1', 'http://[fe80::1%link]', 'http://%gateway'];
  expect(expandEndpoints(rows, { links: ['eth0', 'eth1'], gateways: ['10.0.0.1'] })).toEqual([
    ...['http://192.0.2.1', 'http://[fe80::1%eth0]', 'http://[fe80::1%eth1]', 'http://10.0.0.1'],
  ]);
  expect(expandEndpoints(rows.slice(1), { links: [], gateways: [] })).toEqual([]);
});

test.each([
  ['http://[fe80::a9fe:a9fe%eth0.5]/a?b', { url: 'http://[fe80::a9fe:a9fe]/a?b', address: 'fe80::a9fe:a9fe%eth0.5' }],
  ['http://[fd00:ec2::254]/a', { url: 'http://[fd00:ec2::254]/a' }],
  ['http://169.254.169.254/a%20b', { url: 'http://169.254.169.254/a%20b' }],
])('the zone of %s', (url, parts) => {
  expect(splitZone(url)).toEqual(parts);
});

test('gateways in the kernel’s table of routes', () => {
  const table = `Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
eth0\t00000000\t010200C0\t0003\t0\t0\t100\t00000000\t0\t0\t0
eth0\t000200C0\t00000000\t0001\t0\t0\t100\t00FFFFFF\t0\t0\t0
tun0\t00000000\t00000000\t0001\t0\t0\t0\t00000000\t0\t0\t0
`;
  expect(defaultGateways(table)).toEqual(['192.0.2.1']);
  expect(defaultGateways('')).toEqual([]);
});

describe('Azure’s XML', () => {
  test.each([
    ['<a><HostName>web1</HostName></a>', 'web1'],
    ['<wa:HostName xmlns:wa="x"> web&amp;1 </wa:HostName>', 'web&1'],
    ['<HostName/>', undefined],
    ['<HostName></HostName>', undefined],
    ['<HostNames>x</HostNames>', undefined],
    ['<HostName>cut off', undefined],
    ['', undefined],
  ])('%s', (xml, text) => {
    expect(elementText(xml, 'HostName')).toBe(text);
  });

  test('of any bytes is read without harm', () => {
    expect(ovfEnvironment(undefined)).toEqual({ hasPassword: false });
    expect(ovfEnvironment(new Uint8Array([0xff, 0x3c, 0x00]))).toEqual({ hasPassword: false });
    expect(ovfEnvironment(bytes('<CustomData>YQ\n==</CustomData>'))).toEqual({
      hasPassword: false,
      customData: 'YQ==',
    });
  });
});

test.each([
  ['web1.', 'web1'],
  [`web1.${'x'.repeat(70)}.internal`, 'web1'],
  ['x'.repeat(70), 'x'.repeat(64)],
  ['', undefined],
])('the host name %s becomes %s', (hostname, name) => {
  expect(parsedSeed({ instanceId: 'i', hostname, raw: {} }).metaData.hostname).toBe(name);
});

/** What all services say together, with values of other kinds at some places. */
const whole = {
  ...{ id: 1, hostname: 'h', 'instance-id': 'i', uuid: 'u', droplet_id: 1, tags: ['AUTHORIZED_KEY=a'], region: {} },
  ...{ features: {}, dns: { nameservers: ['192.0.2.1'] }, metadata: { user_data: 'YQ==' }, location: {} },
  interfaces: { public: [{ mac: 'a', ipv4: { ip_address: '192.0.2.1', netmask: '255.0.0.0', gateway: 'x' } }] },
  network: { bonding: { mode: 4 }, interfaces: [{ mac: 'a', bond: 'bond0', ip_addresses: [{ network: '/' }] }] },
  'network-config': { config: [{ subnets: [{ address: 'x' }] }] },
  compute: { publicKeys: [{ keyData: 'x' }], osProfile: {} },
};

function shuffled(value: unknown): fc.Arbitrary<string> {
  const change = (one: unknown): fc.Arbitrary<unknown> => {
    const kept = Array.isArray(one)
      ? fc.tuple(...one.map(change))
      : typeof one === 'object' && one !== null
        ? fc.record(Object.fromEntries(Object.entries(one).map(([key, inner]) => [key, change(inner)])), {
            requiredKeys: [],
          })
        : fc.constant(one);
    return fc.oneof({ arbitrary: kept, weight: 6 }, { arbitrary: fc.jsonValue({ maxDepth: 2 }), weight: 1 });
  };
  return change(value).map((one) => JSON.stringify(one));
}

describe('whatever a metadata service says', () => {
  const nonsense = [
    '',
    '[]',
    '{',
    'null',
    '{"network":17}',
    '\0\xff',
    '{"interfaces":[{}],"network":{"interfaces":"x"}}',
  ];
  test.each(clouds.map((row) => [row.id, row] as const))('%s reads without harm', (_id, { parse }) => {
    const names = ['meta-data', 'instance', 'id', 'instance-id', 'attributes', 'meta_data.json', 'private-networks'];
    const read = (text: string): void => {
      const documents = new Map(names.map((name) => [name, bytes(text)]));
      expect(Array.isArray(parse(documents, noFacts).diagnostics)).toBe(true);
    };
    for (const text of nonsense) read(text);
    fc.assert(fc.property(shuffled(whole), read), { numRuns: 60, seed: 11 });
    expect(parse(new Map(), noFacts).diagnostics).toContainEqual(expect.objectContaining({ severity: 'error' }));
  });
});
