import { describeValue, isMapping, list, nothing, type Shape, text as sharedText } from '../shape.ts';
import { type ComposeShape, converted, listOf, orReport, plain, reportWrongType } from './compose-shape.ts';
import { text } from './scalar-shapes.ts';
import { splitShellWords } from './shell-words.ts';

/** A list of texts. */
export const textList = listOf(text);

/** A command: a list of words, or one line that is split into words without any shell; nothing keeps the image's own. */
export const command: ComposeShape<string[]> = {
  name: 'a list of words or one line of text',
  schema: { anyOf: [{ type: 'null' }, { type: 'string' }, { type: 'array', items: { type: 'string' } }] },
  accepts: (value) => nothing.accepts(value) || sharedText.accepts(value) || Array.isArray(value),
  read(value, place) {
    if (value === null) return undefined;
    if (Array.isArray(value)) return list(sharedText).read(value, place);
    if (typeof value !== 'string') return reportWrongType(this.name, value, place);
    const split = orReport(() => splitShellWords(value), place);
    if (split === undefined) return undefined;
    if (split.rest !== '') {
      const hint = 'to run it in a shell, write ["sh", "-c", "…"]; to pass it on as a word, quote it';
      place.warn('unsupported', `${JSON.stringify(split.rest)} is ignored: no shell reads a command`, hint);
    }
    return [...split.words];
  },
  print: (value) => value,
};

/** A value of a `NAME: value` mapping, as text; undefined when it has no text. */
function wordOf(value: unknown): string | undefined {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
    ? String(value)
    : undefined;
}

/** Names with values: a mapping, or a list of `NAME=value`; `missing` is the value of a name without one. */
function pairs<N extends string | null>(
  missing: N,
  checkName: (name: string) => string | undefined,
): ComposeShape<Record<string, string | N>> {
  const name = 'a mapping, or a list of "NAME=value"';
  const itemTypes = ['string', 'number', 'boolean', 'null'];
  return {
    name,
    schema: {
      anyOf: [
        { type: 'object', additionalProperties: { type: itemTypes } },
        { type: 'array', items: { type: 'string' } },
      ],
    },
    accepts: (value) => isMapping(value) || Array.isArray(value),
    read(value, place) {
      if (!isMapping(value) && !Array.isArray(value)) return reportWrongType(name, value, place);
      const entries: (readonly [key: string | number, entry: unknown])[] = Array.isArray(value)
        ? [...value.entries()]
        : Object.entries(value);
      const found = entries.flatMap(([key, entry]) => {
        const child = place.child(key);
        const pair =
          typeof key === 'number'
            ? splitPair(entry, missing)
            : ([key, entry === null ? missing : wordOf(entry)] as const);
        if (pair?.[1] === undefined) {
          reportWrongType(
            typeof key === 'number' ? 'text: "NAME=value"' : 'text, a number, true or false',
            entry,
            child,
          );
          return [];
        }
        const wrong = checkName(pair[0]);
        if (wrong !== undefined)
          child.error(
            'invalid-value',
            `${JSON.stringify(pair[0])} ${wrong}`,
            'write NAME=value without blanks around the name',
          );
        return [pair as readonly [string, string | N]];
      });
      return Object.fromEntries(found);
    },
    print: (value) => value,
  };
}

function splitPair<N>(entry: unknown, missing: N): readonly [string, string | N] | undefined {
  if (typeof entry !== 'string') return undefined;
  const equals = entry.indexOf('=');
  return equals === -1 ? [entry, missing] : [entry.slice(0, equals), entry.slice(equals + 1)];
}

/** Labels, sysctls and their like: a name without a value has the empty one. */
export const labels = pairs('', () => undefined);

/** Environment variables: a name without a value is taken from the host's environment. */
export const environment = pairs(null, (name) => {
  if (name === '') return 'is not a name';
  return /\s$/.test(name) ? 'ends with a blank' : undefined;
});

/** Driver options: a mapping only. */
export const options: ComposeShape<Record<string, string>> = plain({
  ...labels,
  name: 'a mapping of options',
  schema: { type: 'object', additionalProperties: { type: ['string', 'number', 'boolean', 'null'] } },
  accepts: isMapping,
  read: (value, place) =>
    isMapping(value) ? labels.read(value, place) : reportWrongType('a mapping of options', value, place),
});

/** Addresses by host name: a mapping to one or more, or a list of `host=address` or `host:address`. */
export const extraHosts: ComposeShape<Record<string, string[]>> = {
  name: 'a mapping from host names to addresses, or a list of "host=address"',
  schema: {
    anyOf: [
      {
        type: 'object',
        additionalProperties: { anyOf: [{ type: 'string' }, { type: 'array', items: { type: 'string' } }] },
      },
      { type: 'array', items: { type: 'string' } },
    ],
  },
  accepts: (value) => isMapping(value) || Array.isArray(value),
  read(value, place) {
    if (Array.isArray(value)) {
      const entries = (value as unknown[]).flatMap((entry, index) => hostEntry(entry, index, place));
      return grouped(entries);
    }
    if (!isMapping(value)) return reportWrongType(this.name, value, place);
    const addresses: Shape<string[]> = list(sharedText);
    const entries = Object.entries(value).flatMap(([host, entry]) => {
      const read = addresses.read(typeof entry === 'string' ? [entry] : entry, place.child(host)) ?? [];
      return read.map((address) => [host, unbracketed(address)] as const);
    });
    return grouped(entries);
  },
  print: (value) =>
    Object.entries(value)
      .flatMap(([host, found]) => found.map((address) => `${host}=${address}`))
      .sort(),
};

type Place = Parameters<typeof extraHosts.read>[1];

function hostEntry(entry: unknown, index: number, place: Place): (readonly [string, string])[] {
  const match = typeof entry === 'string' ? (/^([^=]+)=(.+)$/.exec(entry) ?? /^([^:]+):(.+)$/.exec(entry)) : null;
  if (match !== null) return [[match[1] ?? '', unbracketed(match[2] ?? '')]];
  place
    .child(index)
    .error('invalid-value', `${describeValue(entry)} is not a host with an address`, 'write "name=192.0.2.1"');
  return [];
}

function unbracketed(address: string): string {
  return /^\[.*\]$/.test(address) ? address.slice(1, -1) : address;
}

function grouped(entries: readonly (readonly [string, string])[]): Record<string, string[]> {
  const hosts = new Map<string, string[]>();
  for (const [host, address] of entries) hosts.set(host, [...(hosts.get(host) ?? []), address]);
  return Object.fromEntries(hosts);
}

/** A healthcheck's test: words behind `CMD`, a line behind `CMD-SHELL`, `NONE`; one line of text means `CMD-SHELL`. */
export const healthTest: ComposeShape<string[]> = converted(
  {
    name: 'a list that starts with CMD, CMD-SHELL or NONE, or one line of text',
    schema: { anyOf: [{ type: 'string' }, { type: 'array', items: { type: 'string' } }] },
    accepts: (value) => typeof value === 'string' || Array.isArray(value),
    read: (value, place) => (typeof value === 'string' ? ['CMD-SHELL', value] : list(sharedText).read(value, place)),
  },
  (words, place) => {
    const [first] = words;
    if (first === undefined || ['NONE', 'CMD', 'CMD-SHELL'].includes(first)) return words;
    const hint = 'write ["CMD", "program", "argument"], or one line of text for a shell';
    place.error(
      'invalid-value',
      `the test must start with CMD, CMD-SHELL or NONE, found ${describeValue(first)}`,
      hint,
    );
    return undefined;
  },
  (words) => words,
);
