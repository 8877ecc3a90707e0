import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type {
  BondConfig,
  BridgeConfig,
  DeviceConfig,
  EthernetConfig,
  NetworkConfig,
  RouteConfig,
  VlanConfig,
} from '../../../../src/config/network/network-config.ts';
import type { ObservedLink } from '../../../../src/host/network/observed.ts';
import { FakeNetwork, hardware } from '../../../fakes/fake-network.ts';

const macs = ['02:00:00:00:00:00', '02:00:00:00:00:01', '02:00:00:00:00:02', '02:00:00:00:00:03'] as const;
const eth = (number: 0 | 1 | 2 | 3, more: Partial<ObservedLink> = {}): ObservedLink =>
  hardware(`eth${number}`, macs[number], more);
const container = hardware('veth1234', '02:00:00:00:00:fe', { kind: 'veth', isUp: true });
const bridge = hardware('docker0', '02:00:00:00:00:fd', { kind: 'bridge', isUp: true });

interface Row {
  readonly name: string;
  readonly links: readonly ObservedLink[];
  readonly network: NetworkConfig | undefined;
  readonly steps: readonly string[];
  readonly waiting?: readonly string[];
}

const rows: readonly Row[] = [
  {
    name: 'nothing declared: DHCP on the hardware, not on what containers have',
    links: [eth(0), eth(1), container, bridge],
    network: undefined,
    steps: ['bring-up:eth0', 'bring-up:eth1', 'start-dhcp:dhcp', 'write-resolv-conf:resolver'],
  },
  {
    name: 'nothing declared and nothing there',
    links: [],
    network: undefined,
    steps: ['write-resolv-conf:resolver'],
    waiting: ['network: there is no Ethernet device'],
  },
  {
    name: 'a device by its name; the others are left alone',
    links: [eth(0), eth(1)],
    network: {
      version: 2,
      ethernets: {
        eth1: {
          addresses: ['10.0.0.2/24'],
          mtu: 1400,
          acceptRa: false,
          routes: [{ to: '0.0.0.0/0', via: '10.0.0.1' }],
        },
      },
    },
    steps: [
      'set-mtu:eth1',
      'refuse-ra:eth1',
      'bring-up:eth1',
      'add-address:eth1:10.0.0.2/24',
      'set-route:eth1:0.0.0.0/0 via 10.0.0.1',
      'write-resolv-conf:resolver',
    ],
  },
  {
    name: 'a pattern takes every hardware that fits, an exact entry goes before it',
    links: [eth(0), eth(1), eth(2), hardware('enp1s0', '02:00:00:00:00:09', { driver: 'virtio_net' }), container],
    network: {
      version: 2,
      ethernets: {
        all: { match: { name: '*' }, mtu: 9000 },
        first: { match: { macAddress: macs[1] }, mtu: 1400 },
        driver: { match: { drivers: ['virtio*'] }, mtu: 1300 },
      },
    },
    steps: [
      ...[
        'set-mtu:eth1',
        'bring-up:eth1',
        'set-mtu:eth0',
        'bring-up:eth0',
        'set-mtu:eth2',
        'bring-up:eth2',
        'set-mtu:enp1s0',
        'bring-up:enp1s0',
      ],
      'write-resolv-conf:resolver',
    ],
    waiting: ['network.ethernets.driver: no device has the driver virtio*'],
  },
  {
    name: 'a member of a bond is found by the address of its hardware',
    links: [eth(0, { macAddress: macs[1], permanentMac: macs[0], kind: undefined as never }), eth(1)],
    network: { version: 2, ethernets: { lan: { match: { macAddress: macs[0] }, mtu: 9000 } } },
    steps: ['set-mtu:eth0', 'bring-up:eth0', 'write-resolv-conf:resolver'],
  },
  {
    name: 'two devices that swap their names',
    links: [eth(0, { isUp: true }), eth(1, { isUp: true })],
    network: {
      version: 2,
      ethernets: {
        a: { match: { macAddress: macs[1] }, setName: 'eth0' },
        b: { match: { macAddress: macs[0] }, setName: 'eth1' },
      },
    },
    steps: [
      'rename-link:net0',
      'rename-link:eth0',
      'rename-link:eth1',
      'bring-up:eth0',
      'bring-up:eth1',
      'write-resolv-conf:resolver',
    ],
  },
  {
    name: 'a bond, a VLAN on it, and a bridge on that, in the order in which they stand on each other',
    links: [eth(0), eth(1, { isUp: true })],
    network: {
      version: 2,
      bridges: { br0: { interfaces: ['vlan7'], parameters: {}, dhcp4: true } },
      vlans: { vlan8: { id: 8, link: 'br0' }, vlan7: { id: 7, link: 'bond0' } },
      bonds: { bond0: { interfaces: ['lan', 'eth1', 'eth9'], parameters: { mode: 'active-backup' }, primary: 'lan' } },
      ethernets: { lan: { match: { macAddress: macs[0] }, setName: 'lan0', dhcp4: true } },
    },
    steps: [
      ...['rename-link:lan0', 'create-link:bond0', 'create-link:br0', 'create-link:vlan8', 'create-link:vlan7'],
      ...['join-link:lan0', 'join-link:eth1', 'set-primary:bond0', 'join-link:vlan7'],
      ...['bring-up:bond0', 'bring-up:br0', 'bring-up:vlan8', 'start-dhcp:dhcp', 'write-resolv-conf:resolver'],
    ],
  },
  {
    name: 'a VLAN whose device is not there waits, and so does what stands on it',
    links: [eth(0)],
    network: { version: 2, vlans: { vlan7: { id: 7, link: 'eth9' }, vlan8: { id: 8, link: 'vlan7', optional: true } } },
    steps: ['write-resolv-conf:resolver'],
    waiting: ['network.vlans.vlan7: there is no device eth9', 'network.vlans.vlan8: there is no device vlan7'],
  },
  {
    name: 'VLANs that stand on each other in a ring wait for ever, and nothing hangs',
    links: [eth(0)],
    network: { version: 2, vlans: { a: { id: 1, link: 'b' }, b: { id: 2, link: 'a' } } },
    steps: ['write-resolv-conf:resolver'],
    waiting: ['network.vlans.a: there is no device b', 'network.vlans.b: there is no device a'],
  },
];

