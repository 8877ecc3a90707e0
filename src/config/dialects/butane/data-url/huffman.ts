/** A prefix code: for each symbol its length in bits (0: not used) and its bits, lowest first. */
export interface PrefixCode {
  readonly lengths: Uint8Array;
  readonly bits: Uint16Array;
}

const unreachable = 0x7fffffff;

/**
 * The code with the least total length for these frequencies, no symbol longer than `longest` bits (RFC 1951, 3.2.2). Where
 * several codes are as short, it is the one that Go's compress/flate takes: of equal frequencies a leaf comes behind a pair.
 */
export function prefixCode(frequencies: Int32Array, longest: number): PrefixCode {
  const leaves = [...frequencies.keys()].filter((symbol) => frequencies[symbol] !== 0);
  const lengths = new Uint8Array(frequencies.length);
  if (leaves.length <= 2) {
    for (const leaf of leaves) lengths[leaf] = 1;
  } else {
    const frequencyOf = (symbol: number): number => frequencies[symbol] ?? 0;
    leaves.sort((a, b) => frequencyOf(a) - frequencyOf(b) || a - b);
    const counts = lengthCounts(leaves.map(frequencyOf), longest);
    // The rarest symbols, which stand first, get the longest codes.
    let next = leaves.length;
    counts.forEach((count, length) => {
      for (const leaf of leaves.slice(next - count, next)) lengths[leaf] = length;
      next -= count;
    });
  }
  return { lengths, bits: canonicalBits(lengths) };
}

/** Bits that symbols of these frequencies take. */
export function sizeOf(frequencies: Int32Array, { lengths }: PrefixCode): number {
  let size = 0;
  frequencies.forEach((times, symbol) => (size += times * (lengths[symbol] ?? 0)));
  return size;
}

/** The codes of a length in the order of their symbols, a shorter length first (RFC 1951, 3.2.2). */
export function canonicalBits(lengths: Uint8Array): Uint16Array {
  const bits = new Uint16Array(lengths.length);
  let code = 0;
  for (let length = 1; length <= 15; length += 1) {
    code <<= 1;
    for (let symbol = 0; symbol < lengths.length; symbol += 1) {
      if (lengths[symbol] !== length) continue;
      bits[symbol] = reversed(code, length);
      code += 1;
    }
  }
  return bits;
}

function reversed(code: number, length: number): number {
  let bits = 0;
  for (let index = 0; index < length; index += 1) bits |= ((code >> index) & 1) << (length - 1 - index);
  return bits;
}

/** One row of the package-merge algorithm, of which only the end is kept. */
interface Row {
  /** Frequency of the last item made. */
  last: number;
  nextLeaf: number;
  nextPair: number;
  /** Items still to be made. */
  needed: number;
  /** For each row from the bottom up to this one: leaves to the left of what the last item is made of. */
  leaves: number[];
}

/** How many symbols get each length: lazy package-merge over leaves in the order of their frequencies. */
function lengthCounts(frequencies: readonly number[], longest: number): number[] {
  const count = frequencies.length;
  const top = Math.min(longest, count - 1);
  const frequency = (index: number): number => frequencies[index] ?? unreachable;
  const rows: Row[] = Array.from({ length: top + 2 }, (_, level) => ({
    last: frequency(1),
    nextLeaf: frequency(2),
    nextPair: level === 1 ? unreachable : frequency(0) + frequency(1),
    needed: 0,
    leaves: Array.from({ length: top + 1 }, (__, below) => (below === level ? 2 : 0)),
  }));
  const rowAt = (level: number): Row => rows[level] as Row;
  rowAt(0).leaves.fill(0);
  rowAt(top).needed = 2 * count - 4;
  let level = top;
  for (;;) {
    const row = rowAt(level);
    if (row.nextPair === unreachable && row.nextLeaf === unreachable) {
      row.needed = 0;
      rowAt(level + 1).nextPair = unreachable;
      level += 1;
      continue;
    }
    const before = row.last;
    if (row.nextLeaf < row.nextPair) {
      row.last = row.nextLeaf;
      const taken = (row.leaves[level] ?? 0) + 1;
      row.leaves[level] = taken;
      row.nextLeaf = frequency(taken);
    } else {
      row.last = row.nextPair;
      const below = rowAt(level - 1);
      for (let index = 0; index < level; index += 1) row.leaves[index] = below.leaves[index] ?? 0;
      below.needed = 2;
    }
    row.needed -= 1;
    if (row.needed > 0) {
      while (rowAt(level - 1).needed > 0) level -= 1;
    } else {
      if (level === top) break;
      rowAt(level + 1).nextPair = before + row.last;
      level += 1;
    }
  }
  const { leaves } = rowAt(top);
  const leavesAt = (index: number): number => leaves[index] ?? 0;
  return Array.from({ length: top + 1 }, (_, length) =>
    length === 0 ? 0 : leavesAt(top + 1 - length) - leavesAt(top - length),
  );
}
