import { keyHints } from './near-miss.ts';
import type { Place } from './place.ts';
import { describeKey, type JsonSchema, type Shape } from './shape.ts';

/** What a language's key is to Berth. Every key a language knows has a row: none is dropped without a word. */
export type KeyRow<Host> =
  | {
      readonly kind: 'honoured';
      readonly key: string;
      /** What it becomes, for the documentation. */
      readonly meaning: string;
      readonly schema: JsonSchema;
      readonly take: (value: unknown, host: Host, place: Place) => void;
    }
  /** Without sense on an immutable container host: `why`, and what to do instead. */
  | { readonly kind: 'no-meaning'; readonly key: string; readonly why: string; readonly instead: string }
  /** Berth may do this one day. */
  | { readonly kind: 'unsupported-yet'; readonly key: string; readonly why: string; readonly instead: string }
  /** Wrong in this kind of text. */
  | { readonly kind: 'refused'; readonly key: string; readonly why: string; readonly instead: string };

/** A row of a key that Berth honours; `apply` is called with what could be read of the value. */
export function honoured<Host, T>(row: {
  readonly key: string;
  readonly meaning: string;
  readonly shape: Shape<T>;
  readonly apply: (value: T, host: Host, place: Place) => void;
}): KeyRow<Host> {
  const { key, meaning, shape, apply } = row;
  return {
    kind: 'honoured',
    key,
    meaning,
    schema: { ...shape.schema, description: meaning },
    take(value, host, place) {
      const read = shape.read(value, place);
      if (read !== undefined) apply(read, host, place);
    },
  };
}

/** A value under a key of a mapping, with its place. */
export interface KeyedValue {
  readonly key: string;
  readonly value: unknown;
  readonly place: Place;
}

/** Takes every value to its row, in the order of the table, whatever order the text has; reports keys without a row. */
export function takeKeys<Host>(
  table: readonly KeyRow<Host>[],
  values: readonly KeyedValue[],
  host: Host,
  unknown: (entry: KeyedValue, hint: string | undefined) => void,
): void {
  const known = new Set(table.map(({ key }) => key));
  const hint = keyHints(known);
  for (const entry of values) {
    if (!known.has(entry.key)) unknown(entry, hint(entry.key));
  }
  const byKey = new Map(values.map((entry) => [entry.key, entry]));
  for (const row of table) {
    const entry = byKey.get(row.key);
    if (entry !== undefined) takeKey(row, entry, host);
  }
}

function takeKey<Host>(row: KeyRow<Host>, { key, value, place }: KeyedValue, host: Host): void {
  switch (row.kind) {
    case 'honoured':
      if (value === null) place.warn('empty-value', `"${key}" has no value, so nothing is declared`, undefined, 'key');
      else row.take(value, host, place);
      return;
    case 'no-meaning':
      place.warn('unsupported', `${describeKey(key, value)} has no effect: ${row.why}`, row.instead, 'key');
      return;
    case 'unsupported-yet':
      place.warn('unsupported', `${describeKey(key, value)} has no effect yet: ${row.why}`, row.instead, 'key');
      return;
    case 'refused':
      place.error('refused', `"${key}": ${row.why}`, row.instead, 'key');
  }
}

/** The JSON Schema of a mapping with the table's keys. */
export function tableSchema<Host>(table: readonly KeyRow<Host>[], unknown: 'allowed' | 'refused'): JsonSchema {
  const properties = table
    .filter((row) => row.kind !== 'refused')
    .map((row) => [row.key, row.kind === 'honoured' ? row.schema : { description: `No effect: ${row.why}` }] as const);
  return {
    type: 'object',
    properties: Object.fromEntries(properties),
    ...(unknown === 'refused' ? { additionalProperties: false } : {}),
  };
}
