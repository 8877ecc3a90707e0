import { describe, expect, test } from '@jest/globals';
import { type NetworkFormat, parseNetworkDocument } from '../../../../src/config/network/network-document.ts';

function parse(text: string, format: NetworkFormat = 'cloud-init') {
  return parseNetworkDocument({ file: 'network-config', text, format });
}

const brief = (text: string, format: NetworkFormat = 'cloud-init'): string[] =>
  parse(text, format).diagnostics.map(
    ({ line, column, severity, code, path }) => `${line}:${column} ${severity} ${code} ${path}`,
  );

interface Row {
  readonly name: string;
  readonly text: string;
  readonly network: object;
  readonly diagnostics?: readonly string[];
}

const version2: readonly Row[] = [
  {
    name: 'a bare document',
    text: 'version: 2\nethernets: {eth0: {dhcp4: true, dhcp6: yes, accept-ra: false, mtu: 9000, optional: true}}',
    network: {
      version: 2,
      ethernets: { eth0: { dhcp4: true, dhcp6: true, acceptRa: false, mtu: 9000, optional: true } },
    },
  },
  {
    name: 'a document with netplan’s outer key',
    text: 'network: {version: 2, renderer: networkd, ethernets: {eth0: {dhcp4: true}}}',
    network: { version: 2, ethernets: { eth0: { dhcp4: true } } },
    diagnostics: ['1:23 warning unsupported network.renderer'],
  },
  {
    name: 'devices found by address, name and driver, and renamed',
    text: `version: 2
ethernets:
  lan: {match: {macaddress: "52-54-00-AA-BB-01"}, set-name: lan0, wakeonlan: true}
  wan: {match: {name: "enp*", driver: [virtio_net, "e1000*"]}}
  any: {match: {driver: igb}}`,
    network: {
      version: 2,
      ethernets: {
        lan: { match: { macAddress: '52:54:00:aa:bb:01' }, setName: 'lan0' },
        wan: { match: { name: 'enp*', drivers: ['virtio_net', 'e1000*'] } },
        any: { match: { drivers: ['igb'] } },
      },
    },
    diagnostics: ['3:67 warning unsupported ethernets.lan.wakeonlan'],
  },
  {
    name: 'addresses and routes in the form the kernel shows',
    text: `version: 2
ethernets:
  eth0:
    addresses: [192.0.2.10/24, "2001:DB8:0::10/64", {192.0.2.11/24: {label: "eth0:1"}}]
    gateway4: 192.0.2.1
    gateway6: 2001:db8::1
    routes:
      - {to: 198.51.100.7, via: 192.0.2.9, metric: 50, on-link: true, table: 100}
      - {to: 10.1.2.3/8, scope: link}
      - {to: default, via: "2001:db8::2"}
      - {to: 203.0.113.0/24, type: blackhole}
    nameservers: {addresses: [192.0.2.53], search: [example.test]}`,
    network: {
      version: 2,
      ethernets: {
        eth0: {
          addresses: ['192.0.2.10/24', '2001:db8::10/64', '192.0.2.11/24'],
          routes: [
            { to: '0.0.0.0/0', via: '192.0.2.1' },
            { to: '::/0', via: '2001:db8::1' },
            { to: '198.51.100.7/32', via: '192.0.2.9', metric: 50, onLink: true, table: 100 },
            { to: '10.0.0.0/8', scope: 'link' },
            { to: '::/0', via: '2001:db8::2' },
            { to: '203.0.113.0/24', type: 'blackhole' },
          ],
          nameservers: { addresses: ['192.0.2.53'], search: ['example.test'] },
        },
      },
    },
    diagnostics: [
      '4:70 warning unsupported ethernets.eth0.addresses[2]["192.0.2.11/24"].label',
      '9:14 warning invalid-value ethernets.eth0.routes[1].to',
    ],
  },
  {
    name: 'a bond, a VLAN and a bridge on each other',
    text: `version: 2
bonds:
  bond0:
    interfaces: [eth0, eth1]
    parameters:
      {mode: active-backup, mii-monitor-interval: 1s, primary: eth1, all-members-active: true, arp-ip-targets: [10.0.0.1, 10.0.0.2]}
vlans: {vlan7: {id: 7, link: bond0, macaddress: "02:00:00:00:00:07"}}
bridges: {br0: {interfaces: [vlan7], parameters: {stp: false, forward-delay: 4, priority: 0}}}`,
    network: {
      version: 2,
      bonds: {
        bond0: {
          interfaces: ['eth0', 'eth1'],
          parameters: {
            mode: 'active-backup',
            miimon: '1000',
            all_slaves_active: '1',
            arp_ip_target: '10.0.0.1,10.0.0.2',
          },
          primary: 'eth1',
        },
      },
      vlans: { vlan7: { id: 7, link: 'bond0', macAddress: '02:00:00:00:00:07' } },
      bridges: {
        br0: { interfaces: ['vlan7'], parameters: { stp_state: '0', forward_delay: '400', priority: '0' } },
      },
    },
  },
  {
    name: 'what an answer of DHCP is not used for',
    text: 'version: 2\nethernets: {eth0: {dhcp4: true, dhcp4-overrides: {use-dns: false, route-metric: 7, use-ntp: false}}}',
    network: {
      version: 2,
      ethernets: { eth0: { dhcp4: true, dhcp4Overrides: { useDns: false, routeMetric: 7 } } },
    },
    diagnostics: ['2:84 warning unsupported ethernets.eth0.dhcp4-overrides.use-ntp'],
  },
];

