import { didYouMean } from './near-miss.ts';
import type { Place } from './place.ts';
import { typeHint, type Wanted } from './type-hint.ts';

export type JsonSchema = Readonly<Record<string, unknown>>;

/**
 * One definition of a value, used twice: to read it, and as its JSON Schema.
 * `read` reports every problem at its place and returns what can be used; undefined when nothing can.
 */
export interface Shape<T> {
  /** What is expected, for a message: `text`, `a list`. */
  readonly name: string;
  readonly schema: JsonSchema;
  /** True when the value's outermost type is right, whatever is inside. */
  accepts(value: unknown): boolean;
  read(value: unknown, place: Place): T | undefined;
}

/** What a shape reads to. */
export type ReadBy<S> = S extends Shape<infer T> ? T : never;

interface Scalar<T> {
  readonly name: string;
  readonly schema: JsonSchema;
  readonly wanted?: Wanted;
  readonly is: (value: unknown) => value is T;
}

function scalar<T>({ name, schema, wanted = {}, is }: Scalar<T>): Shape<T> {
  return {
    name,
    schema,
    accepts: is,
    read(value, place) {
      if (is(value)) return value;
      place.error('wrong-type', `expected ${name}, found ${describeValue(value)}`, typeHint(value, wanted));
      return undefined;
    },
  };
}

/** Text. */
export const text = scalar({
  name: 'text',
  schema: { type: 'string' },
  wanted: { text: true },
  is: (value): value is string => typeof value === 'string',
});

/** `true` or `false`, and what the language's YAML reads as such. */
export const truth = scalar({
  name: 'true or false',
  schema: { type: 'boolean' },
  wanted: { truth: true },
  is: (value): value is boolean => typeof value === 'boolean',
});

/** A whole number, 0 or more. */
export const natural = scalar({
  name: 'a whole number, 0 or more',
  schema: { type: 'integer', minimum: 0 },
  wanted: { number: true },
  is: (value): value is number => Number.isSafeInteger(value) && (value as number) >= 0,
});

/** Nothing: an empty value. */
export const nothing = scalar({
  name: 'nothing',
  schema: { type: 'null' },
  is: (value): value is null => value === null,
});

/** Text, a number or a truth value, read as the text a person wrote. */
export const word: Shape<string> = convert(
  scalar({
    name: 'text or a number',
    schema: { type: ['string', 'number', 'boolean'] },
    is: (value): value is string | number | boolean => ['string', 'number', 'boolean'].includes(typeof value),
  }),
  (value) => String(value),
);

/** Any mapping, kept as it is; what is inside belongs to another program. */
export const opaqueMap = scalar({
  name: 'a mapping',
  schema: { type: 'object' },
  is: isMapping,
});

/** One of the given words. */
export function oneOf<const T extends string>(words: readonly T[]): Shape<T> {
  return {
    name: `one of ${words.join(', ')}`,
    schema: { enum: words },
    accepts: (value) => typeof value === 'string',
    read(value, place) {
      const found = words.find((candidate) => candidate === value);
      if (found !== undefined) return found;
      const hint = typeof value === 'string' ? didYouMean(value, words) : undefined;
      const code = typeof value === 'string' ? 'invalid-value' : 'wrong-type';
      place.error(code, `expected one of ${words.join(', ')}; found ${describeValue(value)}`, hint);
      return undefined;
    },
  };
}

/** `true`, `false`, or one of the given words. */
export function truthOr<const T extends string>(words: readonly T[]): Shape<boolean | T> {
  const name = `true, false${words.length === 1 ? ' or' : ','} ${words.join(', ').replace(/, ([^,]*)$/, ' or $1')}`;
  return {
    name,
    schema: { anyOf: [truth.schema, { enum: words }] },
    accepts: (value) => typeof value === 'boolean' || typeof value === 'string',
    read(value, place) {
      const found = typeof value === 'boolean' ? value : words.find((candidate) => candidate === value);
      if (found !== undefined) return found;
      const isText = typeof value === 'string';
      const hint = isText ? (didYouMean(value, words) ?? typeHint(value, { truth: true })) : undefined;
      const code = isText ? 'invalid-value' : 'wrong-type';
      place.error(code, `expected ${name}; found ${describeValue(value)}`, hint);
      return undefined;
    },
  };
}

/** Another type of value made from what a shape reads; `to` reports what is wrong and returns undefined then. */
export function convert<T, U>(
  shape: Shape<T>,
  to: (value: T, place: Place) => U | undefined,
  schema?: JsonSchema,
): Shape<U> {
  return {
    name: shape.name,
    schema: { ...shape.schema, ...schema },
    accepts: (value) => shape.accepts(value),
    read(value, place) {
      const read = shape.read(value, place);
      return read === undefined ? undefined : to(read, place);
    },
  };
}

/** Text that matches a pattern; anything else is an `invalid-value` error. The value is not repeated in it when secret. */
export function textLike(
  pattern: RegExp,
  expected: string,
  options: { hint?: string; secret?: boolean } = {},
): Shape<string> {
  return convert(
    text,
    (value, place) => {
      if (pattern.test(value)) return value;
      const shown = options.secret === true ? 'the value' : describeValue(value);
      place.error('invalid-value', `${shown} is not ${expected}`, options.hint);
      return undefined;
    },
    { pattern: pattern.source },
  );
}

