import { bondParameters, bridgeParameters, type ParameterRow } from '../network/link-parameters.ts';
import type {
  BondConfig,
  BridgeConfig,
  DeviceConfig,
  DhcpOverrides,
  EthernetConfig,
  NetworkConfig,
  RouteConfig,
} from '../network/network-config.ts';
import { map, type Written, type WrittenMap } from './written.ts';

/** `network` in netplan's keys, version 2. */
export function writeNetwork({ ethernets, bonds, vlans, bridges }: NetworkConfig): WrittenMap {
  return {
    version: 2,
    ethernets: each(ethernets, writeEthernet),
    bonds: each(bonds, (bond) => ({ ...writeDevice(bond), ...writeMembers(bond, bondParameters, bond.primary) })),
    vlans: each(vlans, (vlan) => ({ ...writeDevice(vlan), id: vlan.id, link: vlan.link })),
    bridges: each(bridges, (bridge) => ({ ...writeDevice(bridge), ...writeMembers(bridge, bridgeParameters) })),
  };
}

function each<T>(
  devices: Readonly<Record<string, T>> | undefined,
  write: (device: T) => WrittenMap,
): WrittenMap | undefined {
  if (devices === undefined) return undefined;
  return Object.fromEntries(Object.entries(devices).map(([name, device]) => [name, write(device)]));
}

function writeEthernet({ match, setName, ...device }: EthernetConfig): WrittenMap {
  return {
    match: match === undefined ? undefined : { name: match.name, macaddress: match.macAddress, driver: match.drivers },
    'set-name': setName,
    ...writeDevice(device),
  };
}

function writeDevice(device: DeviceConfig): WrittenMap {
  return {
    dhcp4: device.dhcp4,
    dhcp6: device.dhcp6,
    'accept-ra': device.acceptRa,
    addresses: device.addresses,
    routes: device.routes?.map(writeRoute),
    nameservers: device.nameservers,
    mtu: device.mtu,
    macaddress: device.macAddress,
    optional: device.optional,
    'dhcp4-overrides': writeOverrides(device.dhcp4Overrides),
    'dhcp6-overrides': writeOverrides(device.dhcp6Overrides),
  };
}

function writeRoute({ onLink, ...route }: RouteConfig): Written {
  return { ...route, 'on-link': onLink };
}

function writeOverrides(overrides: DhcpOverrides | undefined): Written | undefined {
  if (overrides === undefined) return undefined;
  return {
    'use-dns': overrides.useDns,
    'use-routes': overrides.useRoutes,
    'use-mtu': overrides.useMtu,
    'send-hostname': overrides.sendHostname,
    hostname: overrides.hostname,
    'route-metric': overrides.routeMetric,
  };
}

function writeMembers(
  { interfaces, parameters }: BondConfig | BridgeConfig,
  rows: readonly ParameterRow[],
  primary?: string,
): WrittenMap {
  const options = Object.entries(parameters).map(([option, value]) => {
    const row = rows.find((candidate) => candidate.option === option);
    return [row?.netplan ?? option, row === undefined ? value : netplanValue(row, value)] as const;
  });
  return { interfaces, parameters: map({ ...Object.fromEntries(options), primary }) };
}

/** The value as netplan has it: `ip` counts a bridge's times in hundredths of a second, netplan in seconds. */
function netplanValue({ toOption }: ParameterRow, value: string): string {
  return toOption?.('1') === '100' ? String(Number(value) / 100) : value;
}
