import type { Place } from '../place.ts';
import { record } from '../record-shape.ts';
import {
  convert,
  describeValue,
  either,
  isMapping,
  list,
  natural,
  oneOf,
  opaqueMap,
  type Shape,
  text,
  truth,
} from '../shape.ts';
import type { DeviceConfig, DhcpOverrides, RouteConfig } from './network-config.ts';
import { address, addressOf, interfaceAddress, isIpv6, macAddress, routeTarget } from './network-values.ts';

/** A copy without the keys that are undefined. */
export function defined<T extends object>(value: { [K in keyof T]: T[K] | undefined }): T {
  return Object.fromEntries(Object.entries(value).filter(([, entry]) => entry !== undefined)) as T;
}

/** One address, or netplan's mapping from an address to options, which are not taken. */
const addressEntry: Shape<string> = convert(either(text, opaqueMap), (value, place) => {
  if (typeof value === 'string') return interfaceAddress.read(value, place);
  const [key, ...more] = Object.keys(value);
  if (key === undefined || more.length > 0) {
    place.error('wrong-type', 'expected one address');
    return undefined;
  }
  const options = value[key] ?? {};
  if (!isMapping(options))
    place.child(key).error('wrong-type', `expected options of the address, found ${describeValue(options)}`);
  for (const option of isMapping(options) ? Object.keys(options) : [])
    place.child(key).child(option).warn('unsupported', `"${option}" of an address has no effect`, undefined, 'key');
  return interfaceAddress.read(key, place);
});

/** Bytes in a packet: IPv4's least to what the kernel takes. */
export const mtu: Shape<number> = convert(natural, (value, place) => {
  if (value >= 68 && value <= 65535) return value;
  place.error('invalid-value', `${value} is not an MTU: 68 to 65535`);
  return undefined;
});

/** A 32-bit number: a metric or the number of a routing table. */
export const natural32: Shape<number> = convert(natural, (value, place) => {
  if (value <= 0xffff_ffff) return value;
  place.error('invalid-value', `${value} is more than 4294967295`);
  return undefined;
});

/** One route in netplan's keys. */
export const routeShape: Shape<RouteConfig> = convert(
  record(
    {
      to: routeTarget,
      via: address,
      from: address,
      metric: natural32,
      table: natural32,
      mtu,
      'on-link': truth,
      scope: oneOf(['global', 'link', 'host']),
      type: oneOf(['unicast', 'blackhole', 'unreachable', 'prohibit']),
      'congestion-window': { ignored: 'Berth leaves TCP windows to the kernel' },
      'advertised-receive-window': { ignored: 'Berth leaves TCP windows to the kernel' },
    },
    { required: ['to'] },
  ),
  ({ 'on-link': onLink, to, ...route }, place) => {
    const target = to === 'default' ? defaultRoute(route.via) : to;
    if (route.via !== undefined && isIpv6(route.via) && !isIpv6(target)) {
      place.error('invalid-value', `the way to ${target} leads over an IPv6 address`);
      return undefined;
    }
    return defined<RouteConfig>({ ...route, to: target, onLink });
  },
);

function defaultRoute(via: string | undefined): string {
  return via !== undefined && isIpv6(via) ? '::/0' : '0.0.0.0/0';
}

/** A default route over a gateway. */
export function gatewayRoute(via: string, metric?: number): RouteConfig {
  return defined<RouteConfig>({ to: defaultRoute(via), via, metric });
}

const overrides: Shape<DhcpOverrides> = convert(
  record({
    'use-dns': truth,
    'use-routes': truth,
    'use-mtu': truth,
    'send-hostname': truth,
    hostname: text,
    'route-metric': natural32,
    'use-ntp': { ignored: 'the time service decides which servers it asks' },
    'use-hostname': { ignored: 'the host name is that of the config or of the datasource' },
    'use-domains': { ignored: 'search domains come with the DNS servers' },
  }),
  (read) =>
    defined<DhcpOverrides>({
      useDns: read['use-dns'],
      useRoutes: read['use-routes'],
      useMtu: read['use-mtu'],
      sendHostname: read['send-hostname'],
      hostname: read.hostname,
      routeMetric: read['route-metric'],
    }),
);