describe('the plan of', () => {
  test.each(rows)('$name', ({ links, network, steps, waiting = [] }) => {
    const host = new FakeNetwork(links);
    expect(host.plan(network).waiting.map(({ key, why }) => `${key}: ${why}`)).toEqual(waiting);
    expect(host.converge(network)).toEqual(steps);
    expect(host.converge(network)).toEqual([]);
  });
});

test.each([
  [
    'a device in two bridges',
    { bridges: { br0: { interfaces: ['eth0'], parameters: {} }, br1: { interfaces: ['eth0'], parameters: {} } } },
    "network.bridges.br1: eth0 is br0's already",
  ],
  [
    'one route over two devices',
    {
      ethernets: {
        eth0: { routes: [{ to: '0.0.0.0/0', via: '10.0.0.1' }] },
        eth1: { routes: [{ to: '0.0.0.0/0', via: '10.1.0.1' }] },
      },
    },
    "network.ethernets.eth1: the route to 0.0.0.0/0 is eth0's already",
  ],
  [
    'one name for two devices',
    {
      ethernets: {
        a: { match: { macAddress: macs[0] }, setName: 'lan0' },
        b: { match: { macAddress: macs[1] }, setName: 'lan0' },
      },
    },
    'network.ethernets.b: the name lan0 is that of the entry a',
  ],
])('%s: the first has it, the second says why it has not, and nothing swings', (_name, parts, why) => {
  const host = new FakeNetwork([eth(0), eth(1)]);
  const network: NetworkConfig = { version: 2, ...parts };
  host.converge(network);
  expect(host.plan(network)).toMatchObject({ steps: [] });
  expect(host.plan(network).waiting.map(({ key, why: reason }) => `${key}: ${reason}`)).toEqual([why]);
});

