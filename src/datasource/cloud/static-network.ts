import { withMask } from '../../config/network/subnets.ts';
import { textValue } from '../meta-data.ts';
import type { NetworkText } from '../seed-documents.ts';

/** An address of a network device, as platforms write them. */
export interface StaticAddress {
  readonly address: unknown;
  /** `255.255.255.0`, or a length. */
  readonly mask: unknown;
  readonly gateway?: unknown;
}

export interface StaticDevice {
  readonly mac: unknown;
  readonly addresses: readonly StaticAddress[];
  readonly nameservers?: unknown;
  /** Keys of version 2 besides: `dhcp4`. */
  readonly more?: Readonly<Record<string, unknown>>;
}

/** A network configuration, version 2, for devices by their hardware addresses; undefined when there is none. Pure. */
export function staticNetwork(devices: readonly StaticDevice[]): NetworkText | undefined {
  const ethernets = Object.fromEntries(
    devices.flatMap((device, index) => {
      const mac = textValue(device.mac);
      return mac === undefined ? [] : [[`nic${index}`, { match: { macaddress: mac }, ...deviceSettings(device) }]];
    }),
  );
  return Object.keys(ethernets).length === 0 ? undefined : networkText({ ethernets });
}

/** Devices of version 2 as a text. Pure. */
export function networkText(devices: Readonly<Record<string, unknown>>): NetworkText {
  return { text: JSON.stringify({ version: 2, ...devices }, null, 1), format: 'cloud-init' };
}

/** Addresses, routes and name servers of a device, whatever its kind, by version 2's keys. Pure. */
export function deviceSettings({
  addresses,
  nameservers,
  more = {},
}: Omit<StaticDevice, 'mac'>): Record<string, unknown> {
  const entries = addresses.flatMap(({ address, mask, gateway }) => {
    const text = textValue(address);
    const entry = text === undefined ? undefined : withMask(text, textValue(mask));
    return entry === undefined ? [] : [{ entry, via: textValue(gateway) }];
  });
  const routes = entries.flatMap(({ entry, via }) => (via === undefined ? [] : [defaultRoute(entry, via)]));
  const servers = Array.isArray(nameservers) ? nameservers.filter((server) => typeof server === 'string') : [];
  return {
    ...more,
    ...(entries.length === 0 ? {} : { addresses: entries.map(({ entry }) => entry) }),
    ...(routes.length === 0 ? {} : { routes }),
    ...(servers.length === 0 ? {} : { nameservers: { addresses: servers } }),
  };
}

/** The gateway of an address that is a network of its own is not in it. */
function defaultRoute(entry: string, via: string): Record<string, unknown> {
  const isAlone = /\/(32|128)$/.test(entry);
  return { to: entry.includes(':') ? '::/0' : '0.0.0.0/0', via, ...(isAlone ? { 'on-link': true } : {}) };
}
