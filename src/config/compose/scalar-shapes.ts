import { describeValue, type Shape, text as sharedText } from '../shape.ts';
import { type ComposeShape, converted, plain, reportWrongType } from './compose-shape.ts';
import type { Bytes, Nanoseconds } from './types.ts';
import { formatDuration, parseBytes, parseDuration } from './units.ts';

/** Text. */
export const text = plain(sharedText);

/** Text or a number, read as text. */
export const textOrNumber: ComposeShape<string> = plain<string>({
  name: 'text or a number',
  schema: { type: ['string', 'number'] },
  accepts: (value) => typeof value === 'string' || typeof value === 'number',
  read(value, place) {
    return this.accepts(value) ? String(value) : reportWrongType(this.name, value, place);
  },
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
  name: string,
  type: string,
  digits: RegExp,
  isNumber: (value: unknown) => boolean,
  { min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY }: Bounds,
): ComposeShape<number> {
  const minimum = Number.isFinite(min) ? { minimum: min } : {};
  const maximum = Number.isFinite(max) ? { maximum: max } : {};
  const range = rangeText(min, max);
  return plain({
    name: `${name}${range}`,
    schema: { type: [type, 'string'], ...minimum, ...maximum },
    accepts: (value) => typeof value === 'number' || typeof value === 'string',
    read(value, place) {
      const number = typeof value === 'string' && digits.test(value) ? Number(value) : value;
      if (typeof number === 'number' && isNumber(number) && number >= min && number <= max) return number;
      if (typeof value !== 'number' && typeof value !== 'string') return reportWrongType(name, value, place);
      place.error('invalid-value', `expected ${name}${range}, found ${describeValue(value)}`);
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
export const truth: ComposeShape<boolean> = plain<boolean>({
  name: 'true or false',
  schema: { type: ['boolean', 'string'] },
  accepts: (value) => typeof value === 'boolean' || typeof value === 'string',
  read(value, place) {
    if (typeof value === 'boolean') return value;
    const found = typeof value === 'string' ? truthWords.get(value.toLowerCase()) : undefined;
    return found ?? reportWrongType(this.name, value, place);
  },
});

/** A duration as text; printed in Go's notation. */
export const duration: ComposeShape<Nanoseconds> = converted(
  {
    ...sharedText,
    name: 'a duration such as 10s',
    read: (value, place) =>
      typeof value === 'number' && value !== 0
        ? reportWrongType('a duration', value, place, `write the unit: "${value}s"`)
        : sharedText.read(value === 0 ? '0' : value, place),
  },
  (value, place) => {
    const length = parseDuration(value);
    if (length >= 0) return length;
    place.error('invalid-value', `${JSON.stringify(value)} is negative`);
    return undefined;
  },
  formatDuration,
  { type: 'string' },
);

/** A size in bytes: a whole number, or text with a unit; printed as digits, as Compose does. */
export const bytes: ComposeShape<Bytes> = sizes('a size such as 512m, or a number of bytes', false);

/** As {@link bytes}, or -1 for "no limit". */
export const bytesOrUnlimited: ComposeShape<Bytes> = sizes('a size such as 512m, or -1 for no limit', true);

function sizes(name: string, allowsUnlimited: boolean): ComposeShape<Bytes> {
  const shape: Shape<string> = {
    name,
    schema: { type: ['integer', 'string'], minimum: allowsUnlimited ? -1 : 0 },
    accepts: (value) => typeof value === 'number' || typeof value === 'string',
    read(value, place) {
      if (typeof value === 'string') return value;
      return Number.isSafeInteger(value) ? String(value) : reportWrongType(name, value, place);
    },
  };
  return converted(shape, (value) => (allowsUnlimited && value === '-1' ? -1 : parseBytes(value)), String);
}

/** File mode bits: a number as YAML read it, or octal digits as text; printed as four octal digits. */
export const fileMode: ComposeShape<number> = plain<number>({
  name: 'a file mode such as "0440"',
  schema: { type: ['integer', 'string'] },
  accepts: (value) => typeof value === 'number' || typeof value === 'string',
  read(value, place) {
    const octal = typeof value === 'string' ? /^(?:0o?)?([0-7]{1,4})$/.exec(value)?.[1] : undefined;
    const mode = octal === undefined ? value : Number.parseInt(octal, 8);
    if (typeof mode === 'number' && Number.isInteger(mode) && mode >= 0 && mode <= 0o7777) return mode;
    if (!this.accepts(value)) return reportWrongType(this.name, value, place);
    place.error(
      'invalid-value',
      `expected ${this.name}, found ${describeValue(value)}`,
      'write octal digits in quotes: "0440"',
    );
    return undefined;
  },
});
fileMode.print = (mode) => `0${mode.toString(8).padStart(3, '0')}`;

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