describe('a change of the config', () => {
  test('takes away what Berth made and is not declared any more, and nothing else', () => {
    const foreign = { address: '10.0.0.77/24', scope: 'global', isOurs: false, isTentative: false };
    const host = new FakeNetwork([eth(0, { addresses: [foreign] }), bridge], {
      routes: [
        {
          to: '10.9.0.0/16',
          via: '10.0.0.77',
          link: 'eth0',
          table: 254,
          onLink: false,
          type: 'unicast',
          isOurs: false,
        },
      ],
    });
    host.converge({
      version: 2,
      ethernets: { eth0: { addresses: ['10.0.0.2/24'], routes: [{ to: '10.1.0.0/16', via: '10.0.0.1' }] } },
      vlans: { vlan7: { id: 7, link: 'eth0', dhcp4: true } },
    });
    const steps = host.converge({ version: 2, ethernets: { eth0: {} } });
    expect(steps).toEqual([
      'delete-link:vlan7',
      'remove-route:eth0:10.1.0.0/16 via 10.0.0.1',
      'remove-address:eth0:10.0.0.2/24',
      'stop-dhcp:dhcp',
    ]);
    expect(host.link('eth0').addresses).toEqual([foreign]);
    expect(host.observed.routes).toHaveLength(1);
    expect(host.observed.links.map(({ name }) => name)).toEqual(['eth0', 'docker0']);
  });

  test('makes a device anew whose settings cannot be changed', () => {
    const host = new FakeNetwork([eth(0)]);
    const bond = (mode: string): NetworkConfig => ({
      version: 2,
      bonds: { bond0: { interfaces: ['eth0'], parameters: { mode }, addresses: ['10.0.0.2/24'] } },
    });
    host.converge(bond('active-backup'));
    expect(host.converge(bond('802.3ad'))).toEqual([
      'delete-link:bond0',
      'create-link:bond0',
      'join-link:eth0',
      'bring-up:bond0',
      'add-address:bond0:10.0.0.2/24',
    ]);
  });

  test('leaves a device alone that has the declared name and is not Berth’s', () => {
    const host = new FakeNetwork([eth(0), { ...bridge, name: 'br0' }]);
    expect(host.converge({ version: 2, bridges: { br0: { interfaces: ['eth0'], parameters: {} } } })).toEqual([
      'join-link:eth0',
      'write-resolv-conf:resolver',
    ]);
    expect(host.converge({ version: 2 })).toEqual([]);
  });

  test('takes a device out of a bond that it does not name any more, and leaves a container’s in a bridge', () => {
    const host = new FakeNetwork([eth(0), eth(1), container]);
    host.converge({ version: 2, bridges: { br0: { interfaces: ['eth0', 'eth1', 'veth1234'], parameters: {} } } });
    expect(host.converge({ version: 2, bridges: { br0: { interfaces: ['eth0'], parameters: {} } } })).toEqual([
      'leave-link:eth1',
    ]);
  });

  test('gives the DHCP client new settings and names the devices that it lets go', () => {
    const host = new FakeNetwork([eth(0), eth(1)]);
    host.converge({ version: 2, ethernets: { eth0: { dhcp4: true }, eth1: { dhcp4: true } } });
    expect(host.plan({ version: 2, ethernets: { eth0: { dhcp4: true }, eth1: {} } }).steps).toMatchObject([
      { kind: 'reload-dhcp', release: ['eth1'], rebind: [], subject: 'network/dhcp', cost: 'live', after: [] },
    ]);
    expect(host.plan({ version: 2, ethernets: { eth0: {}, eth1: {} } }).steps).toMatchObject([
      { kind: 'stop-dhcp', release: ['eth0', 'eth1'] },
    ]);
  });
});

