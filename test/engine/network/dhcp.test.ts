import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { NetworkLab } from './support/network-lab.ts';

let lab: NetworkLab;
beforeEach(async () => {
  lab = await NetworkLab.create();
});
afterEach(() => lab.remove());

const range = '--dhcp-range=10.66.0.50,10.66.0.99,1h';

describe('DHCP', () => {
  test('brings an address, a route and name servers', async () => {
    await lab.cable('eth0', 's0', { addresses: ['10.66.0.1/24'] });
    await lab.serveDhcp(
      's0',
      range,
      '--dhcp-option=option:dns-server,10.66.0.53',
      '--dhcp-option=option:domain-search,a.test,b.test',
    );
    const host = lab.startHost({ version: 2, ethernets: { eth0: { dhcp4: true } } });

    const { condition, links, leases } = await host.ready();
    expect(condition).toEqual({
      ready: true,
      address: { holds: true, reason: expect.stringMatching(/^10\.66\.0\.\d+\/24 on eth0$/) },
      route: { holds: true, reason: 'default route via 10.66.0.1 on eth0' },
      dns: { holds: true, reason: 'name server 10.66.0.53' },
    });
    expect(links).toMatchObject([{ name: 'eth0', isUp: true, hasCarrier: true }]);
    expect(leases).toMatchObject([
      { link: 'eth0', protocol: 'dhcp', dns: ['10.66.0.53'], search: ['a.test', 'b.test'] },
    ]);
    expect(await lab.onHost('cat', '/run/berth/network/resolv.conf')).toMatch(
      /\nsearch a\.test b\.test\nnameserver 10\.66\.0\.53\n$/,
    );
  });

  test('that answers late is waited for, and every condition says what is missing', async () => {
    await lab.cable('eth0', 's0', { addresses: ['10.66.0.1/24'] });
    const host = lab.startHost(
      { version: 2, ethernets: { eth0: { dhcp4: true } } },
      { servers: ['192.0.2.53'], search: [], options: [] },
    );

    const before = await host.until(({ links }) => links[0]?.hasCarrier === true);
    expect(before.condition).toEqual({
      ready: false,
      address: { holds: false, reason: 'no address on eth0' },
      route: { holds: false, reason: 'no default route' },
      dns: { holds: true, reason: 'name server 192.0.2.53' },
    });
    // dhcpcd's first requests have gone unanswered by then.
    await new Promise((resolve) => setTimeout(resolve, 6000));
    expect(host.status?.condition.ready).toBe(false);
    await lab.serveDhcp('s0', range);
    expect((await host.ready()).condition.address.reason).toMatch(/^10\.66\.0\.\d+\/24 on eth0$/);
  });

  test('over IPv6 with router advertisements', async () => {
    await lab.cable('eth0', 's0', { addresses: ['fd66::1/64'] });
    await lab.serveDhcp(
      's0',
      '--enable-ra',
      '--dhcp-range=fd66::100,fd66::1ff,64,1h',
      '--dhcp-option=option6:dns-server,[fd66::53]',
    );
    const host = lab.startHost({ version: 2, ethernets: { eth0: { dhcp6: true } } });

    const { condition, leases, links } = await host.until(
      (status) => status.condition.ready && status.leases.some(({ protocol }) => protocol === 'dhcp6'),
    );
    expect(condition.dns.reason).toBe('name server fd66::53');
    expect(condition.route.reason).toMatch(/^default route via fe80::\S+ on eth0$/);
    expect(leases.map(({ protocol }) => protocol).toSorted()).toEqual(['dhcp6', 'ra']);
    expect(links[0]?.addresses).toEqual([expect.stringMatching(/^fd66::1[0-9a-f]{2}\/128$/)]);
  });

  test('is not needed for addresses from router advertisements', async () => {
    await lab.cable('eth0', 's0', { addresses: ['fd66::1/64'], mac: '02:00:00:00:66:01' });
    await lab.serveDhcp(
      's0',
      '--enable-ra',
      '--dhcp-range=fd66::,ra-stateless',
      '--dhcp-option=option6:dns-server,[fd66::53]',
    );
    const host = lab.startHost({ version: 2, ethernets: { eth0: { acceptRa: true } } });

    const { links } = await host.ready();
    expect(links[0]?.addresses[0]).toMatch(/^fd66::\S+\/64$/);
  });

  test('goes on without the agent, and the next agent takes it over', async () => {
    await lab.cable('eth0', 's0', { addresses: ['10.66.0.1/24'] });
    await lab.serveDhcp('s0', range);
    const network = { version: 2, ethernets: { eth0: { dhcp4: true } } } as const;
    const first = lab.startHost(network, { servers: ['192.0.2.53'], search: [], options: [] });
    await first.ready();
    const client = await lab.onHost('cat', '/run/dhcpcd/pid');
    await first.kill();

    const second = lab.startHost(network, { servers: ['192.0.2.53'], search: [], options: [] });
    await second.ready();
    expect(second.steps).toEqual([]);
    expect(await lab.onHost('cat', '/run/dhcpcd/pid')).toBe(client);
  });

  test('a client that dies is started again', async () => {
    await lab.cable('eth0', 's0', { addresses: ['10.66.0.1/24'] });
    await lab.serveDhcp('s0', range);
    const host = lab.startHost({ version: 2, ethernets: { eth0: { dhcp4: true } } });
    await host.until(({ leases }) => leases.length === 1);
    const client = Number(await lab.onHost('cat', '/run/dhcpcd/pid'));

    process.kill(client, 'SIGKILL');
    // The next one may be there before anybody has seen that this one is gone.
    const isAnother = async () => Number(await lab.onHost('cat', '/run/dhcpcd/pid').catch(() => client)) !== client;
    while (!(await isAnother())) await sleep(50);
    const { links } = await host.until(({ leases }) => leases.length === 1);
    expect(links[0]?.addresses).toHaveLength(1);
    expect(host.steps.filter((step) => step === 'start-dhcp:dhcp')).toHaveLength(2);
  });

  test('a device that leaves DHCP gives its address back, one that joins gets one, and the others are not touched', async () => {
    await lab.cable('eth0', 's0', { addresses: ['10.66.0.1/24'] });
    await lab.cable('eth1', 's1', { addresses: ['10.67.0.1/24'] });
    await lab.serveDhcp('s0', range);
    await lab.serveDhcp('s1', '--dhcp-range=10.67.0.50,10.67.0.99,1h');
    const dns = { servers: [], search: [], options: [] };
    const host = lab.startHost({ version: 2, ethernets: { eth0: { dhcp4: true }, eth1: { dhcp4: true } } });
    const { links } = await host.until((status) => status.links.every(({ addresses }) => addresses.length === 1));
    const address = links[0]?.addresses;
    const seen = host.lines.length;

    host.declare({
      network: { version: 2, ethernets: { eth0: { dhcp4: true }, eth1: { addresses: ['10.67.0.9/24'] } } },
      dns,
    });
    await host.until(({ leases, links: now }) => leases.length === 1 && now[1]?.addresses.join() === '10.67.0.9/24');
    host.declare({ network: { version: 2, ethernets: { eth0: { dhcp4: true }, eth1: { dhcp4: true } } }, dns });
    await host.until(
      ({ leases, links: now }) =>
        leases.length === 2 && /^10\.67\.0\.[5-9]\d\/24$/.test(now[1]?.addresses.join() ?? ''),
    );
    for (const line of host.lines.slice(seen))
      if (line.kind === 'status') expect(line.status.links[0]?.addresses).toEqual(address);
  });
});
