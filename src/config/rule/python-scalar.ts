import type { Scalar } from 'yaml';
import { OtherValue, PythonFloat, type PythonKey } from './python-value.ts';

/** PyYAML cannot make a value of a scalar. */
export class ScalarFailure extends Error {}

interface Resolver {
  readonly tag: string;
  readonly pattern: RegExp;
}

/** What a plain scalar is taken for: PyYAML's implicit resolvers, the first that matches. */
const resolvers: readonly Resolver[] = [
  { tag: 'bool', pattern: /^(?:yes|Yes|YES|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF)$/ },
  {
    tag: 'float',
    pattern:
      /^(?:[-+]?\d[\d_]*\.[\d_]*(?:[eE][-+]\d+)?|\.\d[\d_]*(?:[eE][-+]\d+)?|[-+]?\d[\d_]*(?::[0-5]?\d)+\.[\d_]*|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$/,
  },
  {
    tag: 'int',
    pattern:
      /^(?:[-+]?0b[01_]+|[-+]?0[0-7_]+|[-+]?(?:0|[1-9][\d_]*)|[-+]?0x[\da-fA-F_]+|[-+]?[1-9][\d_]*(?::[0-5]?\d)+)$/,
  },
  { tag: 'merge', pattern: /^<<$/ },
  { tag: 'null', pattern: /^(?:~|null|Null|NULL|)$/ },
  {
    tag: 'timestamp',
    pattern:
      /^(?:\d{4}-\d\d-\d\d|\d{4}-\d\d?-\d\d?(?:[Tt]|[ \t]+)\d\d?:\d\d:\d\d(?:\.\d*)?(?:[ \t]*(?:Z|[-+]\d\d?(?::\d\d)?))?)$/,
  },
  { tag: 'value', pattern: /^=$/ },
];

const core = 'tag:yaml.org,2002:';
const truths = new Map<string, boolean>([
  ...['yes', 'true', 'on'].map((word) => [word, true] as const),
  ...['no', 'false', 'off'].map((word) => [word, false] as const),
]);

/**
 * The value of a scalar as PyYAML's safe loader (YAML 1.1) constructs it: `0644` is 420, `2030-01-01` a date, `1e3` text.
 * Throws ScalarFailure where the loader fails. Pure.
 */
export function pythonScalar(node: Scalar): PythonKey {
  const text = typeof node.value === 'string' && node.type !== 'PLAIN' ? node.value : (node.source ?? '');
  const tag = tagOf(node, text);
  switch (tag) {
    case 'str':
      return text;
    case 'null':
      return null;
    case 'bool': {
      const truth = truths.get(text.toLowerCase());
      if (truth === undefined) throw new ScalarFailure(`"${text}" is not a boolean`);
      return truth;
    }
    case 'int':
      return pythonInteger(text);
    case 'float':
      return new PythonFloat(floatOf(text));
    case 'binary':
      return binaryOf(text);
    case 'timestamp':
      return dateOf(text);
    default:
      throw new ScalarFailure(`the tag of "${text}" (${tag}) has no value in PyYAML's safe loader`);
  }
}

function tagOf(node: Scalar, text: string): string {
  const explicit = node.tag;
  if (explicit !== undefined && explicit !== '!')
    return explicit.startsWith(core) ? explicit.slice(core.length) : explicit;
  // To PyYAML a lone "!" says nothing, and takes the meaning of quotes away.
  if (explicit !== '!' && node.type !== 'PLAIN') return 'str';
  return resolvers.find(({ pattern }) => pattern.test(text))?.tag ?? 'str';
}

function pythonInteger(source: string): number | bigint {
  const text = source.replaceAll('_', '');
  const [, sign = '', digits = ''] = /^([-+]?)(.*)$/.exec(text) ?? [];
  const size = integerSize(digits, source);
  const value = sign === '-' ? -size : size;
  const short = Number(value);
  return Number.isSafeInteger(short) ? short : value;
}

function integerSize(digits: string, source: string): bigint {
  if (/^0b[01]+$/.test(digits) || /^0x[\da-f]+$/i.test(digits)) return BigInt(digits);
  if (/^0[0-7]*$/.test(digits)) return BigInt(`0o${digits}`);
  if (/^\d+(?::\d+)+$/.test(digits)) return digits.split(':').reduce((total, part) => total * 60n + BigInt(part), 0n);
  if (/^[1-9]\d*$/.test(digits)) {
    // CPython refuses to read longer ones (sys.int_info.default_max_str_digits).
    if (digits.length > 4300) throw new ScalarFailure('the number has more than 4300 digits');
    return BigInt(digits);
  }
  throw new ScalarFailure(`"${source}" is not a whole number`);
}

function floatOf(source: string): number {
  const text = source.replaceAll('_', '').toLowerCase();
  const [, sign = '', digits = ''] = /^([-+]?)(.*)$/.exec(text) ?? [];
  const factor = sign === '-' ? -1 : 1;
  if (digits === '.inf') return factor * Number.POSITIVE_INFINITY;
  if (digits === '.nan') return Number.NaN;
  const value = digits.split(':').reduce((total, part) => total * 60 + Number(part), 0);
  if (digits === '' || Number.isNaN(value)) throw new ScalarFailure(`"${source}" is not a number`);
  return factor * value;
}

/**
 * As CPython's binascii (3.14) reads base64: other characters are passed over, so is "=" with data behind it, and the text ends
 * with a whole group of four.
 */
function binaryOf(text: string): Uint8Array {
  if (/[^\p{ASCII}]/u.test(text)) throw new ScalarFailure('binary data has characters beyond ASCII');
  let inGroup = 0;
  let pads = 0;
  let data = '';
  for (const character of text) {
    if (character === '=') {
      if (inGroup >= 2) pads += 1;
    } else if (/[A-Za-z0-9+/]/.test(character)) {
      pads = 0;
      data += character;
      inGroup = (inGroup + 1) % 4;
    }
  }
  if (inGroup !== 0 && inGroup + pads < 4)
    throw new ScalarFailure('binary data is not whole: base64 has groups of four characters');
  return new Uint8Array(Buffer.from(data, 'base64'));
}

function dateOf(text: string): OtherValue {
  const parts = /^(\d{4})-(\d\d?)-(\d\d?)(?:(?:[Tt]|[ \t]+)(\d\d?):(\d\d):(\d\d))?/.exec(text);
  if (parts === null) throw new ScalarFailure(`"${text}" is not a date`);
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts
    .slice(1)
    .map((part: string | undefined) => Number(part ?? 0));
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  const isDay = year >= 1 && date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
  if (!isDay || hour > 23 || minute > 59 || second > 59) throw new ScalarFailure(`"${text}" is no day of the calendar`);
  return new OtherValue(`the date ${text}`);
}
