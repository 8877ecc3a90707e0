import { TemplateFailure, type TemplateValue } from './library.ts';
import { pythonText } from './python-text.ts';

const places = /%(?:\((\w+)\))?([-+ 0#]*)(\d*)(?:\.(\d+))?([a-zA-Z%])/g;
const widest = 10_000;

/** A text with values in its places, as Python's `%` puts them (printf). Pure. Throws TemplateFailure. */
export function printed(pattern: string, values: readonly TemplateValue[]): string {
  let next = 0;
  const result = pattern.replace(
    places,
    (_, name: string | undefined, flags: string, width: string, precision: string | undefined, kind: string) => {
      if (kind === '%') return '%';
      if (name !== undefined || Number(width) > widest || Number(precision) > 100)
        throw new TemplateFailure('such a format is not currently supported');
      const value = values[next++];
      if (value === undefined) throw new TemplateFailure('a format has more places than values');
      const text = formed(value, kind, flags, precision);
      const fill = flags.includes('0') && 'dixXof'.includes(kind) ? '0' : ' ';
      if (flags.includes('-')) return text.padEnd(Number(width));
      const sign = fill === '0' ? (/^[+-]/.exec(text)?.[0] ?? '') : '';
      return sign + text.slice(sign.length).padStart(Number(width) - sign.length, fill);
    },
  );
  if (next < values.length) throw new TemplateFailure('a format has fewer places than values');
  return result;
}

function formed(value: TemplateValue, kind: string, flags: string, precision: string | undefined): string {
  if (kind === 's') return pythonText(value).slice(0, precision === undefined ? undefined : Number(precision));
  const number = Number(value.value);
  if (!['IntegerValue', 'FloatValue', 'BooleanValue'].includes(value.type))
    throw new TemplateFailure('a format wants a number and is given none');
  const sign = number >= 0 && flags.includes('+') ? '+' : '';
  switch (kind) {
    case 'd':
    case 'i':
      return sign + String(Math.trunc(number));
    case 'f':
      return sign + fixed(number, Number(precision ?? 6));
    case 'x':
      return sign + Math.trunc(number).toString(16);
    case 'X':
      return sign + Math.trunc(number).toString(16).toUpperCase();
    case 'o':
      return sign + Math.trunc(number).toString(8);
    default:
      throw new TemplateFailure('such a format is not currently supported');
  }
}

/** Halves go to the even number, as in Python. */
function fixed(number: number, digits: number): string {
  const scaled = number * 10 ** digits;
  const lower = Math.floor(scaled);
  const isHalf = scaled - lower === 0.5 && Number.isSafeInteger(lower);
  return (isHalf && lower % 2 === 0 ? lower / 10 ** digits : number).toFixed(digits);
}
