import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { afterAll, expect, test } from '@jest/globals';
import type { VmNic } from '../../image/vm/vm-spec.ts';
import type { HostStatus } from '../../src/agent/model.ts';
import { isSoak } from '../support/soak.ts';
import { helloService } from './support/hello-service.ts';
import { SoakRuns, sampled } from './support/sample.ts';
import type { SerialShell } from './support/serial-shell.ts';
import { testLimitMs, withVm } from './support/test-vm.ts';

/** How long DHCP does not answer. */
const silenceMs = isSoak ? 600_000 : 60_000;

const mac = (number: number): string => `52:54:00:be:00:0${number}`;
/** The config has no word about the last one: the test puts it into a namespace of its own, as somebody else. */
const nics: readonly VmNic[] = [
  { model: 'virtio', macAddress: mac(0) },
  { model: 'virtio', macAddress: mac(1) },
  { model: 'virtio', macAddress: mac(2) },
  { model: 'virtio', macAddress: mac(3) },
  { model: 'vmxnet3', macAddress: mac(4) },
  { model: 'virtio', macAddress: mac(5) },
];

const networkConfig = `version: 2
ethernets:
  uplink: {match: {macaddress: "${mac(0)}"}, set-name: uplink, dhcp4: true, dhcp6: true}
  one: {match: {macaddress: "${mac(1)}"}, set-name: one}
  two: {match: {macaddress: "${mac(2)}"}, set-name: two}
  fixed:
    match: {macaddress: "${mac(3)}"}
    set-name: fixed
    accept-ra: false
    addresses: [192.168.66.10/24, "fd66::10/64"]
    routes:
    - {to: 10.66.0.0/16, via: 192.168.66.1, metric: 50}
    - {to: "fd67::/64", via: "fd66::1"}
    nameservers: {addresses: [192.168.66.53], search: [lan.test, test]}
  port: {match: {driver: "vmxnet*"}, set-name: port}
bonds:
  bond0:
    interfaces: [one, two]
    parameters: {mode: active-backup, primary: one, mii-monitor-interval: 100}
vlans:
  bond0.10: {id: 10, link: bond0, addresses: [172.16.10.1/24]}
bridges:
  br-lan: {interfaces: [port], addresses: [192.168.67.1/24], accept-ra: false, parameters: {stp: false, forward-delay: 0}}
`;

/** In words of version 1: the bond, the VLAN and the bridge go. */
const later = `network:
  version: 1
  config:
  - {type: physical, name: uplink, mac_address: "${mac(0)}", subnets: [{type: dhcp4}]}
  - type: physical
    name: wire
    mac_address: "${mac(1)}"
    subnets: [{type: static, address: 192.168.68.10/24, dns_nameservers: [192.168.68.53], dns_search: [later.test]}]
  - {type: vlan, name: wire.20, vlan_link: wire, vlan_id: 20, subnets: [{type: static, address: 172.16.20.1/24}]}
`;

const host = (hostname: string): string => `#cloud-config
hostname: ${hostname}
berth:
  enable: [console]
  # A device answers for its own addresses only: what is reached is reached through it.
  sysctl: {net.ipv4.conf.all.arp_ignore: "1"}
  services:
    ${helloService}
`;

const isReady = ({ state, machine }: HostStatus): boolean => state === 'healthy' && machine?.network?.ready === true;

