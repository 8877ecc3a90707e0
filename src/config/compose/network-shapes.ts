import type { Place } from '../place.ts';
import { describeValue, oneOf } from '../shape.ts';
import { textList } from './command-shapes.ts';
import {
  type ComposeShape,
  converted,
  lastOfEach,
  namedMap,
  orNull,
  plain,
  shapeOf,
  shortOr,
} from './compose-shape.ts';
import { isIpAddress } from './ip-address.ts';
import { options } from './pair-shapes.ts';
import { parsePortShort, parseRange } from './port.ts';
import { recordOf } from './record-of.ts';
import { decimal, text, textOrNumber } from './scalar-shapes.ts';
import type { PortMapping, ServiceNetwork } from './types.ts';

/** Names of networks, volumes, services and their like. */
export const resourceName = /^[a-zA-Z0-9._-]+$/;

/** An IPv4 or IPv6 address. */
export const ipAddress: ComposeShape<string> = converted(
  text,
  (value, place) => {
    if (isIpAddress(value)) return value;
    place.error('invalid-value', `${describeValue(value)} is not an IP address`);
    return undefined;
  },
  (value) => value,
);

const containerPort = converted(
  textOrNumber,
  (value) => parseRange(value, 'container').start,
  (value) => value,
  {
    type: ['integer', 'string'],
  },
);

const hostPort = converted(
  textOrNumber,
  (value) => {
    if (value !== '') parseRange(value, 'host');
    return value;
  },
  (value) => value,
  { type: ['integer', 'string'] },
);

const longPort = recordOf<PortMapping>({
  noun: 'a port',
  fields: {
    mode: plain(oneOf(['ingress', 'host'])),
    host_ip: ipAddress,
    target: containerPort,
    published: hostPort,
    protocol: plain(oneOf(['tcp', 'udp', 'sctp'])),
    app_protocol: text,
    name: text,
  },
  defaults: { mode: 'ingress', protocol: 'tcp' },
  required: ['target'],
});

const shortPort = converted(textOrNumber, parsePortShort, (ports) => ports.map((port) => longPort.print(port)));

/** Each published port is a rule and a process on the host; more of them than this are a mistake. */
const maxPorts = 10_000;

/** Published ports; a short form with ranges stands for several of them. A mapping of ports is there only once. */
export const ports: ComposeShape<PortMapping[]> = shapeOf({
  name: 'a list of ports',
  schema: { type: 'array', items: { anyOf: [shortPort.schema, longPort.schema] } },
  hint: 'write ["8080:80"]',
  is: (value): value is unknown[] => Array.isArray(value),
  read(value, place) {
    const found: PortMapping[] = [];
    for (const [index, entry] of value.entries()) {
      found.push(...readPort(entry, place.child(index)));
      if (found.length <= maxPorts) continue;
      place.error('invalid-value', `more than ${maxPorts} ports`, 'use "network_mode: host" to have them all');
      return undefined;
    }
    return lastOfEach(found, portKey, place);
  },
  print: (value) => value.map((port) => longPort.print(port)),
});

function readPort(entry: unknown, place: Place): PortMapping[] {
  if (shortPort.accepts(entry)) return shortPort.read(entry, place) ?? [];
  const port = longPort.read(entry, place);
  return port === undefined ? [] : [port];
}

function portKey({ host_ip: ip = '0.0.0.0', published = '', target, protocol = 'tcp' }: PortMapping): string {
  return `${ip}:${published}:${target}/${protocol}`;
}

const attachment = recordOf<ServiceNetwork>({
  noun: 'a network of a service',
  fields: {
    aliases: textList,
    ipv4_address: ipAddress,
    ipv6_address: ipAddress,
    link_local_ips: textList,
    mac_address: text,
    driver_opts: options,
    priority: decimal(),
    gw_priority: decimal(),
    interface_name: text,
  },
});

const namedNetworks: ComposeShape<Record<string, ServiceNetwork | null>> = converted(
  textList,
  (names) => Object.fromEntries(names.map((name) => [name, null])),
  (value) => value,
);

/** The networks a service joins: a list of names, or a mapping from names to settings. */
export const serviceNetworks = shortOr<Record<string, ServiceNetwork | null>>(
  namedNetworks,
  namedMap(orNull(attachment), resourceName),
);
