import { didYouMean } from '../near-miss.ts';
import type { Place } from '../place.ts';
import { isMapping, type JsonSchema } from '../shape.ts';
import { ComposePlace, type ComposeShape, shapeOf } from './compose-shape.ts';

/** Why a key of the specification has no effect here, and what to write instead. */
export interface Unsupported {
  readonly reason: string;
  readonly hint: string;
}

/** A key that is known, checked where a whole Compose project is loaded, and not run. */
export interface UnsupportedField extends Unsupported {
  readonly shape: ComposeShape<unknown>;
}

type Fields<T> = { readonly [K in keyof T]-?: ComposeShape<Exclude<T[K], undefined>> };
type RequiredKey<T> = { [K in keyof T]-?: undefined extends T[K] ? never : K }[keyof T] & string;

export interface RecordRules<T> {
  /** What the record is, for messages: `a port`. */
  readonly noun: string;
  readonly fields: Fields<T>;
  readonly unsupported?: Readonly<Record<string, UnsupportedField>>;
  /** Values for keys that are not there; a required key without a default must be there. */
  readonly defaults?: Partial<T>;
  readonly required?: readonly RequiredKey<T>[];
  /** Extensions (`x-…`) are an error too. */
  readonly isClosed?: boolean;
  /** Looks at the whole; reports what is wrong. */
  readonly check?: (value: T, place: Place) => void;
  /** Fields that equal their default are left out when printed, as the reference implementation does. */
  readonly hidden?: Partial<T>;
}

/** A mapping with the keys of the specification: unknown ones are errors, `x-…` is ignored, unsupported ones are warnings. */
export function recordOf<T extends object>(rules: RecordRules<T>): ComposeShape<T> {
  const { noun, unsupported = {}, defaults = {}, required = [], isClosed = false, check } = rules;
  const hidden = new Map<string, unknown>(Object.entries(rules.hidden ?? {}));
  const fields = new Map<string, ComposeShape<unknown>>(Object.entries(rules.fields));
  const known = [...fields.keys(), ...Object.keys(unsupported)];

  function readKey(key: string, value: unknown, place: Place): unknown {
    const shape = fields.get(key);
    if (shape !== undefined) return shape.read(value, place);
    const field = Object.hasOwn(unsupported, key) ? unsupported[key] : undefined;
    if (field !== undefined) return readUnsupported(key, field, value, place);
    if (!isClosed && key.startsWith('x-')) return keepsAll(place) ? value : undefined;
    const hint = didYouMean(key, known) ?? `the keys of ${noun} are ${known.join(', ')}`;
    place.error('unknown-key', `unknown key ${JSON.stringify(key)} in ${noun}`, hint, 'key');
    return undefined;
  }

  return shapeOf({
    name: `a mapping (${noun})`,
    schema: recordSchema(fields, unsupported, required, isClosed),
    is: isMapping,
    read(value, place) {
      const found = Object.entries(value).flatMap(([key, entry]) => {
        const read = readKey(key, entry, place.child(key));
        return read === undefined ? [] : [[key, read] as const];
      });
      const missing = required.filter((key) => !Object.hasOwn(value, key));
      for (const key of missing) place.error('invalid-value', `${noun} needs "${key}"`, `add "${key}"`);
      const record = { ...defaults, ...Object.fromEntries(found) } as T;
      if (missing.length === 0 && required.every((key) => Object.hasOwn(record, key))) check?.(record, place);
      return record;
    },
    print(value) {
      const printed = Object.entries(value).flatMap(([key, entry]) => {
        if (hidden.has(key) && hidden.get(key) === entry) return [];
        const shape = fields.get(key) ?? unsupported[key]?.shape;
        return [[key, shape === undefined ? entry : shape.print(entry)] as const];
      });
      return Object.fromEntries(printed);
    },
  });
}

/** Reports the key as unsupported; its value is read where the whole project is wanted. */
export function readUnsupported(key: string, field: UnsupportedField, value: unknown, place: Place): unknown {
  if (keepsAll(place)) return field.shape.read(value, place);
  place.warn('unsupported', `"${key}" has no effect: ${field.reason}`, field.hint, 'key');
  return undefined;
}

/** True where a whole Compose project is read: keys that Berth does not run, and extensions, stay. */
export function keepsAll(place: Place): boolean {
  return place instanceof ComposePlace && place.scope.keepsUnsupported;
}

function recordSchema(
  fields: ReadonlyMap<string, ComposeShape<unknown>>,
  unsupported: Readonly<Record<string, UnsupportedField>>,
  required: readonly string[],
  isClosed: boolean,
): JsonSchema {
  const supported = [...fields].map(([key, shape]) => [key, shape.schema] as const);
  const ignored = Object.entries(unsupported).map(([key, field]) => [key, unsupportedSchema(field)] as const);
  return {
    type: 'object',
    properties: Object.fromEntries([...supported, ...ignored]),
    ...(required.length === 0 ? {} : { required }),
    ...(isClosed ? {} : { patternProperties: { '^x-': {} } }),
    additionalProperties: false,
  };
}

/** A key without effect may have any value: it is a warning all the same. */
export function unsupportedSchema({ reason }: Unsupported): JsonSchema {
  return { deprecated: true, description: `No effect: ${reason}.` };
}
