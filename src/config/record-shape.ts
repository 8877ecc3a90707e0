import { keyHints } from './near-miss.ts';
import type { Place } from './place.ts';
import { describeKey, describeValue, isMapping, type JsonSchema, type ReadBy, type Shape } from './shape.ts';

/** A known key that has no effect, and why: reading it is a warning, whatever its value. */
export interface IgnoredField {
  readonly ignored: string;
  readonly hint?: string;
}

type Field = Shape<unknown> | IgnoredField;
type Fields = Readonly<Record<string, Field>>;
type ReadFields<F extends Fields> = {
  -readonly [K in keyof F as F[K] extends Shape<unknown> ? K : never]: ReadBy<F[K]>;
};

/** What a record reads to: the required keys, and those of the others that stand in the text. */
export type RecordOf<F extends Fields, R extends keyof ReadFields<F>> = Pick<ReadFields<F>, R> &
  Partial<Omit<ReadFields<F>, R>>;

interface RecordOptions<R> {
  readonly required?: readonly R[];
  /** What an unknown key is. Default `warning`, as for cloud-init at boot. */
  readonly unknown?: 'warning' | 'error';
  /** Other spellings: from the spelling to the key. */
  readonly aliases?: Readonly<Record<string, string>>;
}

/**
 * A mapping with known keys. A wrong value is reported and left out, the other keys are still read; without a required
 * key nothing is. An unknown key is reported with the nearest known one.
 */
export function record<F extends Fields, R extends keyof ReadFields<F> & string = never>(
  fields: F,
  options: RecordOptions<R> = {},
): Shape<RecordOf<F, R>> {
  const { required = [], unknown = 'warning', aliases = {} } = options;
  const known = new Map<string, Field>(Object.entries(fields));
  const spellings = new Map(Object.entries(aliases));

  function readField(key: string, value: unknown, place: Place, hint: (word: string) => string | undefined): unknown {
    const field = known.get(key);
    if (field === undefined) {
      const report = unknown === 'error' ? place.error.bind(place) : place.warn.bind(place);
      report('unknown-key', `unknown key ${describeKey(key, value)}`, hint(key), 'key');
      return undefined;
    }
    if ('ignored' in field) {
      place.warn('unsupported', `${describeKey(key, value)} has no effect: ${field.ignored}`, field.hint, 'key');
      return undefined;
    }
    return field.read(value, place);
  }

  return {
    name: 'a mapping',
    schema: recordSchema(known, spellings, required, unknown),
    accepts: isMapping,
    read(value, place) {
      if (!isMapping(value)) {
        place.error('wrong-type', `expected a mapping, found ${describeValue(value)}`);
        return undefined;
      }
      const read = new Map<string, unknown>();
      const hint = keyHints(known.keys());
      const seen = new Map<string, string>();
      for (const [spelling, entry] of Object.entries(value)) {
        const key = spellings.get(spelling) ?? spelling;
        const before = seen.get(key);
        if (before !== undefined)
          place
            .child(before)
            .warn(
              'duplicate-key',
              `"${spelling}" is the same key in another spelling, and goes over it`,
              undefined,
              'key',
            );
        seen.set(key, spelling);
        const field = readField(key, entry, place.child(spelling), hint);
        if (field !== undefined) read.set(key, field);
      }
      const missing = required.filter((key) => !read.has(key));
      for (const key of missing) {
        if (!Object.hasOwn(value, key)) place.error('missing-key', `"${key}" is missing`);
      }
      return missing.length > 0 ? undefined : (Object.fromEntries(read) as RecordOf<F, R>);
    },
  };
}

function recordSchema(
  known: ReadonlyMap<string, Field>,
  spellings: ReadonlyMap<string, string>,
  required: readonly string[],
  unknown: 'warning' | 'error',
): JsonSchema {
  const schemaOf = (field: Field | undefined): JsonSchema =>
    field === undefined || 'ignored' in field ? { description: `No effect: ${field?.ignored ?? ''}` } : field.schema;
  const properties: Record<string, JsonSchema> = {};
  for (const [key, field] of known) properties[key] = schemaOf(field);
  for (const [spelling, key] of spellings) properties[spelling] = schemaOf(known.get(key));
  return {
    type: 'object',
    properties,
    ...(required.length === 0 ? {} : { required }),
    ...(unknown === 'error' ? { additionalProperties: false } : {}),
  };
}
