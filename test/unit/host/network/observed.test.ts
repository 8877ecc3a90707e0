import { describe, expect, test } from '@jest/globals';
import { parseLinks, parseRoutes } from '../../../../src/host/network/ip-json.ts';
import { parseLease } from '../../../../src/host/network/lease.ts';

describe('ip -json', () => {
  const output = JSON.stringify([
    {
      ifindex: 1,
      ifname: 'lo',
      flags: ['LOOPBACK', 'UP'],
      mtu: 65536,
      link_type: 'loopback',
      address: '00:00:00:00:00:00',
      addr_info: [],
    },
    {
      ifindex: 2,
      ifname: 'eth0',
      flags: ['BROADCAST', 'UP', 'LOWER_UP'],
      mtu: 1500,
      master: 'bond0',
      link_type: 'ether',
      address: '02:00:00:00:00:01',
      permaddr: '02:00:00:00:00:02',
      addr_info: [
        { family: 'inet', local: '10.0.0.2', prefixlen: 24, scope: 'global', protocol: '0x42' },
        { family: 'inet6', local: 'fd00::2', prefixlen: 64, scope: 'global', tentative: true, protocol: 'kernel_ra' },
        { family: 'inet6', local: 'fd00::3', prefixlen: 64, scope: 'global', dadfailed: true },
        {},
      ],
    },
    {
      ifindex: 3,
      ifname: 'br0',
      flags: ['BROADCAST'],
      mtu: 1500,
      link_type: 'ether',
      address: '02:00:00:00:00:03',
      ifalias: 'berth:x',
      linkinfo: { info_kind: 'bridge' },
    },
    { ifindex: 4, ifname: 'wg0', flags: [], mtu: 1420, link_type: 'none', linkinfo: { info_kind: 'wireguard' } },
  ]);

  test('tells devices and their addresses', () => {
    expect(
      parseLinks(output, (name) => ({ takesRa: name !== 'br0', ...(name === 'eth0' ? { driver: 'virtio_net' } : {}) })),
    ).toEqual([
      {
        ...{
          index: 2,
          name: 'eth0',
          isEthernet: true,
          macAddress: '02:00:00:00:00:01',
          permanentMac: '02:00:00:00:00:02',
        },
        ...{ driver: 'virtio_net', isUp: true, hasCarrier: true, mtu: 1500, master: 'bond0', takesRa: true },
        addresses: [
          { address: '10.0.0.2/24', scope: 'global', isOurs: true, isTentative: false },
          { address: 'fd00::2/64', scope: 'global', isOurs: false, isTentative: true },
          { address: 'fd00::3/64', scope: 'global', isOurs: false, isTentative: true },
        ],
      },
      {
        ...{
          index: 3,
          name: 'br0',
          kind: 'bridge',
          isEthernet: true,
          macAddress: '02:00:00:00:00:03',
          alias: 'berth:x',
        },
        ...{ isUp: false, hasCarrier: false, mtu: 1500, takesRa: false, addresses: [] },
      },
      {
        index: 4,
        name: 'wg0',
        kind: 'wireguard',
        isEthernet: false,
        macAddress: '',
        isUp: false,
        hasCarrier: false,
        mtu: 1420,
        takesRa: true,
        addresses: [],
      },
    ]);
  });

  test('tells routes', () => {
    const routes = JSON.stringify([
      {
        type: 'unicast',
        dst: 'default',
        gateway: '10.0.0.1',
        dev: 'eth0',
        protocol: 'dhcp',
        prefsrc: '10.0.0.2',
        metric: 1002,
        flags: [],
      },
      { type: 'unicast', dst: '1.2.3.4', dev: 'eth0', table: '100', flags: ['onlink'], metrics: [{ mtu: 1400 }] },
      { type: 'unicast', dst: 'default', via: { family: 'inet6', host: 'fe80::1' }, dev: 'eth0', flags: [] },
      { type: 'blackhole', dst: '10.9.0.0/16', flags: [] },
      {},
    ]);
    const common = { onLink: false, type: 'unicast', table: 254 };
    expect(parseRoutes(routes, 4, true)).toEqual([
      { ...common, to: '0.0.0.0/0', via: '10.0.0.1', link: 'eth0', from: '10.0.0.2', metric: 1002, isOurs: true },
      { ...common, to: '1.2.3.4/32', link: 'eth0', table: 100, mtu: 1400, onLink: true, isOurs: true },
      { ...common, to: '0.0.0.0/0', via: 'fe80::1', link: 'eth0', isOurs: true },
      { ...common, to: '10.9.0.0/16', type: 'blackhole', isOurs: true },
    ]);
    const six = JSON.stringify([
      { type: 'unicast', dst: 'default', gateway: 'fe80::1', dev: 'eth0', protocol: 'ra', metric: 1024, flags: [] },
      { type: 'unreachable', dst: 'fd01::', dev: 'lo', protocol: '66', metric: 1024, flags: [] },
    ]);
    expect(parseRoutes(six, 6, false)).toEqual([
      { ...common, to: '::/0', via: 'fe80::1', link: 'eth0', metric: 1024, isOurs: false },
      { ...common, to: 'fd01::/128', type: 'unreachable', metric: 1024, isOurs: true },
    ]);
  });

  test('may say nothing', () => {
    expect(parseLinks('', () => ({ takesRa: true }))).toEqual([]);
    expect(parseRoutes('\n', 4, true)).toEqual([]);
  });
});

