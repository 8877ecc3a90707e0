import { expect } from '@jest/globals';
import { asItIs, type Example, type Stage } from './example.ts';

interface Link {
  readonly mtu: number;
  readonly addr_info: readonly { readonly local: string; readonly prefixlen: number; readonly scope: string }[];
}

interface Route {
  readonly dst: string;
  readonly gateway?: string;
  readonly metric?: number;
}

const check: Stage['check'] = async (vm) => {
  const shell = await vm.shell();
  const read = async <T>(command: string): Promise<T> => JSON.parse(await shell.output(command)) as T;

  // Reached by ssh: the status before this came that way, to 10.0.2.15.
  const [link] = await read<Link[]>('ip -j address show wan0');
  const addresses = (link?.addr_info ?? []).map(({ local, prefixlen, scope }) => `${local}/${prefixlen} ${scope}`);
  expect(addresses.filter((address) => !address.endsWith(' link'))).toEqual([
    '10.0.2.15/24 global',
    // None of the router's advertisements.
    '2001:db8:1::15/64 global',
  ]);
  expect(link?.mtu).toBe(1400);
  const routes = async (family: number): Promise<string[]> => {
    const found = await read<Route[]>(`ip -j -${family} route show dev wan0`);
    return found.flatMap(({ dst, gateway, metric }) =>
      gateway === undefined ? [] : [`${dst} via ${gateway}${metric === 50 ? ' metric 50' : ''}`],
    );
  };
  expect((await routes(4)).toSorted()).toEqual(['192.0.2.0/24 via 10.0.2.3 metric 50', 'default via 10.0.2.2']);
  expect(await routes(6)).toEqual(['default via 2001:db8:1::2']);
  expect(await shell.output('grep -v "^#" /etc/resolv.conf')).toBe('search example.org\nnameserver 10.0.2.3');
  expect((await shell.run('pidof dhcpcd')).exitCode).not.toBe(0);

  // Both ways lead somewhere.
  await shell.output('ping -c 1 -W 20 10.0.2.2');
  await shell.output('ping -6 -c 1 -W 20 2001:db8:1::2');
};

/** static-network.yaml. */
export const staticNetwork: Example = {
  file: 'static-network.yaml',
  promise: 'the declared addresses, routes and name servers, and no others',
  stage: asItIs(check, { ipv6Network: '2001:db8:1::/64' }),
};
