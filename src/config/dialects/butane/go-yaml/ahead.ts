import type { Document, YAMLParseError } from 'yaml';

type Fault = Pick<YAMLParseError, 'message' | 'code' | 'pos'>;

/**
 * The first fault at the beginning of the document behind the first one. go-yaml passes over that document, but its scanner is two
 * words ahead of its parser, and a word that it cannot make out ends it. Pure.
 */
export function faultAhead(text: string, documents: readonly Document[]): Fault | undefined {
  const [first, next] = documents;
  const [start, end] = next?.contents?.range ?? [];
  if (next === undefined || start === undefined || end === undefined) return undefined;
  const between = text.slice(first?.range?.[1], start).match(/^(?:---|\.\.\.)(?!\S)/gm) ?? [];
  // Behind a second mark, and in what begins with a mark of two words, the fault is farther away.
  if (between.length > 1 || /[[{,&]/.test(text[start] ?? '')) return undefined;
  const isQuoted = /["']/.test(text[start] ?? '');
  return next.errors.find(
    ({ pos: [offset], code }) => offset <= start || (isQuoted && code === 'MISSING_CHAR' && end <= offset),
  );
}
