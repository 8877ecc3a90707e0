import type {
  BondConfig,
  BridgeConfig,
  DeviceConfig,
  EthernetConfig,
  NetworkConfig,
  VlanConfig,
} from '../../config/network/network-config.ts';
import { type Creation, isOurMark } from './creation.ts';
import type { ObservedLink } from './observed.ts';

/** One device as it shall be. */
export interface DesiredDevice {
  /** Key path in the config: `network.ethernets.lan`. */
  readonly key: string;
  /** The name it has in the end. */
  readonly name: string;
  /** The name it has now, for a device that is found rather than created. */
  readonly found?: string;
  readonly creation?: Creation;
  /** Names of the devices that join it. */
  readonly members: readonly string[];
  /** The preferred member of a bond. */
  readonly primary?: string;
  readonly config: DeviceConfig;
}

/** A declared device that cannot be had yet, and why. */
export interface WaitingDevice {
  readonly key: string;
  readonly why: string;
  readonly optional: boolean;
}

export interface DesiredNetwork {
  /** In an order in which each one's link comes before it. */
  readonly devices: readonly DesiredDevice[];
  readonly waiting: readonly WaitingDevice[];
}

/** Without a network configuration every Ethernet device asks for addresses in every way. */
export const defaultDevice: DeviceConfig = { dhcp4: true, dhcp6: true, optional: true };

/** Finds the devices that a configuration speaks of among those that are there. Pure. */
export function desiredNetwork(config: NetworkConfig | undefined, links: readonly ObservedLink[]): DesiredNetwork {
  if (config === undefined) return everyEthernet(links);
  const { found, waiting } = findEthernets(config.ethernets ?? {}, links);
  const nameOfEntry = new Map(found.map(({ entry, device }) => [entry, device.name]));
  const nameOf = (entry: string): string => nameOfEntry.get(entry) ?? entry;
  const created = [
    ...Object.entries(config.bonds ?? {}).map(([name, bond]) => bondDevice(name, bond, nameOf)),
    ...Object.entries(config.vlans ?? {}).map(([name, vlan]) => vlanDevice(name, vlan, nameOf)),
    ...Object.entries(config.bridges ?? {}).map(([name, bridge]) => bridgeDevice(name, bridge, nameOf)),
  ];
  const devices = found.map(({ device }) => device);
  // What Berth created earlier is made again or removed: it does not count before its turn.
  const available = new Set(links.filter(({ alias }) => !isOurMark(alias)).map(({ name }) => name));
  for (const device of devices) available.delete(device.found ?? device.name);
  for (const device of devices) available.add(device.name);
  for (const { name } of created) available.delete(name);
  let left = created;
  for (;;) {
    const next = left.filter(({ creation }) => creation?.kind !== 'vlan' || available.has(creation.link));
    if (next.length === 0) break;
    for (const device of next) available.add(device.name);
    devices.push(...next);
    left = left.filter((device) => !next.includes(device));
  }
  const withoutLink = left.map(({ key, creation, config: { optional = false } }) => ({
    key,
    why: `there is no device ${creation?.kind === 'vlan' ? creation.link : ''}`,
    optional,
  }));
  return { devices, waiting: [...waiting, ...withoutLink] };
}

function everyEthernet(links: readonly ObservedLink[]): DesiredNetwork {
  const hardware = links.filter(isHardware);
  return {
    devices: hardware.map(({ name }) => ({ key: 'network', name, found: name, members: [], config: defaultDevice })),
    waiting: hardware.length > 0 ? [] : [{ key: 'network', why: 'there is no Ethernet device', optional: false }],
  };
}

interface Found {
  readonly entry: string;
  readonly device: DesiredDevice;
}