const version1: readonly Row[] = [
  {
    name: 'a device with DHCP, and one with a fixed address',
    text: `version: 1
config:
  - {type: physical, name: eth0, mac_address: "52:54:00:00:00:01", subnets: [{type: dhcp}, {type: ipv6_slaac}]}
  - type: physical
    name: eth1
    mtu: 1400
    subnets:
      - {type: static, address: 192.0.2.10, netmask: 255.255.255.0, gateway: 192.0.2.1, dns_nameservers: [192.0.2.53], dns_search: [a.test],
         routes: [{network: 10.0.0.0, netmask: 255.0.0.0, gateway: 192.0.2.9}]}
      - {type: static6, address: "2001:db8::10/64"}`,
    network: {
      version: 2,
      ethernets: {
        eth0: { dhcp4: true, acceptRa: true, match: { macAddress: '52:54:00:00:00:01' }, setName: 'eth0' },
        eth1: {
          addresses: ['192.0.2.10/24', '2001:db8::10/64'],
          routes: [
            { to: '0.0.0.0/0', via: '192.0.2.1' },
            { to: '10.0.0.0/8', via: '192.0.2.9' },
          ],
          nameservers: { addresses: ['192.0.2.53'], search: ['a.test'] },
          mtu: 1400,
        },
      },
    },
  },
  {
    name: 'a bond, a VLAN and a bridge',
    text: `version: 1
config:
  - {type: bond, name: bond0, bond_interfaces: [eth0, eth1], params: {bond-mode: 4, bond-miimon: 100, bond-lacp-rate: fast}}
  - {type: vlan, name: bond0.7, vlan_link: bond0, vlan_id: 7, subnets: [{type: dhcp6}]}
  - {type: bridge, name: br0, bridge_interfaces: [eth2], params: {bridge_stp: "off", bridge_fd: 0}}`,
    network: {
      version: 2,
      bonds: {
        bond0: { interfaces: ['eth0', 'eth1'], parameters: { mode: '802.3ad', miimon: '100', lacp_rate: 'fast' } },
      },
      vlans: { 'bond0.7': { dhcp6: true, id: 7, link: 'bond0' } },
      bridges: { br0: { interfaces: ['eth2'], parameters: { stp_state: '0', forward_delay: '0' } } },
    },
  },
  {
    name: "cloud-init's other spellings: underscores in a bond, a prefix and an MTU in a subnet",
    text: `version: 1
config:
  - type: bond
    id: bond0
    name: bond0
    bond_interfaces: [eth0]
    params: {bond-mode: 802.3ad, bond-lacp_rate: fast, bond-xmit_hash_policy: layer3+4, bond-use_carrier: 1}
    subnets: [{type: static, address: 192.0.2.10, prefix: 28, mtu: 1400}]`,
    network: {
      version: 2,
      bonds: {
        bond0: {
          addresses: ['192.0.2.10/28'],
          mtu: 1400,
          interfaces: ['eth0'],
          parameters: { mode: '802.3ad', lacp_rate: 'fast', xmit_hash_policy: 'layer3+4' },
        },
      },
    },
    diagnostics: ['4:5 warning unsupported config[0].id', '7:89 warning unsupported config[0].params.bond-use_carrier'],
  },
  {
    name: 'routes and name servers of the host go to a device',
    text: `version: 1
config:
  - {type: physical, name: eth0, subnets: [{type: dhcp4}]}
  - {type: physical, name: eth1, subnets: [{type: static, address: 10.1.0.2/16}]}
  - {type: nameserver, address: [192.0.2.53, 192.0.2.54], search: [a.test]}
  - {type: route, destination: 10.2.0.0/16, gateway: 10.1.0.1, metric: 3}
  - {type: loopback, name: lo}`,
    network: {
      version: 2,
      ethernets: {
        eth0: { dhcp4: true, nameservers: { addresses: ['192.0.2.53', '192.0.2.54'], search: ['a.test'] } },
        eth1: { addresses: ['10.1.0.2/16'], routes: [{ to: '10.2.0.0/16', via: '10.1.0.1', metric: 3 }] },
      },
    },
  },
];

