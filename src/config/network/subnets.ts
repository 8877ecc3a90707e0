import type { Place } from '../place.ts';
import { record } from '../record-shape.ts';
import { convert, either, list, natural, type Shape, text, words } from '../shape.ts';
import { defined, gatewayRoute, mtu, natural32 } from './device-shape.ts';
import type { DeviceConfig, RouteConfig } from './network-config.ts';
import { address, isIpv6, networkOf, prefixLengthOf, splitPrefix } from './network-values.ts';

const netmask = convert(either(text, natural), String);
const addresses: Shape<string[]> = convert(words, (values, place) => {
  const read = values.map((value) => address.read(value, place));
  return read.filter((value) => value !== undefined);
});

/** A route of version 1: `network` or `destination`, with its mask in a key of its own or behind a slash. */
export const route1: Shape<RouteConfig> = convert(
  record({
    type: { ignored: 'what stands here is a route' },
    id: { ignored: 'a route needs none' },
    destination: text,
    network: text,
    netmask,
    prefix: natural,
    gateway: address,
    metric: natural32,
    mtu,
  }),
  (read, place): RouteConfig | undefined => {
    const target = read.destination ?? read.network;
    if (read.destination !== undefined && read.network !== undefined)
      place.child('network').warn('unsupported', '"destination" counts', undefined, 'key');
    if (target === undefined) {
      place.error('missing-key', '"destination" is missing');
      return undefined;
    }
    const mask = read.netmask ?? (read.prefix === undefined ? undefined : String(read.prefix));
    if (read.netmask !== undefined && read.prefix !== undefined)
      place.child('prefix').warn('unsupported', '"netmask" counts', undefined, 'key');
    if (target === 'default' && mask !== undefined && prefixLengthOf(mask) !== 0)
      place.warn('unsupported', `the mask ${mask.slice(0, 60)} has no effect beside "default"`);
    if (target === 'default')
      return defined<RouteConfig>({
        to: read.gateway !== undefined && isIpv6(read.gateway) ? '::/0' : '0.0.0.0/0',
        via: read.gateway,
        metric: read.metric,
        mtu: read.mtu,
      });
    const to = withMask(target, mask, place);
    if (to === undefined) {
      place.error('invalid-value', `"${target.slice(0, 60)}" with its mask is not a network`);
      return undefined;
    }
    const network = splitPrefix(to);
    if (network?.length === undefined) return undefined;
    return defined<RouteConfig>({
      to: networkOf(network.address, network.length),
      via: read.gateway,
      metric: read.metric,
      mtu: read.mtu,
    });
  },
);

/** `192.0.2.1` and a mask, in one text or two → `192.0.2.1/24`; a lone address is its own network. Of two masks the first counts. */
export function withMask(value: string, mask: string | undefined, place?: Place): string | undefined {
  const parts = splitPrefix(value);
  if (parts === undefined) return undefined;
  const most = isIpv6(parts.address) ? 128 : 32;
  const length = parts.length ?? (mask === undefined ? most : prefixLengthOf(mask));
  if (parts.length !== undefined && mask !== undefined && prefixLengthOf(mask) !== parts.length)
    place?.warn('unsupported', `the mask ${mask.slice(0, 60)} has no effect: ${value} has its own`);
  return length === undefined || length > most ? undefined : `${parts.address}/${length}`;
}

type Assignment = (device: SubnetDevice, read: SubnetRead, place: Place) => void;

/** What the subnets of one device add up to. */
export interface SubnetDevice {
  dhcp4?: boolean;
  dhcp6?: boolean;
  acceptRa?: boolean;
  addresses: string[];
  routes: RouteConfig[];
  nameservers: string[];
  search: string[];
  optional?: boolean;
  /** Of the device: the first that is given, and where. */
  mtu?: { readonly bytes: number; readonly place: Place };
}

interface SubnetRead {
  readonly type?: string;
  readonly address?: string;
  readonly netmask?: string;
  readonly prefix?: number;
  readonly gateway?: string;
  readonly metric?: number;
}

const fixed: Assignment = (device, read, place) => {
  const { address: own, netmask, prefix } = read;
  const mask = prefix === undefined ? netmask : String(prefix);
  if (prefix !== undefined && netmask !== undefined && prefixLengthOf(netmask) !== prefix)
    place.child('netmask').warn('unsupported', '"prefix" counts', undefined, 'key');
  const entry = own === undefined ? undefined : withMask(own, mask ?? usualMask(own), place);
  if (entry === undefined) {
    place.error('invalid-value', `a static subnet needs an "address" and its mask`);
    return;
  }
  device.addresses.push(entry);
  if (read.gateway !== undefined) device.routes.push(gatewayRoute(read.gateway, read.metric));
  else if (read.metric !== undefined)
    place.child('metric').warn('unsupported', '"metric" has no effect without a "gateway"', undefined, 'key');
};

