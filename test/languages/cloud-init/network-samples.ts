import { type Plain, pick, type Random } from './samples.ts';

const addresses4 = ['192.0.2.10', '192.0.2.11', '198.51.100.7'];
const addresses = [...addresses4, '2001:db8::5'];
const networks = ['10.0.0.0/8', '198.51.100.0/24', '2001:db8:1::/48'];
const devices = ['eth0', 'eth1', 'eth2', 'enp3s0', 'lan', 'wan0'];

/** Values as people write them, by the key that they stand under. */
const values: Readonly<Record<string, readonly Plain[]>> = {
  address: [...addresses, '192.0.2.12/24', '2001:db8::9/64'],
  addresses: ['192.0.2.12/24', '198.51.100.1/25', '2001:db8::9/64'],
  netmask: ['255.255.255.0', '24', '255.0.0.0'],
  gateway: addresses,
  gateway4: addresses4,
  gateway6: ['2001:db8::1', 'fe80::1'],
  broadcast: ['192.0.2.255'],
  mac_address: ['52:54:00:00:00:01', '52-54-00-AA-BB-02'],
  macaddress: ['52:54:00:00:00:01', '52:54:00:00:00:03'],
  network: ['10.0.0.0', '10.1.0.0/16', 'default'],
  destination: [...networks, '10.0.0.0', 'default'],
  to: [...networks, 'default', '198.51.100.9'],
  via: addresses,
  dns_nameservers: addresses,
  dns_search: ['a.example', 'b.example'],
  search: ['a.example', 'b.example'],
  name: devices,
  'set-name': devices,
  interface: devices,
  interfaces: devices,
  bond_interfaces: devices,
  bridge_interfaces: devices,
  link: devices,
  vlan_link: devices,
  'bond-primary': devices,
  vlan_id: [7, 100, 4094],
  id: [7, 100, 4094],
  mtu: [1280, 1500, 9000],
  driver: ['virtio_net', 'e1000*'],
  'mii-monitor-interval': ['100', '100ms', '1s'],
  'arp-ip-targets': ['192.0.2.1', '192.0.2.2'],
  'bond-arp_ip_target': ['192.0.2.1', '192.0.2.1,192.0.2.2'],
  'bond-lacp_rate': ['slow', 'fast'],
  'bond-xmit_hash_policy': ['layer2', 'layer3+4'],
  'bond-ad_select': ['stable', 'count'],
};

/** Keys of netplan that cloud-init's schema does not look at. */
const moreKeys: readonly (readonly [key: string, value: Plain])[] = [
  ['accept-ra', false],
  ['macaddress', '52:54:00:00:00:09'],
  ['routes', [{ to: 'default', via: '192.0.2.1', table: 100, 'on-link': true, from: '192.0.2.10', mtu: 1400 }]],
  ['routes', [{ to: '203.0.113.0/24', type: 'blackhole', scope: 'link', 'congestion-window': 10 }]],
  ['addresses', [{ '192.0.2.77/24': { label: 'eth0:1', lifetime: 0 } }]],
  ['dhcp4-overrides', { 'use-dns': false, 'route-metric': 300, hostname: 'web1' }],
  ['dhcp6-overrides', { 'use-dns': false, 'use-routes': false }],
  ['link-local', ['ipv6']],
  ['critical', true],
  ['dhcp-identifier', 'mac'],
  ['ipv6-privacy', true],
  ['routing-policy', [{ from: '192.0.2.0/24', table: 100 }]],
  ['optional-addresses', ['ipv4-ll']],
  ['activation-mode', 'manual'],
  ['nonsense', [1, { a: 'b' }]],
];

/** The document with values that mean something in the place of texts that were made up. */
export function realistic(document: Plain, random: Random, key = ''): Plain {
  if (Array.isArray(document)) return document.map((item) => realistic(item, random, key));
  if (typeof document !== 'object' || document === null) {
    const known = Object.hasOwn(values, key) ? values[key] : undefined;
    return known !== undefined && typeof document !== 'boolean' && random() < 0.9 ? pick(random, known) : document;
  }
  const entries = Object.entries(document).map(([name, value]): [string, Plain] => {
    const inner = realistic(value, random, name);
    return [name, deviceKinds.has(key) && random() < 0.7 ? withMore(inner, random) : inner];
  });
  return Object.fromEntries(entries);
}

const deviceKinds: ReadonlySet<string> = new Set(['ethernets', 'bonds', 'vlans', 'bridges']);

function withMore(device: Plain, random: Random): Plain {
  if (typeof device !== 'object' || device === null || Array.isArray(device)) return device;
  const added = Array.from({ length: 2 }, () => pick(random, moreKeys));
  return { ...device, ...(structuredClone(Object.fromEntries(added)) as Record<string, Plain>) };
}