describe('an answer of the DHCP client', () => {
  const environment = (variables: Readonly<Record<string, string>>): string =>
    Object.entries({ PATH: '/bin', if_up: 'true', interface: 'eth0', ...variables })
      .map(([name, value]) => `${name}=${value}\0`)
      .join('');

  test.each([
    [
      'DHCPv4',
      {
        protocol: 'dhcp',
        reason: 'BOUND',
        new_ip_address: '10.0.0.5',
        new_domain_name_servers: '10.0.0.1 10.0.0.2',
        new_domain_name: 'a.test',
        new_domain_search: 'a.test b.test',
        new_ntp_servers: '10.0.0.3',
        new_host_name: 'web1',
      },
      {
        protocol: 'dhcp',
        addresses: ['10.0.0.5'],
        dns: ['10.0.0.1', '10.0.0.2'],
        search: ['a.test', 'b.test'],
        ntp: ['10.0.0.3'],
        hostname: 'web1',
      },
    ],
    [
      'DHCPv6',
      {
        protocol: 'dhcp6',
        reason: 'REBIND6',
        new_dhcp6_ia_na1_ia_addr1: 'fd00::5',
        new_dhcp6_name_servers: 'fd00::1',
        new_dhcp6_domain_search: 'a.test',
      },
      { protocol: 'dhcp6', addresses: ['fd00::5'], dns: ['fd00::1'], search: ['a.test'], ntp: [] },
    ],
    [
      'two routers',
      {
        protocol: 'ra',
        reason: 'ROUTERADVERT',
        nd1_rdnss1_servers: 'fe80::1',
        nd1_rdnss2_servers: 'fd00::1',
        nd2_rdnss1_servers: 'fd00::1 fd00::2',
        nd2_dnssl1_search: 'a.test',
        nd1_addr1: 'fd00::5/64',
      },
      {
        protocol: 'ra',
        addresses: ['fd00::5/64'],
        dns: ['fe80::1', 'fd00::1', 'fd00::2'],
        search: ['a.test'],
        ntp: [],
      },
    ],
  ])('over %s', (_name, variables, lease) => {
    expect(parseLease(environment(variables))).toEqual({ link: 'eth0', ...lease });
  });

  test.each([
    ['expired', { protocol: 'dhcp', reason: 'EXPIRE' }],
    ['refused', { protocol: 'dhcp', reason: 'NAK' }],
    ['taken back', { protocol: 'dhcp', reason: 'STOP' }],
    ['without a carrier', { protocol: 'dhcp', reason: 'NOCARRIER' }],
    ['for a device that is down', { protocol: 'ra', reason: 'ROUTERADVERT', if_up: 'false' }],
    ['of another protocol', { protocol: 'link', reason: 'CARRIER' }],
  ])('that is %s is none', (_name, variables) => {
    expect(parseLease(environment(variables))).toBeUndefined();
  });

  test('that is no environment is none', () => {
    for (const text of ['', '\0\0', 'x', '=\0=\0']) expect(parseLease(text)).toBeUndefined();
  });

  test('gets nothing into files that programs read but addresses and names', () => {
    const hostile = {
      protocol: 'dhcp',
      reason: 'BOUND',
      new_domain_name_servers: '10.0.0.1 $(reboot) 10.0.0.2;x',
      new_domain_search: 'a.test -x ../etc a\nnameserver',
      new_host_name: '$(reboot)',
    };
    expect(parseLease(environment(hostile))).toEqual({
      link: 'eth0',
      protocol: 'dhcp',
      addresses: [],
      dns: ['10.0.0.1'],
      search: ['a.test', 'a', 'nameserver'],
      ntp: [],
    });
  });
});
