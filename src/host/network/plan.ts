import type { ConnectivityConfig } from '../../config/host-config.ts';
import type { DeviceConfig, NetworkConfig, RouteConfig } from '../../config/network/network-config.ts';
import type { Reason } from '../../core/plan.ts';
import { creationMark, isOurMark } from './creation-mark.ts';
import { type DesiredDevice, type DesiredNetwork, desiredNetwork, type WaitingDevice } from './desired.ts';
import { dhcpcdConfig } from './dhcpcd-config.ts';
import { mainTable, type ObservedLink, type ObservedNetwork, type ObservedRoute } from './observed.ts';
import { type Resolver, renderResolvConf, resolverOf } from './resolv-conf.ts';
import type { NetworkAction, NetworkStep } from './steps.ts';
import { summaryOf } from './summary.ts';

export interface NetworkPlanInput {
  /** Absent: every Ethernet device asks by DHCP. */
  readonly network: NetworkConfig | undefined;
  readonly dns: ConnectivityConfig['dns'];
  readonly observed: ObservedNetwork;
  /** Where the DHCP client's hook keeps the answers. */
  readonly leasesDirectory: string;
  /** Why a step for this key is taken. */
  readonly reasonOf: (key: string) => Reason;
}

export interface NetworkPlan {
  /** In the order in which they are to be carried out; empty when the network is as declared. */
  readonly steps: readonly NetworkStep[];
  readonly waiting: readonly WaitingDevice[];
  readonly resolver: Resolver;
  /** Names of the devices that the config speaks of and that are there, or are made by these steps. */
  readonly managed: ReadonlySet<string>;
}

/** The steps from the network as it is to the network as declared. Pure. */
export function planNetwork(input: NetworkPlanInput): NetworkPlan {
  const { observed, network } = input;
  const desired = desiredNetwork(network, observed.links);
  const list = new StepList(input.reasonOf);
  const links = renamed(desired.devices, observed.links, list);
  removeObsolete(desired, observed, links, list);
  for (const device of desired.devices) if (device.creation !== undefined) create(device, links, list);
  const members = new Set(desired.devices.flatMap((device) => device.members));
  for (const device of desired.devices) joinMembers(device, links, members, list);
  for (const device of desired.devices) configure(device, links, observed.routes, list);
  const byName = new Map(desired.devices.map(({ name, config }) => [name, config]));
  planDhcp(input, withoutMembers(byName, members), list);
  const resolver = resolverOf({ declared: input.dns, devices: byName, leases: observed.leases });
  const resolvConf = renderResolvConf(resolver);
  if (observed.resolvConf !== resolvConf) list.add('network', { kind: 'write-resolv-conf', text: resolvConf });
  return { steps: list.steps, waiting: desired.waiting, resolver, managed: new Set(byName.keys()) };
}

class StepList {
  readonly steps: NetworkStep[] = [];
  readonly #reasonOf: (key: string) => Reason;

  constructor(reasonOf: (key: string) => Reason) {
    this.#reasonOf = reasonOf;
  }

  add(key: string, action: NetworkAction): void {
    const { subject, detail, text } = summaryOf(action);
    const last = this.steps.at(-1);
    this.steps.push({
      id: `${action.kind}:${detail}`,
      subject: `network/${subject}`,
      cost: 'live',
      reason: this.#reasonOf(key),
      summary: text,
      after: last === undefined ? [] : [last.id],
      ...action,
    });
  }
}

/** The links as they are once renamed. A device that holds another one's name gives it up first. */
function renamed(
  devices: readonly DesiredDevice[],
  links: readonly ObservedLink[],
  list: StepList,
): Map<string, ObservedLink> {
  const result = new Map(links.map((link) => [link.name, link]));
  const wrong = devices.filter(({ name, found }) => found !== undefined && found !== name);
  const now = new Map(wrong.map((device) => [device, device.found ?? device.name]));
  const rename = (from: string, to: string, key: string): void => {
    const link = result.get(from);
    if (link === undefined) return;
    list.add(key, { kind: 'rename-link', from, to });
    result.delete(from);
    // The device has to be down for it, and that takes its IPv6 addresses away.
    result.set(to, {
      ...link,
      name: to,
      isUp: false,
      addresses: link.addresses.filter(({ address }) => !address.includes(':')),
    });
  };
  for (const device of wrong) {
    const holder = result.get(device.name);
    if (holder !== undefined) {
      const spare = `net${holder.index}`;
      rename(holder.name, spare, device.key);
      for (const [other, name] of now) if (name === holder.name) now.set(other, spare);
    }
    rename(now.get(device) ?? device.name, device.name, device.key);
  }
  return result;
}

