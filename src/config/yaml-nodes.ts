import { isPair, isSeq, type Scalar } from 'yaml';

/** Puts each new value in the place of its scalar, in double quotes, which hold any text. Pure. @param text as the parser gave it. */
export function spliceScalars(text: string, changes: ReadonlyMap<Scalar, string>): string {
  const ranges = [...changes].flatMap(([{ range }, value]) =>
    range === null || range === undefined ? [] : [{ start: range[0], end: range[1], value }],
  );
  return ranges
    .toSorted((a, b) => b.start - a.start)
    .reduce((result, { start, end, value }) => {
      // A block scalar's range takes the line's end with it.
      const isBlock = /[\r\n]/.test(result[end - 1] ?? '');
      return `${result.slice(0, start)}${JSON.stringify(value)}${isBlock ? '\n' : ''}${result.slice(end)}`;
    }, text);
}

/** What stands in a list, also in one of pairs (`!!omap`); nothing for all else. Pure. */
export function itemsOf(node: unknown): readonly unknown[] {
  return isSeq(node) ? node.items.map((item) => (isPair(item) ? item.value : item)) : [];
}
