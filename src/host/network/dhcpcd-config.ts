import type { DeviceConfig, DhcpOverrides } from '../../config/network/network-config.ts';
import type { Lease } from './lease.ts';
import type { ObservedLink } from './observed.ts';

/** True when the DHCP client has work on the device: DHCP of a family, or router advertisements asked for by name. */
export function wantsDhcpClient(device: DeviceConfig): boolean {
  return device.dhcp4 === true || device.dhcp6 === true || device.acceptRa === true;
}

/** Where the hook keeps the answers; dhcpcd hands it on to the hook. */
export const leasesVariable = 'BERTH_LEASES';

/**
 * The settings of dhcpcd (dhcpcd.conf(5)) for these devices, by name; undefined when none of them needs it. Pure.
 * Identified by MAC address, so that a reinstalled host gets its address again. No ARP probes and no random delay: they
 * cost up to six seconds of every boot. `persistent`: a restart of the client leaves addresses alone. `nodev`: the host has no
 * udev, for whose word about each device it would wait for ever.
 */
export function dhcpcdConfig(devices: ReadonlyMap<string, DeviceConfig>, leasesDirectory: string): string | undefined {
  const names = [...devices.keys()].filter((name) => wantsDhcpClient(devices.get(name) ?? {})).toSorted();
  if (names.length === 0) return undefined;
  return `${[
    '# Written by Berth: changes are overwritten.',
    `env ${leasesVariable}=${leasesDirectory}`,
    'nodev',
    'clientid',
    'duid ll',
    'slaac hwaddr',
    'persistent',
    'nodelay',
    'noarp',
    'noipv4ll',
    'timeout 0',
    'vendorclassid',
    'require dhcp_server_identifier',
    'option domain_name_servers, domain_name, domain_search, host_name, ntp_servers',
    'option dhcp6_name_servers, dhcp6_domain_search, dhcp6_sntp_servers',
    `allowinterfaces ${names.join(' ')}`,
    ...names.flatMap((name) => interfaceLines(name, devices.get(name) ?? {})),
  ].join('\n')}\n`;
}

/** The settings of each device in settings that {@link dhcpcdConfig} made, by name. Pure. */
export function interfaceSettings(config: string | undefined): Map<string, string> {
  const blocks = (config ?? '').split(/^interface /m).slice(1);
  return new Map(blocks.map((block) => [block.slice(0, block.indexOf('\n')), block.trim()]));
}

/** Devices that the client asks on, that have a carrier, and on which nobody has answered. Pure. */
export function unanswered(
  config: string | undefined,
  links: readonly Pick<ObservedLink, 'name' | 'hasCarrier'>[],
  leases: readonly Pick<Lease, 'link'>[],
): string[] {
  const connected = new Set(links.filter(({ hasCarrier }) => hasCarrier).map(({ name }) => name));
  const answered = new Set(leases.map(({ link }) => link));
  return [...interfaceSettings(config).keys()].filter((name) => connected.has(name) && !answered.has(name));
}

function interfaceLines(name: string, device: DeviceConfig): string[] {
  const takesRa = device.acceptRa !== false;
  const overrides = device.dhcp4Overrides ?? device.dhcp6Overrides ?? {};
  return [
    '',
    `interface ${name}`,
    ...(device.dhcp4 === true ? [] : ['noipv4']),
    ...(takesRa ? ['ipv6rs'] : ['noipv6rs']),
    ...(device.dhcp6 === true ? [] : ['nodhcp6']),
    // Without router advertisements nothing else would start DHCPv6.
    ...(device.dhcp6 === true && !takesRa ? ['ia_na'] : []),
    ...overrideLines(overrides),
  ];
}

function overrideLines(overrides: DhcpOverrides): string[] {
  const { hostname, sendHostname, useRoutes, useMtu, routeMetric } = overrides;
  return [
    ...(sendHostname === false ? [] : [hostname === undefined ? 'hostname' : `hostname ${hostname}`]),
    ...(useRoutes === false ? ['nogateway'] : ['option classless_static_routes']),
    ...(useMtu === false ? [] : ['option interface_mtu']),
    ...(routeMetric === undefined ? [] : [`metric ${routeMetric}`]),
  ];
}
