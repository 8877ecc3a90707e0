import { describe, expect, test } from '@jest/globals';
import type { DeviceConfig } from '../../../../src/config/network/network-config.ts';
import { networkCondition } from '../../../../src/host/network/condition.ts';
import { dhcpcdConfig, unanswered } from '../../../../src/host/network/dhcpcd-config.ts';
import { clockFloor } from '../../../../src/host/network/good-time.ts';
import type { Lease } from '../../../../src/host/network/lease.ts';
import type { ObservedLink, ObservedRoute } from '../../../../src/host/network/observed.ts';
import { renderResolvConf, resolverOf } from '../../../../src/host/network/resolv-conf.ts';
import { hardware } from '../../../fakes/fake-network.ts';

const address = (text: string, more = {}) => ({
  address: text,
  scope: 'global',
  isOurs: true,
  isTentative: false,
  ...more,
});
const up = (more: Partial<ObservedLink>): ObservedLink =>
  hardware('eth0', '02:00:00:00:00:01', { isUp: true, hasCarrier: true, ...more });
const route = (to: string, more: Partial<ObservedRoute> = {}): ObservedRoute => ({
  to,
  via: '10.0.0.1',
  link: 'eth0',
  table: 254,
  onLink: false,
  type: 'unicast',
  isOurs: true,
  ...more,
});

describe('the condition of the network', () => {
  const docker = hardware('docker0', '02:00:00:00:00:09', {
    isUp: true,
    hasCarrier: true,
    kind: 'bridge',
    addresses: [address('172.17.0.1/16')],
  });
  const rows: readonly {
    name: string;
    links: readonly ObservedLink[];
    routes?: readonly ObservedRoute[];
    servers?: readonly string[];
    reasons: readonly string[];
  }[] = [
    {
      name: 'all there',
      links: [up({ addresses: [address('10.0.0.2/24')] })],
      routes: [route('0.0.0.0/0')],
      servers: ['10.0.0.53'],
      reasons: ['+10.0.0.2/24 on eth0', '+default route via 10.0.0.1 on eth0', '+name server 10.0.0.53'],
    },
    {
      name: 'IPv6 alone',
      links: [up({ addresses: [address('fd00::2/64')] })],
      routes: [route('::/0', { via: 'fe80::1' })],
      servers: ['fd00::53'],
      reasons: ['+fd00::2/64 on eth0', '+default route via fe80::1 on eth0', '+name server fd00::53'],
    },
    {
      name: 'a default route of the other family, or in another table',
      links: [up({ addresses: [address('fd00::2/64')] })],
      routes: [route('0.0.0.0/0'), route('::/0', { table: 100 })],
      reasons: [
        '+fd00::2/64 on eth0',
        '-no default route of a family that has an address',
        '-no name server is declared, and none came by DHCP or router advertisement',
      ],
    },
    { name: 'no device', links: [docker], reasons: ['-no network device', '-no default route', '-no name server'] },
    {
      name: 'a device that is down',
      links: [up({ isUp: false })],
      reasons: ['-no network device is up', '-no default route', '-no name server'],
    },
    {
      name: 'no carrier',
      links: [up({ hasCarrier: false, addresses: [address('10.0.0.2/24')] })],
      reasons: ['-no carrier on eth0', '-no default route', '-no name server'],
    },
    {
      name: 'an address that is being checked',
      links: [up({ addresses: [address('fd00::2/64', { isTentative: true })] })],
      reasons: ['-the address on eth0 is being checked for duplicates', '-no default route', '-no name server'],
    },
    {
      name: 'addresses that others cannot answer to',
      links: [up({ addresses: [address('169.254.1.1/16'), address('fe80::1/64', { scope: 'link' })] })],
      reasons: ['-no address on eth0', '-no default route', '-no name server'],
    },
  ];

  test.each(rows)('with $name', ({ links, routes = [], servers = [], reasons }) => {
    const observed = { links, routes, leases: [], dhcpConfig: undefined, resolvConf: undefined };
    const condition = networkCondition(observed, { servers, search: [], options: [] }, new Set(['eth0']));
    const shown = [condition.address, condition.route, condition.dns].map(
      ({ holds, reason }) => `${holds ? '+' : '-'}${reason}`,
    );
    for (const [index, reason] of reasons.entries()) expect(shown[index]?.startsWith(reason)).toBe(true);
    expect(condition.ready).toBe(reasons.every((reason) => reason.startsWith('+')));
  });
});

