import { mainTable, type ObservedLink, type ObservedNetwork } from './observed.ts';
import type { Resolver } from './resolv-conf.ts';

/** One part of the network condition: whether it holds, and why or why not. */
export interface Check {
  readonly holds: boolean;
  readonly reason: string;
}

/** Whether this host can reach others by name. Each part says why. */
export interface NetworkCondition {
  readonly ready: boolean;
  /** Some device that is up has an address that others can answer to. */
  readonly address: Check;
  /** There is a default route of the family of such an address. */
  readonly route: Check;
  /** There is a name server to ask. */
  readonly dns: Check;
}

/** The condition of a network as it was seen; `managed` names the devices that count, which leaves container bridges out. Pure. */
export function networkCondition(
  { links, routes }: ObservedNetwork,
  resolver: Resolver,
  managed: ReadonlySet<string>,
): NetworkCondition {
  const ours = links.filter(({ name }) => managed.has(name));
  const usable = usableAddresses(ours);
  const address = addressCheck(ours, usable);
  const families = new Set(usable.map((entry) => familyOf(entry.address)));
  const defaults = routes.filter((route) => isDefault(route.to) && route.table === mainTable);
  const route = defaults.find(({ to }) => families.has(familyOf(to)));
  const [server] = resolver.servers;
  const checks = {
    address,
    route:
      route === undefined
        ? no(defaults.length === 0 ? 'no default route' : 'no default route of a family that has an address')
        : yes(
            `default route${route.via === undefined ? '' : ` via ${route.via}`}${route.link === undefined ? '' : ` on ${route.link}`}`,
          ),
    dns:
      server === undefined
        ? no('no name server is declared, and none came by DHCP or router advertisement')
        : yes(`name server ${server}`),
  };
  return { ready: checks.address.holds && checks.route.holds && checks.dns.holds, ...checks };
}

interface UsableAddress {
  readonly link: string;
  readonly address: string;
}

/** Addresses with which this host can speak to others: global, not being probed, on a device that is up. */
function usableAddresses(links: readonly ObservedLink[]): UsableAddress[] {
  return links
    .filter(({ isUp, hasCarrier }) => isUp && hasCarrier)
    .flatMap(({ name, addresses }) =>
      addresses
        .filter(
          ({ address, scope, isTentative }) => scope === 'global' && !isTentative && !address.startsWith('169.254.'),
        )
        .map(({ address }) => ({ link: name, address })),
    );
}

function addressCheck(devices: readonly ObservedLink[], usable: readonly UsableAddress[]): Check {
  const [first] = usable;
  if (first !== undefined) return yes(`${first.address} on ${first.link}`);
  if (devices.length === 0) return no('no network device');
  if (!devices.some(({ isUp }) => isUp)) return no('no network device is up');
  const connected = devices.filter(({ isUp, hasCarrier }) => isUp && hasCarrier);
  if (connected.length === 0) return no(`no carrier on ${namesOf(devices)}`);
  if (connected.some(({ addresses }) => addresses.some(({ isTentative, scope }) => isTentative && scope === 'global')))
    return no(`the address on ${namesOf(connected)} is being checked for duplicates`);
  return no(`no address on ${namesOf(connected)}`);
}

function namesOf(links: readonly { readonly name: string }[]): string {
  return links.map(({ name }) => name).join(', ');
}

function familyOf(address: string): 4 | 6 {
  return address.includes(':') ? 6 : 4;
}

function isDefault(to: string): boolean {
  return to === '0.0.0.0/0' || to === '::/0';
}

const yes = (reason: string): Check => ({ holds: true, reason });
const no = (reason: string): Check => ({ holds: false, reason });
