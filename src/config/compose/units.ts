import { BerthError } from '../../core/errors.ts';

/** Units by their first letter; `ki`, `kib`, `kb` and `k` mean the same. */
const binaryUnits: Readonly<Record<string, number>> = { k: 2 ** 10, m: 2 ** 20, g: 2 ** 30, t: 2 ** 40, p: 2 ** 50 };
const decimalUnits: Readonly<Record<string, number>> = { k: 1e3, m: 1e6, g: 1e9, t: 1e12, p: 1e15 };

/**
 * A size as Compose and the engine's command line write memory: `512m`, `1.5 GiB`, `64`. Every unit is a power of 1024.
 * Fractions of a byte are cut off. Syntax and arithmetic: docker/go-units, `RAMInBytes`.
 * @throws BerthError CONFIG_INVALID when the text is not a size or is negative.
 */
export function parseBytes(text: string): number {
  return parseSize(text, binaryUnits);
}

/**
 * A size as disks are sold: as {@link parseBytes}, but every unit is a power of 1000 (docker/go-units, `FromHumanSize`).
 * @throws BerthError CONFIG_INVALID when the text is not a size or is negative.
 */
export function fromHumanSize(text: string): number {
  return parseSize(text, decimalUnits);
}

function parseSize(text: string, units: Readonly<Record<string, number>>): number {
  // One space may stand between number and unit: it takes the place of the last digit or dot that ends the number.
  const match = /^([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?) ?([a-zA-Z]{0,3})$/.exec(text);
  const number = Number(match?.[1] ?? Number.NaN);
  if (match === null || number < 0) throw notASize(text);
  const [, , suffix = ''] = match;
  const unit = suffix.toLowerCase();
  if (unit === '' || unit === 'b') return Math.trunc(number) + 0;
  const factor = units[unit[0] ?? ''];
  const rest = unit.slice(1);
  if (factor === undefined || !['', 'b', 'ib'].includes(rest)) throw notASize(text);
  return Math.trunc(number * factor);
}

function notASize(text: string): BerthError {
  return new BerthError('CONFIG_INVALID', `${JSON.stringify(text)} is not a size`, {
    hint: 'write a number of bytes, or a number with a unit: 512m, 1.5g, 64k',
  });
}

const nanoseconds: Readonly<Record<string, number>> = {
  ns: 1,
  us: 1e3,
  µs: 1e3,
  μs: 1e3,
  ms: 1e6,
  s: 1e9,
  m: 60e9,
  h: 3600e9,
  d: 24 * 3600e9,
  w: 7 * 24 * 3600e9,
};

/**
 * A length of time in nanoseconds: Go's `time.ParseDuration` (`1m30s`, `1.5h`, `-200ms`, `0`), and `d` and `w` besides,
 * as Compose takes them.
 * @throws BerthError CONFIG_INVALID when the text is not a duration or longer than 292 years.
 */
export function parseDuration(text: string): number {
  const sign = text.startsWith('-') ? -1 : 1;
  const body = text.replace(/^[+-]/, '');
  if (body === '0') return 0;
  const parts = [...body.matchAll(/(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h|d|w)/g)];
  const length = parts.reduce((sum, [part]) => sum + part.length, 0);
  if (parts.length === 0 || length !== body.length) throw notADuration(text);
  const total = parts.reduce((sum, [, number, unit]) => sum + Number(number) * (nanoseconds[unit ?? ''] ?? 0), 0);
  if (total > 2 ** 63) throw notADuration(text);
  return total === 0 ? 0 : sign * Math.trunc(total);
}

function notADuration(text: string): BerthError {
  return new BerthError('CONFIG_INVALID', `${JSON.stringify(text)} is not a duration`, {
    hint: 'write numbers with units: 10s, 1m30s, 500ms',
  });
}

/** A duration in nanoseconds as Go's `time.Duration.String` writes it: `1m30s`, `1.5s`, `200ms`, `0s`. */
export function formatDuration(duration: number): string {
  if (duration === 0) return '0s';
  const sign = duration < 0 ? '-' : '';
  const size = Math.abs(duration);
  if (size < 1e3) return `${sign}${size}ns`;
  if (size < 1e6) return `${sign}${decimal(size, 1e3)}µs`;
  if (size < 1e9) return `${sign}${decimal(size, 1e6)}ms`;
  const minutes = Math.floor(size / 60e9);
  const seconds = `${decimal(size - minutes * 60e9, 1e9)}s`;
  if (minutes === 0) return `${sign}${seconds}`;
  const hours = Math.floor(minutes / 60);
  return hours === 0 ? `${sign}${minutes}m${seconds}` : `${sign}${hours}h${minutes % 60}m${seconds}`;
}

/** `amount / unit` without rounding: whole part, then the digits of the remainder. */
function decimal(amount: number, unit: number): string {
  const whole = Math.floor(amount / unit);
  const digits = String(unit).length - 1;
  const fraction = String(amount - whole * unit)
    .padStart(digits, '0')
    .replace(/0+$/, '');
  return fraction === '' ? String(whole) : `${whole}.${fraction}`;
}
