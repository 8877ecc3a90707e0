import type { Scalar } from 'yaml';

const question = 'PyYAML ends an unquoted text in brackets at "?"';
const colon = 'to PyYAML an unquoted text in brackets cannot begin with ":"';
const header = 'PyYAML takes nothing but "+", "-" and a digit after "|" or ">"';

/** What to write instead. */
export const scalarFaultHints: ReadonlyMap<string, string> = new Map([
  [question, 'put the text in quotes'],
  [colon, 'put the text in quotes'],
  [header, 'begin the text on the next line'],
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