test(
  'devices are found, bonded, tagged and bridged, have addresses and routes of both families, and change without a boot',
  async () => {
    const network = { kind: 'user', forwards: [], nics, ipv6Network: 'fd00:be::/64' } as const;
    await withVm({ userData: host('networked'), networkConfig, network }, async (vm) => {
      await vm.start();
      const status = await vm.status('a network', isReady);
      expect(status.machine?.problems).toEqual([]);
      const shell = await vm.shell();
      // The serial port is a terminal, on which it would use colours.
      await shell.output('ip() { command ip -color=never "$@"; }');
      expect(await devices(shell)).toEqual(declaredDevices);
      expect(await resolver(shell)).toEqual(
        expect.arrayContaining(['nameserver 192.168.66.53', 'nameserver 10.0.2.3']),
      );
      expect((await resolver(shell))[0]).toBe('search lan.test test');
      expect(await shell.output('ip -4 route show proto 66; ip -6 route show proto 66')).toBe(declaredRoutes);
      // By DHCP, and by router advertisement.
      expect(await shell.output('ip -br -4 address show dev uplink')).toMatch(/ 10\.0\.2\.15\/24/);
      await vm.until('an address by router advertisement', async () =>
        / fd00:be::\S+\//.test(await shell.output('ip -br -6 address show dev uplink scope global')),
      );
      expect(await shell.output('ip -6 route show default')).toMatch(/^default via fe80::2 dev uplink /);
      await dhcpHasNoRights(shell);

      await connectNeighbour(shell);
      for (const url of neighbourUrls) expect([url, await fetchAsNeighbour(shell, url)]).toEqual([url, 'hello']);
      // The bond goes on with its other member, and back to the one it prefers.
      const active = async (): Promise<string> => shell.output('cat /sys/class/net/bond0/bonding/active_slave');
      expect(await active()).toBe('one');
      await vm.monitor('set_link', { name: 'nic-1', up: false });
      await vm.until('the other member', async () => (await active()) === 'two');
      expect(await fetchAsNeighbour(shell, 'http://172.16.10.1:8080/')).toBe('hello');
      await vm.monitor('set_link', { name: 'nic-1', up: true });
      await vm.until('the preferred member', async () => (await active()) === 'one');

      const client = await vm.client();
      const files = [{ file: 'later.yaml', text: `${host('networked')}${later}` }];
      expect((await client.plan({ files })).diagnostics).toEqual([]);
      const options = { who: 'test', command: 'apply', timeoutMs: 60_000, wait: true };
      await client.apply({ files }, options, () => undefined);
      await vm.until('the other network', async () => (await shell.run('ip link show wire.20')).exitCode === 0);
      const next = await vm.status('a network', (now) => isReady(now) && now.generation === 2);
      expect(next.machine?.problems).toEqual([]);
      const isThere = async (): Promise<boolean> => isDeepStrictEqual(await devices(shell), laterDevices);
      await vm.until('the other devices', isThere, 60_000).catch(() => undefined);
      expect(await devices(shell)).toEqual(laterDevices);
      expect(await resolver(shell)).toEqual(['search later.test', 'nameserver 192.168.68.53', 'nameserver 10.0.2.3']);
    });
  },
  testLimitMs,
);

/** Who is silent at first, and what the network is known by then. */
const families = [
  { name: 'DHCP', networkConfig: 'version: 2\nethernets: {eth0: {dhcp4: true}}\n', address: /^10\.0\.2\.15\/24$/ },
  {
    name: 'an IPv6 router',
    networkConfig: 'version: 2\nethernets: {eth0: {accept-ra: true, nameservers: {addresses: ["fd00:be::3"]}}}\n',
    address: /^fd00:be::[0-9a-f:]+\/64$/,
  },
] as const;

const chosen = sampled(families, 1);
const runs = new SoakRuns('a network that answers after ten minutes');
afterAll(async () => runs.note());

test.each(chosen)(
  'a host is whole without $name, and has its network when that answers at last',
  async ({ networkConfig, address }) => {
    runs.begin();
    const network = { kind: 'user', forwards: [], nics: nics.slice(0, 1), ipv6Network: 'fd00:be::/64' } as const;
    await withVm({ userData: host('patient'), networkConfig, network }, async (vm) => {
      await vm.start();
      // The hub goes on without the NAT: the device has a carrier, and nobody answers.
      await vm.monitor('set_link', { name: 'net', up: false });
      const shell = await vm.shell();
      const alone = await vm.statusInside('services without a network', ({ state, machine, services }) => {
        const states = services.map((service) => `${service.name} ${service.state}`);
        return state === 'healthy' && machine?.network != null && states.join() === 'console healthy,hello running';
      });
      expect(alone).toMatchObject({ generation: 1, machine: { network: { ready: false }, problems: [] } });
      const bootId = await shell.output('cat /proc/sys/kernel/random/boot_id');

      await sleep(silenceMs);
      const silent = await vm.statusInside('a status', () => true);
      expect(silent).toMatchObject({ state: 'healthy', machine: { network: { ready: false } } });
      expect(silent.machine?.network?.detail).toMatch(/^no address on eth0; no default route/);

      await vm.monitor('set_link', { name: 'net', up: true });
      const ready = await vm.statusInside('a network', isReady);
      expect(ready).toMatchObject({ generation: 1, machine: { problems: [] } });
      expect(ready.machine?.network?.links).toEqual([
        { name: 'eth0', addresses: expect.arrayContaining([expect.stringMatching(address)]) },
      ]);
      expect(ready.services.map(({ name, state, restarts }) => [name, state, restarts])).toEqual([
        ['console', 'healthy', 0],
        ['hello', 'running', 0],
      ]);
      expect(await shell.output('cat /proc/sys/kernel/random/boot_id')).toBe(bootId);
    });
    runs.succeed();
  },
  testLimitMs + silenceMs,
);

/** What there is of a device that the config made or found. */
interface Device {
  /** The driver of hardware, else the kind of what the kernel made. */
  readonly kind: string;
  readonly master?: string;
  /** Those that Berth gave it. */
  readonly addresses?: readonly string[];
}