const notTaken = (why: string) => ({ ignored: why });

/** The keys of netplan that every kind of device has. */
export const deviceFields = {
  dhcp4: truth,
  dhcp6: truth,
  'accept-ra': truth,
  addresses: list(addressEntry),
  gateway4: addressOf(4),
  gateway6: addressOf(6),
  routes: list(routeShape),
  nameservers: record({ addresses: list(address), search: list(text) }),
  mtu,
  macaddress: macAddress,
  optional: truth,
  'dhcp4-overrides': overrides,
  'dhcp6-overrides': overrides,
  renderer: notTaken('Berth configures the network itself'),
  critical: notTaken('Berth never takes a connection down without a change of the config'),
  'dhcp-identifier': notTaken('DHCP identifies this host by its MAC address'),
  'link-local': notTaken("IPv6 link-local addresses are the kernel's"),
  'ipv6-privacy': notTaken('a server keeps stable addresses'),
  'ipv6-address-generation': notTaken('addresses from router advertisements come from the MAC address'),
  'ipv6-mtu': notTaken('set "mtu"'),
  'ignore-carrier': notTaken('addresses stay when the carrier is lost'),
  'activation-mode': notTaken('every declared device is brought up'),
  'optional-addresses': notTaken('use "optional"'),
  'routing-policy': notTaken('Berth does not set policy rules'),
  'emit-lldp': notTaken('Berth does not send LLDP'),
  'receive-checksum-offload': notTaken("offloads are the driver's"),
  'transmit-checksum-offload': notTaken("offloads are the driver's"),
  'tcp-segmentation-offload': notTaken("offloads are the driver's"),
  'generic-segmentation-offload': notTaken("offloads are the driver's"),
  'generic-receive-offload': notTaken("offloads are the driver's"),
  'large-receive-offload': notTaken("offloads are the driver's"),
  openvswitch: notTaken('Berth has no Open vSwitch'),
} as const;

type Read = Partial<{
  dhcp4: boolean;
  dhcp6: boolean;
  'accept-ra': boolean;
  addresses: string[];
  gateway4: string;
  gateway6: string;
  routes: RouteConfig[];
  nameservers: Partial<{ addresses: string[]; search: string[] }>;
  mtu: number;
  macaddress: string;
  optional: boolean;
  'dhcp4-overrides': DhcpOverrides;
  'dhcp6-overrides': DhcpOverrides;
}>;

/** What the common keys of a device say. */
export function toDevice(read: Read, place: Place): DeviceConfig {
  const { nameservers } = read;
  warnOfOverrides(read, place);
  const gateways = [read.gateway4, read.gateway6].filter((via) => via !== undefined).map((via) => gatewayRoute(via));
  const routes = [...gateways, ...(read.routes ?? [])];
  return defined<DeviceConfig>({
    dhcp4: read.dhcp4,
    dhcp6: read.dhcp6,
    acceptRa: read['accept-ra'],
    addresses: read.addresses,
    routes: routes.length === 0 ? undefined : routes,
    nameservers:
      nameservers === undefined
        ? undefined
        : { addresses: nameservers.addresses ?? [], search: nameservers.search ?? [] },
    mtu: read.mtu,
    macAddress: read.macaddress,
    optional: read.optional,
    dhcp4Overrides: read['dhcp4-overrides'],
    dhcp6Overrides: read['dhcp6-overrides'],
  });
}

/** One program asks for both protocols: but for the name servers, only one of the two can have a say. */
function warnOfOverrides(
  { 'dhcp4-overrides': first, 'dhcp6-overrides': second }: Pick<Read, 'dhcp4-overrides' | 'dhcp6-overrides'>,
  place: Place,
): void {
  const words = (overrides: DhcpOverrides): string =>
    JSON.stringify(Object.entries({ ...overrides, useDns: undefined }).toSorted());
  if (first === undefined || second === undefined || words(first) === words(second)) return;
  place
    .child('dhcp6-overrides')
    .warn(
      'unsupported',
      '"dhcp4-overrides" counts for both protocols, but for "use-dns"',
      'write the same under both keys',
      'key',
    );
}