describe.each([
  ['version 2', version2],
  ['version 1', version1],
])('network configuration, %s', (_title, rows) => {
  test.each(rows)('$name', ({ text, network, diagnostics = [] }) => {
    expect(parse(text).network).toEqual(network);
    expect(brief(text)).toEqual(diagnostics);
  });
});

test.each([
  ['no YAML', '{', ['1:2 error yaml-syntax ']],
  ['a list', '- a', ['1:1 error wrong-type ']],
  ['no version', 'ethernets: {}', ['1:1 error invalid-value ']],
  ['another version', 'version: 3', ['1:1 error invalid-value ']],
  ['a network that is off', 'config: disabled\nversion: 1', ['1:1 warning unsupported ']],
  [
    'an address without its prefix',
    'version: 2\nethernets: {a: {addresses: [10.0.0.1]}}',
    ['2:29 error invalid-value ethernets.a.addresses[0]'],
  ],
  ['an unknown key', 'version: 2\nethernets: {a: {dhcp5: true}}', ['2:17 warning unknown-key ethernets.a.dhcp5']],
  ['a VLAN out of range', 'version: 2\nvlans: {a: {id: 4095, link: b}}', ['2:17 error invalid-value vlans.a.id']],
  [
    'a name the kernel refuses',
    'version: 2\nbridges: {averyverylongname: {}}',
    ['2:11 error invalid-value bridges.averyverylongname'],
  ],
  ['an MTU out of range', 'version: 2\nethernets: {a: {mtu: 1}}', ['2:22 error invalid-value ethernets.a.mtu']],
  [
    'a bond mode that is none',
    'version: 2\nbonds: {b: {parameters: {mode: fast}}}',
    ['2:32 error invalid-value bonds.b.parameters.mode'],
  ],
  [
    'an IPv4 route over an IPv6 gateway',
    'version: 2\nethernets: {a: {routes: [{to: 10.0.0.0/8, via: "fd00::1"}]}}',
    ['2:26 error invalid-value ethernets.a.routes[0]'],
  ],
  ['a version 1 entry of no known type', 'version: 1\nconfig: [{type: wifi}]', ['2:10 error invalid-value config[0]']],
  [
    'a version 1 subnet of no known type',
    'version: 1\nconfig: [{type: physical, name: a, subnets: [{type: x}]}]',
    ['2:46 error invalid-value config[0].subnets[0]'],
  ],
  [
    'a mask that is none',
    'version: 1\nconfig: [{type: physical, name: a, subnets: [{type: static, address: 10.0.0.1, netmask: 255.0.255.0}]}]',
    ['2:46 error invalid-value config[0].subnets[0]'],
  ],
])('%s is reported at its place', (_name, text, diagnostics) => {
  expect(brief(text)).toEqual(diagnostics);
});