const declaredDevices: Readonly<Record<string, Device>> = {
  uplink: { kind: 'virtio_net' },
  one: { kind: 'virtio_net', master: 'bond0' },
  two: { kind: 'virtio_net', master: 'bond0' },
  fixed: { kind: 'virtio_net', addresses: ['192.168.66.10/24', 'fd66::10/64'] },
  port: { kind: 'vmxnet3', master: 'br-lan' },
  bond0: { kind: 'bond' },
  'bond0.10': { kind: 'vlan', addresses: ['172.16.10.1/24'] },
  'br-lan': { kind: 'bridge', addresses: ['192.168.67.1/24'] },
  eth5: { kind: 'virtio_net' },
};
const laterDevices: Readonly<Record<string, Device>> = {
  uplink: { kind: 'virtio_net' },
  two: { kind: 'virtio_net' },
  fixed: { kind: 'virtio_net' },
  port: { kind: 'vmxnet3' },
  wire: { kind: 'virtio_net', addresses: ['192.168.68.10/24'] },
  'wire.20': { kind: 'vlan', addresses: ['172.16.20.1/24'] },
};

interface IpLink {
  readonly ifname: string;
  readonly master?: string;
  readonly linkinfo?: { readonly info_kind?: string };
  readonly addr_info: readonly {
    readonly local: string;
    readonly prefixlen: number;
    readonly protocol?: string | number;
  }[];
}

/** Devices of the host's namespace by name, but the loopback and what the engines have. */
async function devices(shell: SerialShell): Promise<Record<string, Device>> {
  const links = JSON.parse(await shell.output('ip -json -details address show')) as IpLink[];
  const found: Record<string, Device> = {};
  for (const { ifname, master, linkinfo, addr_info: entries } of links) {
    if (ifname === 'lo' || /^(berth|docker)\d$/.test(ifname)) continue;
    const driver = (await shell.run(`basename $(readlink /sys/class/net/${ifname}/device/driver)`)).output.trim();
    const addresses = entries.flatMap(({ local, prefixlen, protocol }) =>
      Number(protocol) === 66 ? `${local}/${prefixlen}` : [],
    );
    found[ifname] = {
      kind: linkinfo?.info_kind ?? driver,
      ...(master === undefined ? {} : { master }),
      ...(addresses.length === 0 ? {} : { addresses }),
    };
  }
  return found;
}

async function resolver(shell: SerialShell): Promise<string[]> {
  return (await shell.output('grep -v "^#" /etc/resolv.conf')).split('\n');
}

const declaredRoutes = [
  '10.66.0.0/16 via 192.168.66.1 dev fixed metric 50 ',
  'fd67::/64 via fd66::1 dev fixed metric 1024 pref medium',
].join('\n');

/** What speaks with the network is a user of its own, without any right. */
async function dhcpHasNoRights(shell: SerialShell): Promise<void> {
  const found = await shell.output(
    `for p in $(pidof dhcpcd); do sed -n 's/^Uid:\\t\\([0-9]*\\).*/\\1/p; s/^CapEff:\\t//p' /proc/$p/status | xargs echo $(readlink /proc/$p/root); done | sort -u`,
  );
  const [proxy, ...others] = found.split('\n');
  // One process may do what it is asked to: set addresses, write files.
  expect(proxy).toMatch(/^\/ 0 [0-9a-f]{16}$/);
  expect(others).toEqual(['/usr/lib/dhcpcd 100 0000000000000000']);
}

const neighbourUrls = ['172.16.10.1', '192.168.66.10', '[fd66::10]', '192.168.67.1'].map(
  (host) => `http://${host}:8080/`,
);

/** Makes the device that is left over another machine on the same network, with the VLAN. */
async function connectNeighbour(shell: SerialShell): Promise<void> {
  const name = await shell.output(`grep -l '${mac(5)}' /sys/class/net/*/address | cut -d / -f 5`);
  const inside = 'ip -n neighbour';
  await shell.output(
    [
      'ip netns add neighbour',
      `ip link set dev ${name} netns neighbour name wire`,
      `${inside} link add link wire name wire.10 type vlan id 10`,
      ...['wire', 'wire.10', 'lo'].map((device) => `${inside} link set dev ${device} up`),
      ...['192.168.66.1/24', '192.168.67.2/24'].map((address) => `${inside} address add ${address} dev wire`),
      `${inside} address add fd66::1/64 dev wire nodad`,
      `${inside} address add 172.16.10.2/24 dev wire.10`,
    ].join(' && '),
  );
}

async function fetchAsNeighbour(shell: SerialShell, url: string): Promise<string> {
  // A service without a healthcheck runs before it listens.
  const tries = 'for try in 1 2 3 4 5 6 7 8 9; do';
  return shell.output(
    `${tries} ip netns exec neighbour wget -q -T 20 -O - '${url}' 2> /dev/null && break; sleep 2; done`,
  );
}