describe('the resolver', () => {
  const lease = (link: string, protocol: Lease['protocol'], dns: readonly string[]): Lease => ({
    link,
    protocol,
    dns,
    search: [`${link}.test`],
    addresses: [],
    ntp: [],
  });
  const leases = [
    lease('eth1', 'dhcp', ['10.1.0.53']),
    lease('eth0', 'ra', ['fe80::1', 'fd00::53']),
    lease('eth0', 'dhcp', ['10.0.0.53', '192.0.2.1']),
  ];

  test('asks the declared servers first, then those that came, link by link', () => {
    const devices = new Map<string, DeviceConfig>([
      ['eth0', { nameservers: { addresses: ['192.0.2.2'], search: ['b.test'] } }],
    ]);
    const declared = { servers: ['192.0.2.1'], search: ['a.test'], options: ['rotate', 'timeout:1'] };
    const resolver = resolverOf({ declared, devices, leases });
    expect(renderResolvConf(resolver).split('\n').slice(1)).toEqual([
      'search a.test b.test eth0.test eth1.test',
      'nameserver 192.0.2.1',
      'nameserver 192.0.2.2',
      'nameserver 10.0.0.53',
      'nameserver fe80::1%eth0',
      'nameserver fd00::53',
      'nameserver 10.1.0.53',
      'options rotate timeout:1',
      '',
    ]);
  });

  test('leaves out what a device’s overrides leave out', () => {
    const devices = new Map<string, DeviceConfig>([
      ['eth0', { dhcp4Overrides: { useDns: false } }],
      ['eth1', { dhcp6Overrides: { useDns: false } }],
    ]);
    const resolver = resolverOf({ declared: { servers: [], search: [], options: [] }, devices, leases });
    expect(resolver.servers).toEqual(['fe80::1%eth0', 'fd00::53', '10.1.0.53']);
  });
});

describe('dhcpcd’s settings', () => {
  const linesOf = (device: DeviceConfig): string[] =>
    (dhcpcdConfig(new Map([['eth0', device]]), '/leases') ?? '').split('\ninterface eth0\n')[1]?.trim().split('\n') ??
    [];

  test.each<[string, DeviceConfig, string[]]>([
    [
      'both families',
      { dhcp4: true, dhcp6: true },
      ['ipv6rs', 'hostname', 'option classless_static_routes', 'option interface_mtu'],
    ],
    [
      'IPv4',
      { dhcp4: true },
      ['ipv6rs', 'nodhcp6', 'hostname', 'option classless_static_routes', 'option interface_mtu'],
    ],
    [
      'IPv4 and no advertisements',
      { dhcp4: true, acceptRa: false },
      ['noipv6rs', 'nodhcp6', 'hostname', 'option classless_static_routes', 'option interface_mtu'],
    ],
    [
      'IPv6 and no advertisements',
      { dhcp6: true, acceptRa: false },
      ['noipv4', 'noipv6rs', 'ia_na', 'hostname', 'option classless_static_routes', 'option interface_mtu'],
    ],
    [
      'advertisements alone',
      { acceptRa: true },
      ['noipv4', 'ipv6rs', 'nodhcp6', 'hostname', 'option classless_static_routes', 'option interface_mtu'],
    ],
    [
      'overrides',
      { dhcp4: true, dhcp6: true, dhcp4Overrides: { useRoutes: false, useMtu: false, routeMetric: 7, hostname: 'x' } },
      ['ipv6rs', 'hostname x', 'nogateway', 'metric 7'],
    ],
    [
      'no host name',
      { dhcp4: true, dhcp6: true, dhcp4Overrides: { sendHostname: false } },
      ['ipv6rs', 'option classless_static_routes', 'option interface_mtu'],
    ],
  ])('for %s', (_name, device, lines) => {
    expect(linesOf(device)).toEqual(lines);
  });

  test('name the devices it may touch, in an order that does not depend on the config’s', () => {
    const devices = new Map<string, DeviceConfig>([
      ['b', { dhcp4: true }],
      ['a', { dhcp4: true }],
      ['c', { addresses: ['10.0.0.1/24'] }],
    ]);
    expect(dhcpcdConfig(devices, '/leases')).toMatch(/\nallowinterfaces a b\n/);
    expect(dhcpcdConfig(devices, '/leases')).toBe(dhcpcdConfig(new Map([...devices].toReversed()), '/leases'));
    expect(dhcpcdConfig(new Map([['c', {}]]), '/leases')).toBeUndefined();
  });

  test('tell whom nobody has answered: what is asked for, has a carrier and no lease', () => {
    const config = dhcpcdConfig(new Map(['a', 'b', 'c'].map((name) => [name, { dhcp4: true }])), '/leases');
    const links = ['a', 'b', 'c', 'd'].map((name) => ({ name, hasCarrier: name !== 'c' }));
    expect(unanswered(config, links, [{ link: 'b' }])).toEqual(['a']);
    expect(unanswered(undefined, links, [])).toEqual([]);
  });
});

test.each([
  [0, 1000, 0, 1000],
  [999, 1000, 0, 1000],
  [1000, 1000, 0, undefined],
  [2000, 1000, 0, undefined],
  [1500, 1000, 1800, 1800],
  [1500, 1000, 1200, undefined],
])('a clock at %d of an image built at %d that last knew %d is set to %s', (now, built, known, floor) => {
  expect(clockFloor(now, built, known)).toBe(floor);
});
