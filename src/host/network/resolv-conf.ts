import type { ConnectivityConfig } from '../../config/host-config.ts';
import type { DeviceConfig } from '../../config/network/network-config.ts';
import type { Lease } from './lease.ts';

export interface ResolverInput {
  /** What `berth.dns` declares. */
  readonly declared: ConnectivityConfig['dns'];
  /** Devices of the network configuration by the name they have on this host. */
  readonly devices: ReadonlyMap<string, DeviceConfig>;
  readonly leases: readonly Lease[];
}

export interface Resolver {
  readonly servers: readonly string[];
  readonly search: readonly string[];
  readonly options: readonly string[];
}

/**
 * Which name servers this host asks, in order: those declared for the host, those declared for a device, then what DHCP
 * and router advertisements said, link by link. Pure.
 */
export function resolverOf({ declared, devices, leases }: ResolverInput): Resolver {
  const fromDevices = [...devices.values()].flatMap(({ nameservers }) =>
    nameservers === undefined ? [] : [nameservers],
  );
  const inOrder = leases
    .filter(({ link, protocol }) => takesDns(devices.get(link), protocol))
    .toSorted((a, b) => compare(a.link, b.link) || compare(a.protocol, b.protocol));
  // A link-local server is reached through its link.
  const fromLeases = inOrder.flatMap(({ dns, link }) =>
    dns.map((server) => (/^fe80:[^%]*$/i.test(server) ? `${server}%${link}` : server)),
  );
  return {
    servers: unique([...declared.servers, ...fromDevices.flatMap(({ addresses }) => addresses), ...fromLeases]),
    search: unique([
      ...declared.search,
      ...fromDevices.flatMap(({ search }) => search),
      ...inOrder.flatMap(({ search }) => search),
    ]),
    options: unique(declared.options),
  };
}

function takesDns(device: DeviceConfig | undefined, protocol: Lease['protocol']): boolean {
  const overrides = protocol === 'dhcp' ? device?.dhcp4Overrides : device?.dhcp6Overrides;
  return overrides?.useDns !== false;
}

/** The text of resolv.conf(5). Pure. */
export function renderResolvConf({ servers, search, options }: Resolver): string {
  const lines = ['# Written by Berth from the config and from what DHCP said: changes are overwritten.'];
  if (search.length > 0) lines.push(`search ${search.join(' ')}`);
  for (const server of servers) lines.push(`nameserver ${server}`);
  if (options.length > 0) lines.push(`options ${options.join(' ')}`);
  return `${lines.join('\n')}\n`;
}

function unique(values: readonly string[]): string[] {
  return [...new Set(values)];
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
