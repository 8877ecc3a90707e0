import type { GoScalar } from './node.ts';

/** What go-yaml version 3 makes of a scalar. */
export type Resolved =
  | { readonly kind: 'null' }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'truth'; readonly value: boolean }
  | { readonly kind: 'number'; readonly value: number }
  /** A date, or the value of a tag without a meaning: as text only. */
  | { readonly kind: 'other' }
  | { readonly kind: 'unreadable'; readonly reason: string };

const words = new Map<string, Resolved>([
  ...['true', 'True', 'TRUE'].map((word) => [word, { kind: 'truth', value: true }] as const),
  ...['false', 'False', 'FALSE'].map((word) => [word, { kind: 'truth', value: false }] as const),
  ...['', '~', 'null', 'Null', 'NULL'].map((word) => [word, { kind: 'null' }] as const),
  ...['.nan', '.NaN', '.NAN'].map((word) => [word, { kind: 'number', value: Number.NaN }] as const),
  ...['.inf', '.Inf', '.INF', '+.inf', '+.Inf', '+.INF'].map(
    (word) => [word, { kind: 'number', value: Number.POSITIVE_INFINITY }] as const,
  ),
  ...['-.inf', '-.Inf', '-.INF'].map((word) => [word, { kind: 'number', value: Number.NEGATIVE_INFINITY }] as const),
]);

const kindOfTag: Readonly<Record<string, Resolved['kind']>> = {
  '!!null': 'null',
  '!!bool': 'truth',
  '!!int': 'number',
  '!!float': 'number',
  '!!timestamp': 'other',
};

/** Resolves a scalar by its tag, else by its text: YAML 1.2's words, with the octal numbers of 1.1 (`0644`). Pure. */
export function resolveScalar({ text, tag }: GoScalar): Resolved {
  if (tag === '!!str') return { kind: 'text', text };
  if (tag === '!!binary') return decodeBinary(text);
  const wanted = kindOfTag[tag];
  if (tag !== '' && wanted === undefined) return { kind: 'other' };
  const found = resolvePlain(text, tag);
  if (wanted === undefined || found.kind === wanted) {
    if (tag !== '!!int' || (found.kind === 'number' && !isFraction(text))) return found;
  }
  return { kind: 'unreadable', reason: `cannot be read as ${tag}` };
}

function resolvePlain(text: string, tag: string): Resolved {
  const word = words.get(text);
  if (word !== undefined) return word;
  const [first = ''] = text;
  if (first === '.') return floatOf(text);
  if (!/[-+0-9]/.test(first)) return { kind: 'text', text };
  if ((tag === '' || tag === '!!timestamp') && isTimestamp(text)) return { kind: 'other' };
  const plain = text.replaceAll('_', '');
  const whole = wholeOf(plain);
  if (whole !== undefined) return { kind: 'number', value: whole };
  return /^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$/.test(plain) ? floatOf(plain) : { kind: 'text', text };
}

/** `0x1f`, `0b11`, `0o17`, `017` or decimal, within 64 bits. */
function wholeOf(plain: string): number | undefined {
  const match = /^([-+]?)(?:0[xX]([0-9a-fA-F]+)|0[bB]([01]+)|0[oO]([0-7]+)|0([0-7]+)|(0|[1-9][0-9]*))$/.exec(plain);
  if (match === null) return undefined;
  const [, sign = '', hexadecimal, binary, octal12, octal11, decimal] = match;
  const octal = octal12 ?? octal11;
  const digits =
    hexadecimal !== undefined
      ? `0x${hexadecimal}`
      : binary !== undefined
        ? `0b${binary}`
        : octal !== undefined
          ? `0o${octal}`
          : (decimal ?? '');
  const size = BigInt(digits);
  if (size > (sign === '-' ? 2n ** 63n : sign === '+' ? 2n ** 63n - 1n : 2n ** 64n - 1n)) return undefined;
  return Number(sign === '-' ? -size : size);
}

function floatOf(text: string): Resolved {
  const value = /^[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?$/.test(text) ? Number(text) : Number.NaN;
  return Number.isFinite(value) ? { kind: 'number', value } : { kind: 'text', text };
}

function isFraction(text: string): boolean {
  return wholeOf(text.replaceAll('_', '')) === undefined;
}

const times = [
  /^\d{4}-(\d{1,2})-(\d{1,2})$/,
  /^\d{4}-(\d{1,2})-(\d{1,2})[Tt](\d{1,2}):(\d{1,2}):(\d{1,2})(?:[.,]\d+)?(?:Z|[-+]\d\d:\d\d)$/,
  /^\d{4}-(\d{1,2})-(\d{1,2}) (\d{1,2}):(\d{1,2}):(\d{1,2})(?:[.,]\d+)?$/,
];

function isTimestamp(text: string): boolean {
  for (const form of times) {
    const match = form.exec(text);
    if (match === null) continue;
    const [month = 0, day = 0, hour = 0, minute = 0, second = 0] = match.slice(1).map(Number);
    const lastDay = new Date(Date.UTC(Number(text.slice(0, 4)), month, 0)).getUTCDate();
    return month >= 1 && month <= 12 && day >= 1 && day <= lastDay && hour < 24 && minute < 60 && second < 60;
  }
  return false;
}

function decodeBinary(text: string): Resolved {
  const packed = text.replace(/[\r\n]/g, '');
  if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(packed)) {
    return { kind: 'unreadable', reason: 'is not base64, as !!binary asks for' };
  }
  return { kind: 'text', text: Buffer.from(packed, 'base64').toString('utf8') };
}