describe('any config on any host', () => {
  const octet = fc.integer({ min: 1, max: 5 });
  const route: fc.Arbitrary<RouteConfig> = fc.oneof(
    octet.map((number): RouteConfig => ({ to: `10.${number}.0.0/16`, via: '10.0.0.1' })),
    fc.integer({ min: 1, max: 3 }).map((metric): RouteConfig => ({ to: '0.0.0.0/0', via: '10.0.0.1', metric })),
    octet.map((number): RouteConfig => ({ to: `fd0${number}::/64`, via: 'fd00::1', onLink: true })),
    octet.map((number): RouteConfig => ({ to: `10.${number}.1.0/24`, type: 'blackhole', table: 100 + number })),
  );
  const addresses = fc.uniqueArray(
    fc.oneof(
      octet.map((number) => `10.0.0.${number}/24`),
      octet.map((number) => `fd00::${number}/64`),
    ),
    { maxLength: 3 },
  );
  const device: fc.Arbitrary<DeviceConfig> = fc.record(
    {
      dhcp4: fc.boolean(),
      dhcp6: fc.boolean(),
      acceptRa: fc.boolean(),
      mtu: fc.constantFrom(1400, 1500, 9000),
      addresses,
      routes: fc.uniqueArray(route, { maxLength: 3, selector: ({ to, metric, table }) => `${to} ${metric} ${table}` }),
    },
    { requiredKeys: [] },
  );
  const member = fc.constantFrom('a', 'b', 'eth0', 'eth1', 'eth2', 'eth9', 'vlan1');
  const ethernet: fc.Arbitrary<EthernetConfig> = fc
    .tuple(device, fc.option(fc.constantFrom(...macs)), fc.option(fc.constantFrom('eth0', 'eth1', 'lan0')))
    .map(([config, macAddress, setName]) => ({
      ...config,
      ...(macAddress === null ? {} : { match: { macAddress }, ...(setName === null ? {} : { setName }) }),
    }));
  const bond: fc.Arbitrary<BondConfig> = fc
    .tuple(device, fc.constantFrom('active-backup', '802.3ad'))
    .map(([config, mode]) => ({ ...config, interfaces: ['eth3'], parameters: { mode } }));
  const vlan: fc.Arbitrary<VlanConfig> = fc
    .tuple(device, member, octet)
    .map(([config, link, id]) => ({ ...config, link, id }));
  const aBridge: fc.Arbitrary<BridgeConfig> = fc
    .tuple(device, fc.constantFrom('eth9', 'b', 'eth2'))
    .map(([config, name]) => ({ ...config, interfaces: [name], parameters: {} }));
  const network: fc.Arbitrary<NetworkConfig | undefined> = fc.option(
    fc.record(
      {
        version: fc.constant(2 as const),
        ethernets: fc.dictionary(fc.constantFrom('a', 'b', 'eth0', 'eth1'), ethernet, { maxKeys: 3 }),
        bonds: fc.dictionary(fc.constantFrom('bond0'), bond, { maxKeys: 1 }),
        vlans: fc.dictionary(fc.constantFrom('vlan1', 'vlan2'), vlan, { maxKeys: 2 }),
        bridges: fc.dictionary(fc.constantFrom('br0'), aBridge, { maxKeys: 1 }),
      },
      { requiredKeys: ['version'] },
    ),
    { nil: undefined },
  );
  const links = fc.subarray([eth(0), eth(1, { isUp: true }), eth(2), eth(3), container, bridge]);

  test('is reached, from whatever was declared before, and then nothing is left to do', () => {
    fc.assert(
      fc.property(links, network, network, (there, before, after) => {
        const host = new FakeNetwork(there);
        host.converge(before);
        host.converge(after);
        // A device that was renamed, made or removed may let another entry find its device.
        host.converge(after);
        expect(host.converge(after)).toEqual([]);
        for (const { name, kind } of [container, bridge].filter((link) => there.includes(link)))
          expect(host.link(name).kind).toBe(kind);
      }),
      { numRuns: 1000, seed: 9 },
    );
  });
});