/** A list; items that cannot be read are left out after being reported. */
export function list<T>(item: Shape<T>): Shape<T[]> {
  return {
    name: 'a list',
    schema: { type: 'array', items: item.schema },
    accepts: Array.isArray,
    read(value, place) {
      if (!Array.isArray(value)) {
        place.error('wrong-type', `expected a list, found ${describeValue(value)}`, typeHint(value, { list: true }));
        return undefined;
      }
      const read = value.map((entry: unknown, index) => item.read(entry, place.child(index)));
      return read.filter((entry) => entry !== undefined);
    },
  };
}

/** A mapping from names to one kind of value; `key` checks a name and reports what is wrong with it. */
export function mapOf<T>(
  item: Shape<T>,
  key: (name: string, place: Place) => boolean = () => true,
): Shape<Record<string, T>> {
  return {
    name: 'a mapping',
    schema: { type: 'object', additionalProperties: item.schema },
    accepts: isMapping,
    read(value, place) {
      if (!isMapping(value)) {
        place.error('wrong-type', `expected a mapping, found ${describeValue(value)}`);
        return undefined;
      }
      const entries: [string, T][] = [];
      for (const [name, entry] of Object.entries(value)) {
        const child = place.child(name);
        if (!key(name, child)) continue;
        const read = item.read(entry, child);
        if (read !== undefined) entries.push([name, read]);
      }
      return Object.fromEntries(entries);
    },
  };
}

/** The first alternative whose outermost type fits. */
export function either<T, U>(first: Shape<T>, second: Shape<U>): Shape<T | U> {
  const name = `${first.name} or ${second.name}`;
  return {
    name,
    schema: { anyOf: [first.schema, second.schema] },
    accepts: (value) => first.accepts(value) || second.accepts(value),
    read(value, place) {
      if (first.accepts(value)) return first.read(value, place);
      if (second.accepts(value)) return second.read(value, place);
      place.error('wrong-type', `expected ${name}, found ${describeValue(value)}`);
      return undefined;
    },
  };
}

/** The same shape; a text, which may be a secret, is not repeated in what is reported of it. */
export function withoutText<T extends Shape<unknown>>(shape: T): T {
  return {
    ...shape,
    read(value: unknown, place: Place) {
      if (typeof value !== 'string') return shape.read(value, place);
      const hide = (message: string): string => message.replaceAll(describeValue(value), 'text');
      return shape.read(
        value,
        place.via((problem) => ({ ...problem, message: hide(problem.message) })),
      );
    },
  };
}

/** True for a mapping as YAML and JSON know it. */
export function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array);
}

/** A value for a message: short, on one line. */
export function describeValue(value: unknown): string {
  if (value === null || value === undefined) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (value instanceof Uint8Array) return 'binary data';
  if (typeof value === 'object') return 'a mapping';
  if (typeof value === 'string') return JSON.stringify(value.length > 60 ? `${value.slice(0, 57)}...` : value);
  return typeof value === 'number' || typeof value === 'boolean'
    ? `the ${typeof value} ${String(value)}`
    : typeof value;
}

/** A key for a message that nothing comes of it: with how much stands under it. */
export function describeKey(key: string, value: unknown): string {
  const count = countValues(value);
  return count === 0 ? `"${key}"` : `"${key}" (with ${count} value${count === 1 ? '' : 's'})`;
}

/** An entry that is left out, for a message: short, on one line. */
export function describeEntry(entry: unknown): string {
  const text = JSON.stringify(entry);
  return text.length > 120 ? `${text.slice(0, 117)}...` : text;
}

/** How many values stand in a value, at any depth. */
function countValues(value: unknown): number {
  const entries: unknown[] = Array.isArray(value) ? value : isMapping(value) ? Object.values(value) : [];
  return entries.reduce<number>((count, entry) => count + 1 + countValues(entry), 0);
}

/** What a shape reads, together with its place. */
export interface Located<T> {
  readonly value: T;
  readonly place: Place;
}

/** Keeps the place of a value, for checks that need more than the value. */
export function located<T>(shape: Shape<T>): Shape<Located<T>> {
  return convert(shape, (value, place) => ({ value, place }));
}

/** A value that was given, together with its place; undefined when it was refused. */
export interface Placed<T> {
  readonly value: T | undefined;
  readonly place: Place;
}

/** As {@link located}; what is refused has a place, too, so that nobody takes it for missing. */
export function placed<T>(shape: Shape<T>): Shape<Placed<T>> {
  return { ...shape, read: (value, place) => ({ value: shape.read(value, place), place }) };
}

/** A list of words, or one text with commas between them; blanks around a word do not count. */
export const words: Shape<string[]> = convert(either(list(text), text), (value) =>
  (typeof value === 'string' ? value.split(',') : value).map((entry) => entry.trim()).filter((entry) => entry !== ''),
);
