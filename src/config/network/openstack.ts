import type { Place } from '../place.ts';
import { record } from '../record-shape.ts';
import { convert, either, list, nothing, type Shape, text, word } from '../shape.ts';
import { defined, mtu } from './device-shape.ts';
import { bondParameters } from './link-parameters.ts';
import type {
  BondConfig,
  DeviceConfig,
  EthernetConfig,
  NetworkConfig,
  RouteConfig,
  VlanConfig,
} from './network-config.ts';
import { address, macAddress } from './network-values.ts';
import { route1, withMask } from './subnets.ts';
import { isVlanId } from './version2.ts';

/** OpenStack writes `null` for what it does not know. */
const orNull = <T>(shape: Shape<T>): Shape<T> => convert(either(shape, nothing), (value) => value ?? undefined);
const unused = { ignored: "it is OpenStack's own bookkeeping" };

const link = record(
  {
    id: text,
    type: text,
    name: orNull(text),
    ethernet_mac_address: orNull(macAddress),
    mtu: orNull(mtu),
    bond_links: list(text),
    bond_mode: text,
    bond_miimon: word,
    bond_xmit_hash_policy: text,
    vlan_link: text,
    vlan_id: word,
    vlan_mac_address: macAddress,
    vif_id: unused,
  },
  { required: ['id'] },
);

const service = record({ type: text, address }, { required: ['address'] });

const network = record(
  {
    id: unused,
    network_id: unused,
    link: text,
    type: text,
    ip_address: text,
    netmask: text,
    gateway: orNull(address),
    routes: list(route1),
    services: list(service),
    dns_nameservers: list(address),
  },
  { required: ['link', 'type'] },
);

type Assign = (device: DeviceConfig) => DeviceConfig;
/** The types that need no address in the text, and what they ask of the device. */
const automatic: Readonly<Record<string, Assign>> = {
  ipv4_dhcp: (device) => ({ ...device, dhcp4: true }),
  ipv6_dhcp: (device) => ({ ...device, dhcp6: true }),
  'ipv6_dhcpv6-stateful': (device) => ({ ...device, dhcp6: true }),
  'ipv6_dhcpv6-stateless': (device) => ({ ...device, dhcp6: true, acceptRa: true }),
  ipv6_slaac: (device) => ({ ...device, acceptRa: true }),
};

const located = <T>(shape: Shape<T>) => list(convert(shape, (value, place) => ({ value, place })));

/** OpenStack's network_data.json, as version 2 of the network configuration. */
export const openstackNetwork: Shape<NetworkConfig> = convert(
  record({ links: located(link), networks: located(network), services: list(service) }, { required: ['links'] }),
  ({ links, networks = [], services = [] }, place): NetworkConfig => {
    const devices = new Map<string, DeviceConfig>(
      links.map(({ value }) => [value.id, defined<DeviceConfig>({ mtu: value.mtu })]),
    );
    for (const { value, place: at } of networks) {
      const device = devices.get(value.link);
      if (device === undefined) at.child('link').error('unknown-reference', `"${value.link}" is not one of the links`);
      else devices.set(value.link, addNetwork(device, value, at));
    }
    const servers = services.map((entry) => entry.address);
    const [first] = devices;
    if (first !== undefined && servers.length > 0) devices.set(first[0], addServers(first[1], servers));
    return assemble(links, devices, place);
  },
);

type NetworkRead = Partial<{
  ip_address: string;
  netmask: string;
  gateway: string;
  routes: RouteConfig[];
  services: { address: string }[];
  dns_nameservers: string[];
}> & { type: string };

function addNetwork(device: DeviceConfig, value: NetworkRead, place: Place): DeviceConfig {
  const servers = [...(value.dns_nameservers ?? []), ...(value.services ?? []).map((entry) => entry.address)];
  const assign = Object.hasOwn(automatic, value.type) ? automatic[value.type] : undefined;
  if (assign !== undefined) return addServers(assign(device), servers);
  if (!/^ipv[46]$/.test(value.type)) {
    place
      .child('type')
      .error('invalid-value', `the type of a network is ipv4, ipv6, ${Object.keys(automatic).join(', ')}`);
    return device;
  }
  const mine =
    value.ip_address === undefined
      ? undefined
      : withMask(value.ip_address, value.netmask ?? (value.type === 'ipv4' ? '24' : '64'));
  if (mine === undefined) {
    place.error('invalid-value', 'a network with fixed addresses needs "ip_address" and "netmask"');
    return device;
  }
  const gateway: RouteConfig[] =
    value.gateway === undefined ? [] : [{ to: value.type === 'ipv6' ? '::/0' : '0.0.0.0/0', via: value.gateway }];
  const routes = [...(device.routes ?? []), ...gateway, ...(value.routes ?? [])];
  return addServers(
    { ...device, addresses: [...(device.addresses ?? []), mine], ...(routes.length === 0 ? {} : { routes }) },
    servers,
  );
}

