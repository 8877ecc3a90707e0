import { networkOf } from '../../config/network/network-values.ts';
import { berthProtocol } from './ip-commands.ts';
import { mainTable, type ObservedAddress, type ObservedLink, type ObservedRoute } from './observed.ts';

type Json = Readonly<Record<string, unknown>>;

/** What `ip -json` does not tell about a device. */
export interface LinkFacts {
  readonly driver?: string;
  readonly takesRa: boolean;
}

/** Reads `ip -json -details address show`. Pure. @param factsOf by the device's name. */
export function parseLinks(output: string, factsOf: (name: string) => LinkFacts): ObservedLink[] {
  return entries(output).flatMap((entry) => {
    const name = text(entry['ifname']);
    if (name === undefined || entry['link_type'] === 'loopback') return [];
    const flags = Array.isArray(entry['flags']) ? (entry['flags'] as unknown[]) : [];
    const info = record(entry['linkinfo']);
    const { driver, takesRa } = factsOf(name);
    return [
      {
        index: number(entry['ifindex']) ?? 0,
        name,
        ...optional('kind', text(info['info_kind'])),
        isEthernet: entry['link_type'] === 'ether',
        macAddress: text(entry['address']) ?? '',
        ...optional('permanentMac', text(entry['permaddr'])),
        ...optional('driver', driver),
        isUp: flags.includes('UP'),
        hasCarrier: flags.includes('LOWER_UP'),
        mtu: number(entry['mtu']) ?? 0,
        ...optional('master', text(entry['master'])),
        ...optional('alias', text(entry['ifalias'])),
        takesRa,
        addresses: list(entry['addr_info']).flatMap(parseAddress),
      },
    ];
  });
}

function parseAddress(entry: Json): ObservedAddress[] {
  const local = text(entry['local']);
  const length = number(entry['prefixlen']);
  if (local === undefined || length === undefined) return [];
  return [
    {
      address: `${local}/${length}`,
      scope: text(entry['scope']) ?? '',
      isOurs: Number(entry['protocol']) === Number(berthProtocol),
      isTentative: entry['tentative'] === true || entry['dadfailed'] === true,
    },
  ];
}

/** Reads `ip -json -details route show` of one family. Pure. @param areOurs that only Berth's routes were asked for. */
export function parseRoutes(output: string, family: 4 | 6, areOurs: boolean): ObservedRoute[] {
  return entries(output).flatMap((entry) => {
    const destination = text(entry['dst']);
    if (destination === undefined) return [];
    const flags = Array.isArray(entry['flags']) ? (entry['flags'] as unknown[]) : [];
    const [metrics = {}] = list(entry['metrics']);
    const type = text(entry['type']) ?? 'unicast';
    return [
      {
        to: target(destination, family),
        ...optional('via', text(entry['gateway']) ?? text(record(entry['via'])['host'])),
        // An IPv6 blackhole is shown on `lo`.
        ...optional('link', type === 'unicast' ? text(entry['dev']) : undefined),
        ...optional('from', text(entry['prefsrc'])),
        ...optional('metric', number(entry['metric'])),
        table: tableOf(text(entry['table'])),
        ...optional('mtu', number(metrics['mtu'])),
        onLink: flags.includes('onlink'),
        type,
        isOurs: areOurs || entry['protocol'] === berthProtocol,
      },
    ];
  });
}

/** iproute2's names for the tables that have one (rt_tables). */
function tableOf(name: string | undefined): number {
  if (name === undefined || name === 'main') return mainTable;
  if (name === 'default') return 253;
  return name === 'local' ? 255 : Number(name);
}

function target(destination: string, family: 4 | 6): string {
  if (destination === 'default') return family === 6 ? '::/0' : '0.0.0.0/0';
  return destination.includes('/') ? destination : networkOf(destination, family === 6 ? 128 : 32);
}

function entries(output: string): Json[] {
  // `ip` prints nothing at all for an empty answer of some kinds.
  return output.trim() === '' ? [] : list(JSON.parse(output));
}

function list(value: unknown): Json[] {
  return Array.isArray(value) ? value.map(record) : [];
}

function record(value: unknown): Json {
  return typeof value === 'object' && value !== null ? (value as Json) : {};
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function number(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}

function optional<K extends string, T>(key: K, value: T | undefined): Partial<Record<K, T>> {
  return value === undefined ? {} : ({ [key]: value } as Record<K, T>);
}
