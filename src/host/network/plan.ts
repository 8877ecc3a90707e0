import type { ConnectivityConfig } from '../../config/host-config.ts';
import type { DeviceConfig, NetworkConfig, RouteConfig } from '../../config/network/network-config.ts';
import type { Reason } from '../../core/plan.ts';
import { withoutConflicts } from './conflicts.ts';
import { creationMark, isOurMark } from './creation.ts';
import { type DesiredDevice, desiredNetwork, spareName, type WaitingDevice } from './desired.ts';
import { dhcpcdConfig, interfaceSettings } from './dhcpcd-config.ts';
import { mainTable, type ObservedNetwork, type ObservedRoute } from './observed.ts';
import { Projection } from './projection.ts';
import { type Resolver, renderResolvConf, resolverOf } from './resolv-conf.ts';
import type { NetworkAction, NetworkStep } from './steps.ts';

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
  const desired = withoutConflicts(desiredNetwork(network, observed.links));
  const next = new Projection(observed, input.reasonOf);
  renameDevices(desired.devices, next);
  removeObsolete(desired.devices, next);
  for (const device of desired.devices) create(device, next);
  const members = new Set(desired.devices.flatMap((device) => device.members));
  for (const device of desired.devices) arrangeMembers(device, members, next);
  for (const device of desired.devices) configure(device, next);
  const byName = new Map(desired.devices.map(({ name, config }) => [name, config]));
  planDhcp(input, withoutMembers(byName, members), next);
  const resolver = resolverOf({ declared: input.dns, devices: byName, leases: observed.leases });
  const resolvConf = renderResolvConf(resolver);
  if (observed.resolvConf !== resolvConf) next.add('network', { kind: 'write-resolv-conf', text: resolvConf });
  return { steps: next.steps, waiting: desired.waiting, resolver, managed: new Set(byName.keys()) };
}

/** A device that holds another one's name gives it up first. */
function renameDevices(devices: readonly DesiredDevice[], next: Projection): void {
  const wrong = devices.filter(({ name, found }) => found !== undefined && found !== name);
  const now = new Map(wrong.map((device) => [device, device.found ?? device.name]));
  for (const device of wrong) {
    // It may have given its name up already.
    if (now.get(device) === device.name) continue;
    const holder = next.link(device.name);
    if (holder !== undefined) {
      const spare = spareName(holder);
      next.rename(device.key, holder.name, spare);
      for (const [other, name] of now) if (name === holder.name) now.set(other, spare);
    }
    next.rename(device.key, now.get(device) ?? device.name, device.name);
  }
}

function removeObsolete(desired: readonly DesiredDevice[], next: Projection): void {
  const devices = new Map(desired.map((device) => [device.name, device]));
  // What stands on another device was made after it: it goes first.
  for (const { name, alias } of next.links.toSorted((a, b) => b.index - a.index)) {
    const creation = devices.get(name)?.creation;
    if (isOurMark(alias) && (creation === undefined || creationMark(creation) !== alias))
      next.delete(devices.get(name)?.key ?? 'network', name);
  }
  for (const route of next.routes) {
    const link = route.link === undefined ? undefined : devices.get(route.link);
    // A route that belongs to no link, such as a blackhole, may be any device's.
    const owners = route.link === undefined ? desired : link === undefined ? [] : [link];
    const declared = owners.some(({ config }) => (config.routes ?? []).some((wanted) => sameRoute(wanted, route)));
    if (!declared) next.add(link?.key ?? 'network', { kind: 'remove-route', route });
  }
  for (const { name, addresses } of next.links) {
    const device = devices.get(name);
    for (const { address, isOurs } of addresses) {
      if (isOurs && device?.config.addresses?.includes(address) !== true)
        next.add(device?.key ?? 'network', { kind: 'remove-address', link: name, address });
    }
  }
}

function create({ key, name, creation }: DesiredDevice, next: Projection): void {
  if (creation !== undefined && next.link(name) === undefined) next.create(key, name, creation, creationMark(creation));
}

function arrangeMembers(device: DesiredDevice, members: ReadonlySet<string>, next: Projection): void {
  const { name, key, creation, primary } = device;
  const missing = device.members.filter((member) => {
    const link = next.link(member);
    return link !== undefined && link.master !== name;
  });
  for (const member of missing) next.join(key, member, name, creation?.kind === 'bond');
  if (missing.length > 0 && primary !== undefined && next.link(primary)?.master === name)
    next.add(key, { kind: 'set-primary', link: name, primary });
  for (const link of next.links) {
    // Containers and guests put devices of their own into a bridge: only hardware that the config does not name leaves.
    if (link.master === name && link.kind === undefined && !members.has(link.name))
      next.add(key, { kind: 'leave-link', link: link.name });
  }
}

function configure({ name, key, config }: DesiredDevice, next: Projection): void {
  const link = next.link(name);
  if (link === undefined) return;
  const add = (action: NetworkAction): void => next.add(key, action);
  const { macAddress, mtu, acceptRa, addresses = [], routes = [] } = config;
  if (macAddress !== undefined && macAddress !== link.macAddress) add({ kind: 'set-mac', link: name, macAddress });
  if (mtu !== undefined && mtu !== link.mtu) add({ kind: 'set-mtu', link: name, mtu });
  if (acceptRa === false && link.takesRa) add({ kind: 'refuse-ra', link: name });
  if (!link.isUp) add({ kind: 'bring-up', link: name });
  const there = new Set(link.addresses.map((entry) => entry.address));
  for (const address of addresses) if (!there.has(address)) add({ kind: 'add-address', link: name, address });
  const kept = next.routes.filter((route) => route.link === undefined || route.link === name);
  for (const route of routes) {
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
  next: Projection,
): void {
  const config = dhcpcdConfig(devices, leasesDirectory);
  const running = observed.dhcpConfig;
  if (config === running) return;
  const wanted = interfaceSettings(config);
  const before = interfaceSettings(running);
  const release = [...before.keys()].filter((name) => !wanted.has(name));
  const rebind = [...wanted].filter(([name, settings]) => before.get(name) !== settings).map(([name]) => name);
  if (config === undefined) next.add('network', { kind: 'stop-dhcp', release });
  else if (running === undefined) next.add('network', { kind: 'start-dhcp', config });
  else next.add('network', { kind: 'reload-dhcp', config, release, rebind });
}
