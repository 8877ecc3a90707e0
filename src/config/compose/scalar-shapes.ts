import { describeValue, type Shape, text as sharedText } from '../shape.ts';
import { type ComposeShape, converted, plain, shapeOf } from './compose-shape.ts';
import type { Bytes, Nanoseconds } from './types.ts';
import { formatDuration, parseBytes, parseDuration } from './units.ts';

/** Text. */
export const text = plain(sharedText);

/** True for text and numbers. */
function isTextOrNumber(value: unknown): value is string | number {
  return typeof value === 'string' || typeof value === 'number';
}

/** True for text and truth values. */
function isTextOrTruth(value: unknown): value is string | boolean {
  return typeof value === 'string' || typeof value === 'boolean';
}

/** Text or a number, read as text. */
export const textOrNumber: ComposeShape<string> = shapeOf({
  name: 'text or a number',
  schema: { type: ['string', 'number'] },
  is: isTextOrNumber,
  read: String,
});

/** Text or a truth value, read as text. */
export const textOrTruth: ComposeShape<string> = shapeOf({
  name: 'true, false or text',
  schema: { type: ['boolean', 'string'] },
  is: isTextOrTruth,
  read: String,
});

interface Bounds {
  readonly min?: number;
  readonly max?: number;
}

/** A whole number, or its digits as text: what interpolation leaves behind is always text. */
export function integer(bounds: Bounds = {}): ComposeShape<number> {
  return numeric('a whole number', 'integer', /^[+-]?\d+$/, Number.isSafeInteger, bounds);
}

/** A number, or its digits as text. */
export function decimal(bounds: Bounds = {}): ComposeShape<number> {
  return numeric('a number', 'number', /^[+-]?(\d+\.?\d*|\.\d+)$/, Number.isFinite, bounds);
}

function numeric(
  kind: string,
  type: string,
  digits: RegExp,
  isNumber: (value: unknown) => boolean,
  { min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY }: Bounds,
): ComposeShape<number> {
  const minimum = Number.isFinite(min) ? { minimum: min } : {};
  const maximum = Number.isFinite(max) ? { maximum: max } : {};
  const name = `${kind}${rangeText(min, max)}`;
  return shapeOf({
    name,
    schema: { type: [type, 'string'], ...minimum, ...maximum },
    is: isTextOrNumber,
    read(value, place) {
      const number = typeof value === 'string' && digits.test(value) ? Number(value) : value;
      if (typeof number === 'number' && isNumber(number) && number >= min && number <= max) return number;
      place.error('invalid-value', `expected ${name}, found ${describeValue(value)}`);
      return undefined;
    },
  });
}

function rangeText(min: number, max: number): string {
  if (Number.isFinite(min) && Number.isFinite(max)) return ` from ${min} to ${max}`;
  if (Number.isFinite(min)) return `, ${min} or more`;
  return '';
}

const truthWords: ReadonlyMap<string, boolean> = new Map([
  ...['true', 'yes', 'y', 'on'].map((word) => [word, true] as const),
  ...['false', 'no', 'n', 'off'].map((word) => [word, false] as const),
]);

/** `true` or `false`, also as text. */
export const truth: ComposeShape<boolean> = shapeOf({
  name: 'true or false',
  schema: { type: ['boolean', 'string'] },
  is: isTextOrTruth,
  read(value, place) {
    const found = typeof value === 'boolean' ? value : truthWords.get(value.toLowerCase());
    if (found === undefined) place.error('wrong-type', `expected true or false, found ${describeValue(value)}`);
    return found;
  },
});

/** A duration as text; printed in Go's notation. */
export const duration: ComposeShape<Nanoseconds> = converted(
  shapeOf({
    name: 'a duration such as 10s',
    schema: { anyOf: [{ type: 'string' }, { const: 0 }] },
    hint: 'write a number with its unit in quotes: "10s"',
    // Only zero has no unit.
    is: (value): value is string | 0 => typeof value === 'string' || value === 0,
    read: String,
  }),
  (value, place) => {
    const length = parseDuration(value);
    if (length >= 0) return length;
    place.error('invalid-value', `${JSON.stringify(value)} is negative`);
    return undefined;
  },
  formatDuration,
);

/** A size in bytes: a whole number, or text with a unit; printed as digits, as Compose does. */
export const bytes: ComposeShape<Bytes> = sizes('a size such as 512m, or a number of bytes', false);

/** As {@link bytes}, or -1 for "no limit". */
export const bytesOrUnlimited: ComposeShape<Bytes> = sizes('a size such as 512m, or -1 for no limit', true);

function sizes(name: string, allowsUnlimited: boolean): ComposeShape<Bytes> {
  const shape: Shape<string> = shapeOf({
    name,
    schema: { type: ['integer', 'string'], minimum: allowsUnlimited ? -1 : 0 },
    is: (value): value is string | number => typeof value === 'string' || Number.isSafeInteger(value),
    read: String,
  });
  return converted(shape, (value) => (allowsUnlimited && value === '-1' ? -1 : parseBytes(value)), String);
}

/** File mode bits: a number as YAML read it, or octal digits as text; printed as four octal digits. */
export const fileMode: ComposeShape<number> = shapeOf({
  name: 'a file mode such as "0440"',
  schema: { type: ['integer', 'string'] },
  is: isTextOrNumber,
  read(value, place) {
    const octal = typeof value === 'string' ? (/^(?:0o?)?([0-7]{1,4})$/.exec(value)?.[1] ?? '9') : undefined;
    const mode = octal === undefined ? Number(value) : Number.parseInt(octal, 8);
    if (Number.isInteger(mode) && mode >= 0 && mode <= 0o7777) return mode;
    place.error('invalid-value', `${describeValue(value)} is not a file mode`, 'write octal digits in quotes: "0440"');
    return undefined;
  },
  print: (mode) => `0${mode.toString(8).padStart(3, '0')}`,
});

/** Text that one function checks and turns into something else. */
export function parsed<T>(parse: (value: string) => T, print: (value: T) => unknown): ComposeShape<T> {
  return converted(sharedText, parse, print);
}

const pullPolicies = /^(always|never|build|if_not_present|missing|refresh|daily|weekly|every_(\d+[wdhms])+)$/;

/** When an image is fetched again. */
export const pullPolicy: ComposeShape<string> = converted(
  sharedText,
  (value, place) => {
    if (pullPolicies.test(value)) return value;
    const expected = 'always, missing, never, if_not_present, build, daily, weekly or every_<duration>';
    place.error('invalid-value', `expected ${expected}, found ${describeValue(value)}`);
    return undefined;
  },
  (value) => value,
  { type: 'string', pattern: pullPolicies.source },
);
