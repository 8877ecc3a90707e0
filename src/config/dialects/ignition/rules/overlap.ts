/** Where a partition is, in some unit; both ends are in it. */
export interface Extent {
  readonly start: number;
  readonly end: number;
}

/** So many pairs are compared one by one; a disk has 128 partitions. */
const maxCompared = 1000;

/** Index of the first extent that overlaps another one; -1 without one. Those that are not known overlap nothing. */
export function firstOverlap(extents: readonly (Extent | undefined)[]): number {
  if (extents.length > maxCompared) return firstInOrder(extents);
  return extents.findIndex((one, index) =>
    extents.some((other, at) => at !== index && one !== undefined && other !== undefined && overlap(other, one)),
  );
}

/** A size below 0 makes an extent that ends before it starts: it overlaps what either end is in. */
function overlap(a: Extent, b: Extent): boolean {
  const isStartIn = a.start >= b.start && a.start <= b.end;
  const isEndIn = a.end >= b.start && a.end <= b.end;
  return isStartIn || isEndIn || (a.start < b.start && a.end > b.end);
}

function firstInOrder(extents: readonly (Extent | undefined)[]): number {
  const known = extents.flatMap((extent, index) => (extent === undefined ? [] : [{ ...extent, index }]));
  let last = Number.NEGATIVE_INFINITY;
  for (const { start, end, index } of known.toSorted((a, b) => a.start - b.start)) {
    if (start <= last) return index;
    last = Math.max(last, end);
  }
  return -1;
}