/** Undefined for an address that brings its own. */
function usualMask(address: string): string | undefined {
  if (address.includes('/')) return undefined;
  return isIpv6(address) ? '64' : '24';
}

/** A way to get addresses from the network: what is written of one is not used. */
function dynamic(set: (device: SubnetDevice) => void): Assignment {
  return (device, read, place) => {
    set(device);
    for (const key of ['address', 'netmask', 'prefix', 'gateway', 'metric'] as const) {
      if (read[key] === undefined) continue;
      const message = `"${key}" has no effect beside the type ${read.type ?? ''}`;
      place.child(key).warn('unsupported', message, 'give it to a subnet of the type static', 'key');
    }
  };
}

const dhcp4 = dynamic((device) => {
  device.dhcp4 = true;
});
const dhcp6 = dynamic((device) => {
  device.dhcp6 = true;
});
const advertised = dynamic((device) => {
  device.acceptRa = true;
});

/** How a subnet gets its addresses, by its `type`. */
export const subnetTypes: Readonly<Record<string, Assignment>> = {
  dhcp: dhcp4,
  dhcp4,
  dhcp6,
  'ipv6_dhcpv6-stateful': dhcp6,
  'ipv6_dhcpv6-stateless': dynamic((device) => {
    device.dhcp6 = true;
    device.acceptRa = true;
  }),
  ipv6_slaac: advertised,
  static: fixed,
  static4: fixed,
  static6: fixed,
  manual: dynamic(() => undefined),
};

const subnet = record({
  type: text,
  address: text,
  netmask,
  prefix: natural,
  gateway: address,
  metric: natural32,
  mtu,
  dns_nameservers: addresses,
  dns_search: words,
  routes: list(route1),
  control: text,
  broadcast: { ignored: 'it follows from the address' },
  scope: { ignored: 'it follows from the address' },
  pointopoint: { ignored: 'write a route with its gateway' },
  ipv4: { ignored: 'the type says it' },
  ipv6: { ignored: 'the type says it' },
});

/** The `subnets` of a version 1 device. */
export const subnets: Shape<SubnetDevice> = convert(
  list(convert(subnet, (value, place) => ({ value, place }))),
  (items) => {
    const device: SubnetDevice = { addresses: [], routes: [], nameservers: [], search: [] };
    for (const { value, place } of items) {
      const assign = Object.hasOwn(subnetTypes, value.type ?? '') ? subnetTypes[value.type ?? ''] : undefined;
      if (assign === undefined) {
        place.error('invalid-value', `the type of a subnet is one of ${Object.keys(subnetTypes).join(', ')}`);
        continue;
      }
      assign(device, value, place);
      device.routes.push(...(value.routes ?? []));
      device.nameservers.push(...(value.dns_nameservers ?? []));
      device.search.push(...(value.dns_search ?? []));
      takeMtu(device, value.mtu, place);
      if (value.control === 'manual') device.optional = true;
      else if (value.control !== undefined && value.control !== 'auto')
        place
          .child('control')
          .warn('unsupported', `"${value.control.slice(0, 60)}" has no effect: every declared device is brought up`);
    }
    return device;
  },
);

function takeMtu(device: SubnetDevice, bytes: number | undefined, place: Place): void {
  if (bytes === undefined) return;
  if (device.mtu === undefined) device.mtu = { bytes, place: place.child('mtu') };
  else if (device.mtu.bytes !== bytes)
    place
      .child('mtu')
      .warn('unsupported', `a device has one MTU, and ${device.mtu.bytes} stands before it`, undefined, 'key');
}

/** The subnets' part of a device. */
export function subnetPart(device: SubnetDevice | undefined): DeviceConfig {
  if (device === undefined) return {};
  const { nameservers, search } = device;
  return defined<DeviceConfig>({
    dhcp4: device.dhcp4,
    dhcp6: device.dhcp6,
    acceptRa: device.acceptRa,
    addresses: device.addresses.length === 0 ? undefined : device.addresses,
    routes: device.routes.length === 0 ? undefined : device.routes,
    nameservers: nameservers.length + search.length === 0 ? undefined : { addresses: nameservers, search },
    optional: device.optional,
  });
}