test.each([
  [
    'what DHCP gives is not set by hand',
    'version: 1\nconfig: [{type: physical, name: a, subnets: [{type: dhcp, address: 10.0.0.1, metric: 5}]}]',
    ['2:59 warning unsupported config[0].subnets[0].address', '2:78 warning unsupported config[0].subnets[0].metric'],
  ],
  [
    'a metric of no gateway',
    'version: 1\nconfig: [{type: physical, name: a, subnets: [{type: static, address: 10.0.0.1/8, metric: 5}]}]',
    ['2:82 warning unsupported config[0].subnets[0].metric'],
  ],
  [
    'two masks that differ',
    'version: 1\nconfig: [{type: physical, name: a, subnets: [{type: static, address: 10.0.0.1/8, netmask: 255.255.0.0}]}]',
    ['2:46 warning unsupported config[0].subnets[0]'],
  ],
  [
    'two targets, and a mask of the default route',
    'version: 1\nconfig: [{type: physical, name: a}, {type: route, destination: default, network: 10.0.0.0, netmask: 255.0.0.0, gateway: 10.0.0.1}]',
    ['2:73 warning unsupported config[1].network', '2:37 warning unsupported config[1]'],
  ],
  [
    'a device that is described twice',
    'version: 1\nconfig: [{type: physical, name: a, mtu: 1400}, {type: physical, name: a}]',
    ['2:10 warning duplicate-key config[0]'],
  ],
  [
    'what nobody tells a bond',
    'version: 1\nconfig: [{type: bond, name: a, bond_interfaces: [b], params: {bond-mode: 1, bond-lacp_rate: fast, bond-lacp-rate: slow, bond-slaves: c}}]',
    [
      '2:77 warning duplicate-key config[0].params.bond-lacp_rate',
      '2:121 warning unsupported config[0].params.bond-slaves',
    ],
  ],
  [
    'addresses of the loopback device',
    'version: 1\nconfig: [{type: loopback, name: lo, subnets: [{type: loopback}, {type: static, address: 10.0.0.1/32}]}]',
    ['2:65 warning unsupported config[0].subnets[1]'],
  ],
  [
    'options of an address that are none',
    'version: 2\nethernets: {a: {addresses: [{10.0.0.1/8: x}]}}',
    ['2:42 error wrong-type ethernets.a.addresses[0]["10.0.0.1/8"]'],
  ],
  [
    'overrides that contradict each other',
    'version: 2\nethernets: {a: {dhcp4-overrides: {use-mtu: false}, dhcp6-overrides: {use-mtu: true}}}',
    ['2:52 warning unsupported ethernets.a.dhcp6-overrides'],
  ],
])('%s: what is not applied is told', (_name, text, diagnostics) => {
  expect(brief(text)).toEqual(diagnostics);
});

test('what says nothing more needs no warning', () => {
  const text = `version: 1
config:
- {type: loopback, name: lo, subnets: [{type: loopback}]}
- {type: physical, name: eth0, mtu: null, subnets: [{type: static, address: 10.0.0.1/8, netmask: 255.0.0.0}]}
- {type: bond, name: b, bond_interfaces: [eth1], params: {bond_mode: 802.3ad, bond-xmit_hash_policy: layer2}}`;
  expect(brief(text)).toEqual([]);
  expect(parse(text).network).toMatchObject({
    ethernets: { eth0: { addresses: ['10.0.0.1/8'] } },
    bonds: { b: { parameters: { mode: '802.3ad', xmit_hash_policy: 'layer2' } } },
  });
});

