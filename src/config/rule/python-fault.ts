import { isNode, type Pair, type Scalar, type YAMLMap } from 'yaml';

const question = 'PyYAML ends an unquoted text in brackets at "?"';
const colon = 'to PyYAML an unquoted text in brackets cannot begin with ":"';
const header = 'PyYAML takes nothing but "+", "-" and a digit after "|" or ">"';

/** What PyYAML says of a key that `splitKey` finds. */
export const split = 'to PyYAML a key in braces, and the ":" behind it, stand on one line';

/** What to write instead. */
export const scalarFaultHints: ReadonlyMap<string, string> = new Map([
  [question, 'put the text in quotes'],
  [colon, 'put the text in quotes'],
  [header, 'begin the text on the next line'],
  [split, 'write the key and the ":" on one line, or put "? " before the key'],
]);

/** What PyYAML's scanner, which is stricter than YAML there, stops at in a scalar; undefined when it does not. Pure. */
export function scalarFault({ type, range }: Scalar, text: string, inBrackets: boolean): string | undefined {
  if (range === null || range === undefined) return undefined;
  const [start, end] = range;
  if (type === 'PLAIN') {
    if (!inBrackets) return undefined;
    const source = text.slice(start, end);
    if (source.includes('?')) return question;
    return source.startsWith(':') ? colon : undefined;
  }
  if (type !== 'BLOCK_LITERAL' && type !== 'BLOCK_FOLDED') return undefined;
  return /[|>][-+\d]*[^-+\d\s]/y.test(text.slice(start, start + 8)) ? header : undefined;
}

/** Where the first key of a mapping in braces begins that has a line end before its ":", and no "?". Pure. */
export function splitKey({ items, range }: YAMLMap, text: string): number | undefined {
  let from = range?.[0] ?? 0;
  for (const pair of items) {
    const start = splitStart(pair, from, text);
    if (start !== undefined) return start;
    from = endOf(pair.value) ?? endOf(pair.key) ?? from;
  }
  return undefined;
}

function splitStart({ key, value }: Pair, from: number, text: string): number | undefined {
  const end = endOf(key);
  const next = isNode(value) ? value.range?.[0] : undefined;
  if (end === undefined || next === undefined) return undefined;
  const [before = ''] = /^(?:[\s,{]|#[^\n]*\n)*/.exec(text.slice(from, end)) ?? [];
  const written = text.slice(from + before.length, end);
  const [gap = ''] = /^[^:]*/.exec(text.slice(end, next).replace(/#[^\n]*/g, '')) ?? [];
  return !/^\?\s/.test(written) && `${written}${gap}`.includes('\n') ? from + before.length : undefined;
}

function endOf(node: unknown): number | undefined {
  return isNode(node) ? node.range?.[1] : undefined;
}