function findEthernets(
  entries: Readonly<Record<string, EthernetConfig>>,
  links: readonly ObservedLink[],
): { readonly found: Found[]; readonly waiting: WaitingDevice[] } {
  const found: Found[] = [];
  const waiting: WaitingDevice[] = [];
  const taken = new Set<string>();
  const names = new Map<string, string>();
  const inOrder = Object.entries(entries).toSorted(([, a], [, b]) => vagueness(a) - vagueness(b));
  for (const [entry, config] of inOrder) {
    const key = `network.ethernets.${entry}`;
    const optional = config.optional ?? false;
    const namesake = config.setName === undefined ? undefined : names.get(config.setName);
    if (namesake !== undefined) {
      waiting.push({ key, why: `the name ${config.setName ?? ''} is that of the entry ${namesake}`, optional });
      continue;
    }
    if (config.setName !== undefined) names.set(config.setName, entry);
    const fitting = links.filter((link) => !taken.has(link.name) && fits(entry, config, link));
    // Only one device can have the name.
    const chosen = config.setName === undefined ? fitting : fitting.slice(0, 1);
    if (chosen.length === 0) {
      waiting.push({ key, why: `no device has ${wanted(entry, config)}`, optional });
    }
    for (const { name } of chosen) {
      taken.add(name);
      found.push({ entry, device: { key, name: config.setName ?? name, found: name, members: [], config } });
    }
  }
  return { found: found.map((one) => displaced(one, found, links)), waiting };
}

/** A device that gives its name to another one is called by its number from then on. */
export function spareName({ index }: ObservedLink): string {
  return `net${index}`;
}

function displaced(one: Found, all: readonly Found[], links: readonly ObservedLink[]): Found {
  const { device } = one;
  const link = links.find(({ name }) => name === device.found);
  const isTaken = all.some((other) => other !== one && other.device.name === device.name);
  if (!isTaken || link === undefined || device.name !== device.found) return one;
  return { ...one, device: { ...device, name: spareName(link) } };
}

function fits(entry: string, { match, setName }: EthernetConfig, link: ObservedLink): boolean {
  if (!link.isEthernet) return false;
  if (match === undefined) return link.name === entry;
  const { name, macAddress, drivers } = match;
  const isExact = macAddress !== undefined || (name !== undefined && !/[*?]/.test(name));
  // A pattern is meant for hardware: without this, `*` would take the ends of containers' cables.
  if (!isHardware(link) && !(isExact && link.kind === 'veth')) return false;
  // After a restart of the agent the device has its new name already.
  const hasName = name === undefined || glob(name).test(link.name) || link.name === setName;
  const mac = link.permanentMac ?? link.macAddress;
  return (
    hasName &&
    (macAddress === undefined || mac === macAddress) &&
    (drivers === undefined || drivers.some((driver) => glob(driver).test(link.driver ?? '')))
  );
}

/** The hardware's address says most about which device is meant; a pattern, which may fit many, says least. */
function vagueness({ match }: EthernetConfig): number {
  if (match?.macAddress !== undefined) return 0;
  const isPattern = match !== undefined && (match.name === undefined || /[*?]/.test(match.name));
  return isPattern ? 2 : 1;
}

function wanted(entry: string, { match }: EthernetConfig): string {
  if (match === undefined) return `the name ${entry}`;
  const parts = [
    ...(match.name === undefined ? [] : [`the name ${match.name}`]),
    ...(match.macAddress === undefined ? [] : [`the address ${match.macAddress}`]),
    ...(match.drivers === undefined ? [] : [`the driver ${match.drivers.join(' or ')}`]),
  ];
  return parts.join(' and ');
}

function glob(pattern: string): RegExp {
  const escaped = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${escaped}$`);
}

/** True for a device of the machine itself, as opposed to one made by software. */
function isHardware({ isEthernet, kind }: ObservedLink): boolean {
  return isEthernet && kind === undefined;
}

function bondDevice(name: string, bond: BondConfig, nameOf: (entry: string) => string): DesiredDevice {
  const { interfaces, parameters, primary } = bond;
  return {
    key: `network.bonds.${name}`,
    name,
    creation: { kind: 'bond', parameters },
    members: interfaces.map(nameOf),
    ...(primary === undefined ? {} : { primary: nameOf(primary) }),
    config: bond,
  };
}

function vlanDevice(name: string, vlan: VlanConfig, nameOf: (entry: string) => string): DesiredDevice {
  const creation: Creation = { kind: 'vlan', id: vlan.id, link: nameOf(vlan.link) };
  return { key: `network.vlans.${name}`, name, creation, members: [], config: vlan };
}

function bridgeDevice(name: string, bridge: BridgeConfig, nameOf: (entry: string) => string): DesiredDevice {
  const { interfaces, parameters } = bridge;
  const creation: Creation = { kind: 'bridge', parameters };
  return { key: `network.bridges.${name}`, name, creation, members: interfaces.map(nameOf), config: bridge };
}