test('nothing declared is nothing', () => {
  expect(parse('')).toEqual({ network: undefined, diagnostics: [] });
});

describe('network_data.json', () => {
  const data = {
    links: [
      { id: 'tap1', type: 'ovs', ethernet_mac_address: 'FA:16:3E:00:00:01', mtu: 1442, vif_id: 'x' },
      { id: 'tap2', type: 'phy', ethernet_mac_address: 'fa:16:3e:00:00:02', name: 'eth1', mtu: null },
      {
        id: 'bond',
        type: 'bond',
        bond_links: ['tap1', 'tap2'],
        bond_mode: '802.3ad',
        bond_miimon: 100,
        ethernet_mac_address: 'fa:16:3e:00:00:01',
      },
      { id: 'v7', type: 'vlan', vlan_link: 'bond', vlan_id: 7, vlan_mac_address: 'fa:16:3e:00:00:07' },
    ],
    networks: [
      { id: 'network0', link: 'tap1', type: 'ipv4_dhcp', network_id: 'x' },
      {
        link: 'v7',
        type: 'ipv4',
        ip_address: '10.0.0.5',
        netmask: '255.255.0.0',
        gateway: '10.0.0.1',
        routes: [
          { network: '0.0.0.0', netmask: '0.0.0.0', gateway: '10.0.0.2' },
          { network: '10.9.0.0', netmask: '255.255.0.0', gateway: '10.0.0.9' },
        ],
      },
      { link: 'v7', type: 'ipv6', ip_address: '2001:db8::5', netmask: 'ffff:ffff:ffff:ffff::', gateway: '2001:db8::1' },
    ],
    services: [{ type: 'dns', address: '10.0.0.53' }],
  };

  test('becomes version 2', () => {
    const { network, diagnostics } = parse(JSON.stringify(data), 'openstack');
    expect(network).toEqual({
      version: 2,
      ethernets: {
        tap1: {
          dhcp4: true,
          mtu: 1442,
          match: { macAddress: 'fa:16:3e:00:00:01' },
          nameservers: { addresses: ['10.0.0.53'], search: [] },
        },
        eth1: { match: { macAddress: 'fa:16:3e:00:00:02' }, setName: 'eth1' },
      },
      bonds: {
        bond: {
          macAddress: 'fa:16:3e:00:00:01',
          interfaces: ['tap1', 'eth1'],
          parameters: { mode: '802.3ad', miimon: '100' },
        },
      },
      vlans: {
        v7: {
          id: 7,
          link: 'bond',
          macAddress: 'fa:16:3e:00:00:07',
          addresses: ['10.0.0.5/16', '2001:db8::5/64'],
          routes: [
            { to: '0.0.0.0/0', via: '10.0.0.1' },
            { to: '0.0.0.0/0', via: '10.0.0.2' },
            { to: '10.9.0.0/16', via: '10.0.0.9' },
            { to: '::/0', via: '2001:db8::1' },
          ],
        },
      },
    });
    expect(diagnostics.filter(({ code }) => code !== 'unsupported')).toEqual([]);
  });

  test('a network on no link is reported', () => {
    const text = '{"links": [], "networks": [{"link": "x", "type": "ipv4_dhcp"}]}';
    expect(brief(text, 'openstack')).toEqual([
      '1:37 error unknown-reference networks[0].link',
      '1:11 warning empty links',
    ]);
  });

  test('what should be indented below an empty "network" is told so', () => {
    const { diagnostics } = parse('network:\nethernets: {}\nversion: 2\n');
    expect(diagnostics.filter(({ code }) => code === 'unknown-key').map(({ hint }) => hint)).toEqual([
      'indent it, so that it stands below "network"',
      'indent it, so that it stands below "network"',
    ]);
  });
});
