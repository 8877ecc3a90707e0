import type { Place } from '../place.ts';
import { describeValue, isMapping, list, text as sharedText } from '../shape.ts';
import { type ComposeShape, shapeOf } from './compose-shape.ts';

type Pair<V> = readonly [name: string, value: V];

function isMappingOrList(value: unknown): value is Record<string, unknown> | unknown[] {
  return isMapping(value) || Array.isArray(value);
}

const valueSchema = { type: ['string', 'number', 'boolean', 'null'] };

/** A value of a `NAME: value` mapping as text. */
function readMapValue<N extends string | null>(value: unknown, missing: N, place: Place): string | N | undefined {
  if (value === null) return missing;
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return String(value);
  place.error('wrong-type', `expected text, a number, true or false, found ${describeValue(value)}`);
  return undefined;
}

/** A `NAME=value` entry of a list. */
function readListEntry<N extends string | null>(
  entry: unknown,
  missing: N,
  place: Place,
): Pair<string | N> | undefined {
  if (typeof entry !== 'string') {
    place.error('wrong-type', `expected text ("NAME=value"), found ${describeValue(entry)}`);
    return undefined;
  }
  const equals = entry.indexOf('=');
  return equals === -1 ? [entry, missing] : [entry.slice(0, equals), entry.slice(equals + 1)];
}

function readPairs<N extends string | null>(
  value: Record<string, unknown> | unknown[],
  missing: N,
  place: Place,
): Pair<string | N>[] {
  if (Array.isArray(value)) {
    const pairs = value.map((entry, index) => readListEntry(entry, missing, place.child(index)));
    return pairs.filter((pair) => pair !== undefined);
  }
  return Object.entries(value).flatMap(([name, entry]) => {
    const read = readMapValue(entry, missing, place.child(name));
    return read === undefined ? [] : [[name, read] as const];
  });
}

const pairsName = 'a mapping, or a list of "NAME=value"';
const pairsSchema = {
  anyOf: [
    { type: 'object', additionalProperties: valueSchema },
    { type: 'array', items: { type: 'string' } },
  ],
};

/** Labels, sysctls and their like: a name without a value has the empty one. */
export const labels: ComposeShape<Record<string, string>> = shapeOf({
  name: pairsName,
  schema: pairsSchema,
  is: isMappingOrList,
  read: (value, place) => Object.fromEntries(readPairs(value, '', place)),
});

/** Environment variables: a name without a value is taken from the host's environment. */
export const environment: ComposeShape<Record<string, string | null>> = shapeOf({
  name: pairsName,
  schema: pairsSchema,
  is: isMappingOrList,
  read(value, place) {
    const pairs = readPairs(value, null, place);
    for (const [name] of pairs) {
      if (name !== '' && !/\s$/.test(name)) continue;
      const message = `${JSON.stringify(name)} is not the name of a variable`;
      place.error('invalid-value', message, 'write NAME=value without blanks around the name');
    }
    return Object.fromEntries(pairs);
  },
});

/** Driver options: a mapping only. */
export const options: ComposeShape<Record<string, string>> = shapeOf({
  name: 'a mapping of options',
  schema: { type: 'object', additionalProperties: valueSchema },
  is: isMapping,
  read: (value, place) => Object.fromEntries(readPairs(value, '', place)),
});

const addressList = list(sharedText);

/** Addresses by host name: a mapping to one or more, or a list of `host=address` or `host:address`. */
export const extraHosts: ComposeShape<Record<string, string[]>> = shapeOf({
  name: 'a mapping from host names to addresses, or a list of "host=address"',
  schema: {
    anyOf: [
      { type: 'object', additionalProperties: { anyOf: [sharedText.schema, addressList.schema] } },
      { type: 'array', items: { type: 'string' } },
    ],
  },
  is: isMappingOrList,
  read: (value, place) => grouped(Array.isArray(value) ? readHostList(value, place) : readHostMap(value, place)),
  print: (hosts) =>
    Object.entries(hosts)
      .flatMap(([host, found]) => found.map((address) => `${host}=${address}`))
      .sort(),
});

function readHostMap(value: Record<string, unknown>, place: Place): Pair<string>[] {
  return Object.entries(value).flatMap(([host, entry]) => {
    const addresses = addressList.read(typeof entry === 'string' ? [entry] : entry, place.child(host)) ?? [];
    return addresses.flatMap(splitAddresses).map((address) => [host, address] as const);
  });
}

function readHostList(value: readonly unknown[], place: Place): Pair<string>[] {
  return value.flatMap((entry, index) => {
    const match = typeof entry === 'string' ? (/^([^=]+)=(.+)$/.exec(entry) ?? /^([^:]+):(.+)$/.exec(entry)) : null;
    if (match !== null) return splitAddresses(match[2] ?? '').map((address) => [match[1] ?? '', address] as const);
    place
      .child(index)
      .error('invalid-value', `${describeValue(entry)} is not a host with an address`, 'write "name=192.0.2.1"');
    return [];
  });
}

/** One or more addresses with commas between them, without the brackets of IPv6 ones. */
function splitAddresses(addresses: string): string[] {
  return addresses.split(',').map((address) => (/^\[.*\]$/.test(address) ? address.slice(1, -1) : address));
}

function grouped(entries: readonly Pair<string>[]): Record<string, string[]> {
  const hosts = new Map<string, string[]>();
  for (const [host, address] of entries) hosts.set(host, [...(hosts.get(host) ?? []), address]);
  return Object.fromEntries(hosts);
}
