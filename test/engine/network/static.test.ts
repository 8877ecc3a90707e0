import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { NetworkLab } from './support/network-lab.ts';

let lab: NetworkLab;
beforeEach(async () => {
  lab = await NetworkLab.create();
});
afterEach(() => lab.remove());

const dns = { servers: ['192.0.2.53'], search: [], options: [] };

describe('a declared network', () => {
  test('has its addresses, routes and name servers', async () => {
    await lab.cable('eth0', 's0', { addresses: ['10.66.0.1/24', 'fd66::1/64'] });
    const host = lab.startHost(
      {
        version: 2,
        ethernets: {
          eth0: {
            addresses: ['10.66.0.10/24', 'fd66::10/64'],
            mtu: 1400,
            routes: [
              { to: '0.0.0.0/0', via: '10.66.0.1', metric: 50 },
              { to: '::/0', via: 'fd66::1' },
              { to: '10.70.0.0/16', via: '10.66.0.9', mtu: 1300, table: 100 },
              { to: '10.71.0.0/16', via: '192.0.2.1', onLink: true },
              { to: '10.72.0.0/16', type: 'blackhole' },
              { to: 'fd72::/16', type: 'unreachable' },
            ],
            nameservers: { addresses: ['192.0.2.54'], search: ['a.test'] },
          },
        },
      },
      dns,
    );

    const { condition, failures } = await host.until(
      (status) => status.condition.ready && (status.links[0]?.addresses.length ?? 0) === 2,
    );
    expect(condition.address.reason).toBe('10.66.0.10/24 on eth0');
    expect(failures).toEqual([]);
    const routes = (await lab.onHost('ip', 'route', 'show', 'proto', '66', 'table', 'all'))
      .split('\n')
      .map((line) => line.trim());
    expect(routes.filter(Boolean).toSorted()).toEqual([
      '10.70.0.0/16 via 10.66.0.9 dev eth0 table 100 mtu 1300',
      '10.71.0.0/16 via 192.0.2.1 dev eth0 onlink',
      'blackhole 10.72.0.0/16',
      'default via 10.66.0.1 dev eth0 metric 50',
      'default via fd66::1 dev eth0 metric 1024 pref medium',
      expect.stringMatching(/^unreachable fd72::\/16 dev lo metric 1024/),
    ]);
    expect(JSON.parse(await lab.onHost('ip', '-json', 'link', 'show', 'eth0'))).toMatchObject([{ mtu: 1400 }]);
    const resolvConf = await lab.onHost('cat', '/run/berth/network/resolv.conf');
    expect(resolvConf.split('\n').slice(1)).toEqual([
      'search a.test',
      'nameserver 192.0.2.53',
      'nameserver 192.0.2.54',
      '',
    ]);
    const steps = host.steps.length;
    host.declare({ network: { version: 2, ethernets: { eth0: { addresses: ['10.66.0.10/24'] } } }, dns });
    await host.until(({ condition: { route } }) => !route.holds);
    expect(host.steps.slice(steps).toSorted()).toEqual([
      'remove-address:eth0:fd66::10/64',
      'remove-route:eth0:0.0.0.0/0 via 10.66.0.1 metric 50',
      'remove-route:eth0:10.70.0.0/16 via 10.66.0.9 table 100',
      'remove-route:eth0:10.71.0.0/16 via 192.0.2.1',
      'remove-route:eth0:::/0 via fd66::1 metric 1024',
      'remove-route:routes:10.72.0.0/16',
      'remove-route:routes:fd72::/16 metric 1024',
      'write-resolv-conf:resolver',
    ]);
  });

  test('is left as it is by the next agent', async () => {
    await lab.cable('eth0', 's0', { addresses: ['10.66.0.1/24'] });
    const network = {
      version: 2,
      ethernets: {
        eth0: {
          match: { macAddress: '02:00:00:00:00:01' },
          setName: 'lan0',
          addresses: ['10.66.0.10/24', 'fd66::10/64'],
          routes: [
            { to: '0.0.0.0/0', via: '10.66.0.1' },
            { to: '::/0', via: 'fd66::1' },
          ],
        },
      },
      bridges: { br0: { interfaces: ['lan1'], parameters: { priority: '4096' }, addresses: ['10.67.0.1/24'] } },
    } as const;
    await lab.cable('eth1', 's1', { mac: '02:00:00:00:00:01' });
    await lab.cable('lan1', 's2');
    const first = lab.startHost(network, dns);
    await first.until((status) => status.condition.ready && status.links.every(({ isUp }) => isUp));
    await first.stop();

    const second = lab.startHost(network, dns);
    await second.ready();
    expect(second.steps).toEqual([]);
  });

  test('finds devices by their hardware addresses and names them, though another device has the name', async () => {
    await lab.cable('eth0', 's0', { mac: '02:00:00:00:00:01', addresses: ['10.66.0.1/24'] });
    await lab.cable('eth1', 's1', { mac: '02:00:00:00:00:02', addresses: ['10.67.0.1/24'] });
    const host = lab.startHost(
      {
        version: 2,
        ethernets: {
          wan: {
            match: { macAddress: '02:00:00:00:00:02' },
            setName: 'eth0',
            addresses: ['10.67.0.2/24'],
            routes: [{ to: '0.0.0.0/0', via: '10.67.0.1' }],
          },
          lan: { match: { macAddress: '02:00:00:00:00:01' }, setName: 'eth1', addresses: ['10.66.0.2/24'] },
          missing: { match: { macAddress: '02:00:00:00:00:03' }, dhcp4: false },
        },
      },
      dns,
    );

    const { links, waiting } = await host.until(
      (status) => status.condition.ready && status.links.every(({ addresses }) => addresses.length === 1),
    );
    expect(links.toSorted((a, b) => (a.name < b.name ? -1 : 1))).toMatchObject([
      { name: 'eth0', macAddress: '02:00:00:00:00:02', addresses: ['10.67.0.2/24'] },
      { name: 'eth1', macAddress: '02:00:00:00:00:01', addresses: ['10.66.0.2/24'] },
    ]);
    expect(waiting).toEqual([
      { key: 'network.ethernets.missing', why: 'no device has the address 02:00:00:00:00:03', optional: false },
    ]);
    await lab.cable('late', 's2', { mac: '02:00:00:00:00:03' });
    await host.until((status) => status.waiting.length === 0);
  });

  test('is repaired, and what others set is left alone', async () => {
    await lab.cable('eth0', 's0', { addresses: ['10.66.0.1/24'] });
    const host = lab.startHost(
      {
        version: 2,
        ethernets: { eth0: { addresses: ['10.66.0.10/24'], routes: [{ to: '0.0.0.0/0', via: '10.66.0.1' }] } },
      },
      dns,
    );
    await host.ready();

    await lab.onHost('ip', 'address', 'add', '10.66.0.77/24', 'dev', 'eth0');
    await lab.onHost('ip', 'route', 'add', '10.99.0.0/16', 'via', '10.66.0.77');
    await lab.onHost('ip', 'link', 'set', 'eth0', 'down');
    await host.until(({ condition }) => !condition.ready);
    await host.ready();
    expect((await lab.onHost('ip', '-brief', 'address', 'show', 'eth0')).match(/10\.66\.0\.\d+/g)).toEqual([
      '10.66.0.10',
      '10.66.0.77',
    ]);
    await lab.onHost('ip', 'address', 'delete', '10.66.0.10/24', 'dev', 'eth0');
    await host.until(({ links }) => links[0]?.addresses.includes('10.66.0.10/24') !== true);
    await host.until(({ links }) => links[0]?.addresses.includes('10.66.0.10/24') === true);
  });

  test('has a bridge, that goes when it is declared no more', async () => {
    await lab.cable('eth0', 's0', { addresses: ['10.66.0.1/24'] });
    const host = lab.startHost(
      {
        version: 2,
        ethernets: { eth0: {} },
        bridges: {
          br0: {
            interfaces: ['eth0'],
            parameters: { stp_state: '0', forward_delay: '400' },
            macAddress: '02:00:00:00:00:bb',
            addresses: ['10.66.0.10/24'],
            routes: [{ to: '0.0.0.0/0', via: '10.66.0.1' }],
          },
        },
      },
      dns,
    );
    expect((await host.ready()).condition.address.reason).toBe('10.66.0.10/24 on br0');
    const shown: unknown = JSON.parse(await lab.onHost('ip', '-json', '-details', 'link', 'show', 'br0'));
    expect(shown).toMatchObject([
      {
        address: '02:00:00:00:00:bb',
        linkinfo: { info_kind: 'bridge', info_data: { stp_state: 0, forward_delay: 400 } },
      },
    ]);
    const steps = host.steps.length;

    host.declare({
      network: {
        version: 2,
        ethernets: { eth0: { addresses: ['10.66.0.11/24'], routes: [{ to: '0.0.0.0/0', via: '10.66.0.1' }] } },
      },
      dns,
    });
    await host.until(({ condition }) => condition.address.reason === '10.66.0.11/24 on eth0' && condition.ready);
    expect(host.steps.slice(steps)).toEqual([
      'delete-link:br0',
      'add-address:eth0:10.66.0.11/24',
      'set-route:eth0:0.0.0.0/0 via 10.66.0.1',
    ]);
  });

  test('that cannot be had in part is had in the other parts, and says what failed', async () => {
    await lab.cable('eth0', 's0', { addresses: ['10.66.0.1/24'] });
    const host = lab.startHost(
      {
        version: 2,
        ethernets: {
          eth0: {
            addresses: ['10.66.0.10/24'],
            routes: [
              { to: '10.80.0.0/16', via: '192.0.2.1' },
              { to: '0.0.0.0/0', via: '10.66.0.1' },
            ],
          },
        },
        vlans: { vlan7: { id: 7, link: 'eth9', dhcp4: true } },
      },
      dns,
    );

    const { failures, waiting } = await host.until((status) => status.condition.ready && status.failures.length > 0);
    expect(failures).toEqual([
      {
        subject: 'network/eth0',
        step: 'route 10.80.0.0/16 via 192.0.2.1 on eth0',
        error: expect.stringMatching(/Nexthop has invalid gateway/),
      },
    ]);
    expect(waiting).toEqual([{ key: 'network.vlans.vlan7', why: 'there is no device eth9', optional: false }]);
    // The way to the gateway appears: the route is set without anybody asking for it.
    await lab.onHost('ip', 'address', 'add', '192.0.2.2/24', 'dev', 'eth0');
    await host.until((status) => status.failures.length === 0);
  });
});
