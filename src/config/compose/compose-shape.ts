import type { DocumentPath, Problem } from '../../core/diagnostic.ts';
import { isBerthError } from '../../core/errors.ts';
import { Place } from '../place.ts';
import { describeValue, either, type JsonSchema, list, mapOf, type Shape } from '../shape.ts';

/** A shape that can also write its value back in Compose's long form, as `docker compose config` shows it. */
export interface ComposeShape<T> extends Shape<T> {
  print(value: T): unknown;
}

export type ReadByCompose<S> = S extends ComposeShape<infer T> ? T : never;

export interface ComposeScope {
  readonly report: (problem: Problem) => void;
  /** Keep the keys that Berth does not run, checked like all others: for loading a whole Compose project. */
  readonly keepsUnsupported: boolean;
}

/** A place that knows for whom the model is read. */
export class ComposePlace extends Place {
  readonly scope: ComposeScope;

  constructor(path: DocumentPath, scope: ComposeScope) {
    super(path, scope.report);
    this.scope = scope;
  }

  override child(part: string | number): ComposePlace {
    return new ComposePlace([...this.path, part], this.scope);
  }
}

/** A shape whose value looks the same in the model and in the text. */
export function plain<T>(shape: Shape<T>): ComposeShape<T> {
  return { ...shape, print: (value) => value };
}

/** Reads with one shape, then makes another value of it; a BerthError thrown on the way is reported. */
export function converted<T, U>(
  shape: Shape<T>,
  to: (value: T, place: Place) => U | undefined,
  print: (value: U) => unknown,
  schema: JsonSchema = shape.schema,
): ComposeShape<U> {
  return {
    name: shape.name,
    schema,
    accepts: (value) => shape.accepts(value),
    read(value, place) {
      const read = shape.read(value, place);
      return read === undefined ? undefined : orReport(() => to(read, place), place);
    },
    print,
  };
}

/** What the function returns; a CONFIG_INVALID error it throws becomes an `invalid-value` problem at the place. */
export function orReport<T>(compute: () => T, place: Place): T | undefined {
  try {
    return compute();
  } catch (error) {
    if (!isBerthError(error, 'CONFIG_INVALID')) throw error;
    place.error('invalid-value', error.message, error.hint);
    return undefined;
  }
}

/** A list. */
export function listOf<T>(item: ComposeShape<T>): ComposeShape<T[]> {
  return { ...list(item), print: (value) => value.map((entry) => item.print(entry)) };
}

/** A list of things of which each may be there once: a later one takes the place of an earlier one with the same key. */
export function uniqueListOf<T>(item: ComposeShape<T>, keyOf: (value: T) => string): ComposeShape<T[]> {
  const whole = listOf(item);
  return {
    ...whole,
    read: (value, place) => {
      const read = whole.read(value, place);
      return read === undefined ? undefined : lastOfEach(read, keyOf, place);
    },
  };
}

/** Of items with the same key only the last one, at the first one's place; the repetition is reported. */
export function lastOfEach<T>(items: readonly T[], keyOf: (value: T) => string, place: Place): T[] {
  const byKey = new Map<string, T>();
  for (const item of items) {
    const key = keyOf(item);
    if (byKey.has(key)) place.warn('invalid-value', `${key} stands here more than once; the last one counts`);
    byKey.set(key, item);
  }
  return [...byKey.values()];
}

/** A mapping from names to one kind of value. */
export function namedMap<T>(item: ComposeShape<T>, isName?: RegExp): ComposeShape<Record<string, T>> {
  const shape = mapOf(item, (name, place) => {
    if (isName === undefined || isName.test(name)) return true;
    place.error(
      'unknown-key',
      `${JSON.stringify(name)} is not a name: it must match ${isName.source}`,
      undefined,
      'key',
    );
    return false;
  });
  const pattern = isName === undefined ? {} : { propertyNames: { pattern: isName.source } };
  return {
    ...shape,
    schema: { ...shape.schema, ...pattern },
    print: (value) => Object.fromEntries(Object.entries(value).map(([name, entry]) => [name, item.print(entry)])),
  };
}

/** A short form and the long form it stands for; both read to the long form's value. */
export function shortOr<T>(short: Shape<T>, long: ComposeShape<T>): ComposeShape<T> {
  return { ...either(short, long), print: (value) => long.print(value) };
}

/** One value where a list may stand. */
export function oneOrList<T>(item: ComposeShape<T>, all: ComposeShape<T[]> = listOf(item)): ComposeShape<T[]> {
  const one: Shape<T[]> = {
    ...item,
    read: (value, place) => {
      const read = item.read(value, place);
      return read === undefined ? undefined : [read];
    },
  };
  return { ...either(one, all), print: (value) => all.print(value) };
}

/** Also takes nothing (a key with no value behind it). */
export function orNull<T>(shape: ComposeShape<T>): ComposeShape<T | null> {
  return {
    name: shape.name,
    schema: { anyOf: [{ type: 'null' }, shape.schema] },
    accepts: (value) => value === null || shape.accepts(value),
    read: (value, place) => (value === null ? null : shape.read(value, place)),
    print: (value) => (value === null ? null : shape.print(value)),
  };
}

/** Also takes nothing, and reads it as if the key were not there. */
export function orAbsent<T>(shape: ComposeShape<T>): ComposeShape<T> {
  const nullable = orNull(shape);
  return { ...nullable, read: (value, place) => (value === null ? undefined : shape.read(value, place)) };
}

/** Also takes nothing, and reads it as the given value. */
export function orEmpty<T>(shape: ComposeShape<T>, empty: NoInfer<T>): ComposeShape<T> {
  const nullable = orNull(shape);
  return { ...nullable, read: (value, place) => (value === null ? empty : shape.read(value, place)) };
}

interface ShapeRules<V, T> {
  readonly name: string;
  readonly schema: JsonSchema;
  /** What to write instead of a value of another type. */
  readonly hint?: string;
  readonly is: (value: unknown) => value is V;
  readonly read: (value: V, place: Place) => T | undefined;
  /** Default: the value as it is. */
  readonly print?: (value: T) => unknown;
}

/** A shape by its parts; a value of another type is reported as `wrong-type`. */
export function shapeOf<V, T>({
  name,
  schema,
  hint,
  is,
  read,
  print = (value) => value,
}: ShapeRules<V, T>): ComposeShape<T> {
  return {
    name,
    schema,
    accepts: is,
    read(value, place) {
      if (is(value)) return read(value, place);
      place.error('wrong-type', `expected ${name}, found ${describeValue(value)}`, hint);
      return undefined;
    },
    print,
  };
}