function removeObsolete(
  desired: DesiredNetwork,
  observed: ObservedNetwork,
  links: Map<string, ObservedLink>,
  list: StepList,
): void {
  const devices = new Map(desired.devices.map((device) => [device.name, device]));
  for (const link of [...links.values()]) {
    if (!isOurMark(link.alias)) continue;
    const creation = devices.get(link.name)?.creation;
    if (creation !== undefined && creationMark(creation) === link.alias) continue;
    list.add(devices.get(link.name)?.key ?? 'network', { kind: 'delete-link', link: link.name });
    links.delete(link.name);
  }
  for (const route of observed.routes.filter(({ isOurs }) => isOurs)) {
    const link = route.link === undefined ? undefined : devices.get(route.link);
    // A route that belongs to no link, such as a blackhole, may be any device's.
    const owners = route.link === undefined ? desired.devices : link === undefined ? [] : [link];
    const declared = owners.some(({ config }) => (config.routes ?? []).some((wanted) => sameRoute(wanted, route)));
    if (!declared) list.add(link?.key ?? 'network', { kind: 'remove-route', route });
  }
  for (const link of links.values()) {
    const config = devices.get(link.name)?.config;
    for (const { address, isOurs } of link.addresses) {
      if (isOurs && !(config?.addresses ?? []).includes(address))
        list.add(devices.get(link.name)?.key ?? 'network', { kind: 'remove-address', link: link.name, address });
    }
  }
}

function create(device: DesiredDevice, links: Map<string, ObservedLink>, list: StepList): void {
  const { name, creation, key } = device;
  if (creation === undefined || links.has(name)) return;
  const alias = creationMark(creation);
  list.add(key, { kind: 'create-link', link: name, creation, alias });
  links.set(name, {
    index: 0,
    name,
    kind: creation.kind,
    isEthernet: true,
    macAddress: '',
    isUp: false,
    hasCarrier: false,
    mtu: 0,
    alias,
    takesRa: true,
    addresses: [],
  });
}

function joinMembers(
  device: DesiredDevice,
  links: Map<string, ObservedLink>,
  members: ReadonlySet<string>,
  list: StepList,
): void {
  const { name, key, creation, primary } = device;
  let joined = false;
  for (const member of device.members) {
    const link = links.get(member);
    if (link === undefined || link.master === name) continue;
    list.add(key, { kind: 'join-link', link: member, master: name, isBond: creation?.kind === 'bond' });
    links.set(member, { ...link, master: name, isUp: true });
    joined = true;
  }
  if (joined && primary !== undefined && links.get(primary)?.master === name)
    list.add(key, { kind: 'set-primary', link: name, primary });
  for (const link of links.values()) {
    // Containers and guests put devices of their own into a bridge: only hardware that the config does not name leaves.
    if (link.master === name && link.kind === undefined && !members.has(link.name))
      list.add(key, { kind: 'leave-link', link: link.name });
  }
}

function configure(
  device: DesiredDevice,
  links: ReadonlyMap<string, ObservedLink>,
  routes: readonly ObservedRoute[],
  list: StepList,
): void {
  const { name, key, config } = device;
  const link = links.get(name);
  if (link === undefined) return;
  const add = (action: NetworkAction): void => list.add(key, action);
  if (config.macAddress !== undefined && config.macAddress !== link.macAddress)
    add({ kind: 'set-mac', link: name, macAddress: config.macAddress });
  if (config.mtu !== undefined && config.mtu !== link.mtu) add({ kind: 'set-mtu', link: name, mtu: config.mtu });
  if (config.acceptRa === false && link.takesRa) add({ kind: 'refuse-ra', link: name });
  if (!link.isUp) add({ kind: 'bring-up', link: name });
  const there = new Set(link.addresses.map(({ address }) => address));
  for (const address of config.addresses ?? [])
    if (!there.has(address)) add({ kind: 'add-address', link: name, address });
  // The kernel drops the routes of a device that goes down.
  const kept = link.isUp
    ? routes.filter((route) => route.isOurs && (route.link === undefined || route.link === name))
    : [];
  for (const route of config.routes ?? []) {
    if (!kept.some((candidate) => sameRoute(route, candidate))) add({ kind: 'set-route', link: name, route });
  }
}

/** The kernel gives an IPv6 route without a metric this one. */
const defaultIpv6Metric = 1024;

function sameRoute(wanted: RouteConfig, route: ObservedRoute): boolean {
  const defaultMetric = wanted.to.includes(':') ? defaultIpv6Metric : undefined;
  return (
    wanted.to === route.to &&
    wanted.via === route.via &&
    (wanted.table ?? mainTable) === route.table &&
    (wanted.metric ?? defaultMetric) === route.metric &&
    (wanted.type ?? 'unicast') === route.type &&
    wanted.from === route.from &&
    wanted.mtu === route.mtu &&
    (wanted.onLink ?? false) === route.onLink
  );
}

function withoutMembers(
  devices: ReadonlyMap<string, DeviceConfig>,
  members: ReadonlySet<string>,
): Map<string, DeviceConfig> {
  return new Map([...devices].filter(([name]) => !members.has(name)));
}

function planDhcp(
  { observed, leasesDirectory }: NetworkPlanInput,
  devices: ReadonlyMap<string, DeviceConfig>,
  list: StepList,
): void {
  const config = dhcpcdConfig(devices, leasesDirectory);
  const running = observed.dhcpConfig;
  if (config === running) return;
  const kept = new Set(interfacesOf(config));
  const release = interfacesOf(running).filter((name) => !kept.has(name));
  if (config === undefined) list.add('network', { kind: 'stop-dhcp', release });
  else if (running === undefined) list.add('network', { kind: 'start-dhcp', config });
  else list.add('network', { kind: 'reload-dhcp', config, release });
}

function interfacesOf(config: string | undefined): string[] {
  return [...(config ?? '').matchAll(/^interface (\S+)$/gm)].map(([, name = '']) => name);
}