function addServers(device: DeviceConfig, servers: readonly string[]): DeviceConfig {
  if (servers.length === 0) return device;
  const before = device.nameservers ?? { addresses: [], search: [] };
  return { ...device, nameservers: { ...before, addresses: [...new Set([...before.addresses, ...servers])] } };
}

interface LinkRead {
  readonly id: string;
  readonly type?: string;
  readonly name?: string;
  readonly ethernet_mac_address?: string;
  readonly bond_links?: string[];
  readonly bond_mode?: string;
  readonly bond_miimon?: string;
  readonly bond_xmit_hash_policy?: string;
  readonly vlan_link?: string;
  readonly vlan_id?: string;
  readonly vlan_mac_address?: string;
}

function assemble(
  links: readonly { readonly value: LinkRead; readonly place: Place }[],
  devices: ReadonlyMap<string, DeviceConfig>,
  place: Place,
): NetworkConfig {
  const ethernets: Record<string, EthernetConfig> = {};
  const bonds: Record<string, BondConfig> = {};
  const vlans: Record<string, VlanConfig> = {};
  const names = new Map(links.map(({ value }) => [value.id, nameOf(value)]));
  for (const { value, place: at } of links) {
    const name = nameOf(value);
    const device = devices.get(value.id) ?? {};
    const mac = value.ethernet_mac_address;
    if (value.type === 'bond') {
      bonds[name] = {
        ...device,
        ...defined<DeviceConfig>({ macAddress: mac }),
        interfaces: (value.bond_links ?? []).map((id) => names.get(id) ?? id),
        parameters: bondOptions(value, at),
      };
    } else if (value.type === 'vlan') {
      const id = Number(value.vlan_id);
      if (isVlanId(id, at.child('vlan_id')) && value.vlan_link !== undefined) {
        const vlanMac = defined<DeviceConfig>({ macAddress: value.vlan_mac_address });
        vlans[name] = { ...device, ...vlanMac, id, link: names.get(value.vlan_link) ?? value.vlan_link };
      }
    } else if (mac === undefined) {
      at.error('missing-key', '"ethernet_mac_address" is missing: nothing else says which device is meant');
    } else {
      ethernets[name] = {
        ...device,
        match: { macAddress: mac },
        ...defined<EthernetConfig>({ setName: value.name }),
      };
    }
  }
  if (links.length === 0) place.child('links').warn('empty', 'no link is described');
  return {
    version: 2,
    ...(Object.keys(ethernets).length === 0 ? {} : { ethernets }),
    ...(Object.keys(bonds).length === 0 ? {} : { bonds }),
    ...(Object.keys(vlans).length === 0 ? {} : { vlans }),
  };
}

/** A created device needs a name the kernel takes: OpenStack's ids may be longer. */
function nameOf({ id, name }: LinkRead): string {
  return name ?? id.replace(/[^\w.-]/g, '').slice(0, 15);
}

function bondOptions(value: LinkRead, place: Place): Record<string, string> {
  const given: Record<string, string | undefined> = {
    mode: value.bond_mode,
    miimon: value.bond_miimon,
    xmit_hash_policy: value.bond_xmit_hash_policy,
  };
  const options: Record<string, string> = {};
  for (const row of bondParameters) {
    const setting = given[row.option];
    if (setting === undefined || options[row.option] !== undefined) continue;
    if (row.pattern.test(setting)) options[row.option] = row.toOption?.(setting) ?? setting;
    else
      place
        .child(`bond_${row.option}`)
        .error('invalid-value', `"${setting.slice(0, 60)}" is not a value of ${row.option}`);
  }
  return options;
}
