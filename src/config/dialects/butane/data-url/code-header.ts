import type { BitWriter } from './bits.ts';
import { type PrefixCode, prefixCode, sizeOf } from './huffman.ts';

/** RFC 1951, 3.2.7: the order in which the lengths of the code lengths' own code stand. */
const headerOrder = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
const headerExtra: Readonly<Record<number, number>> = { 16: 2, 17: 3, 18: 7 };

/** The two codes of a block, written down as lengths of which runs are shortened (RFC 1951, 3.2.7). */
export class CodeHeader {
  readonly #counts: readonly [literals: number, distances: number];
  readonly #runs: readonly { readonly symbol: number; readonly extra: number }[];
  readonly #code: PrefixCode;
  readonly #orderCount: number;
  /** Bits, without the three that begin a block. */
  readonly size: number;

  constructor(literals: Uint8Array, distances: Uint8Array) {
    this.#counts = [literals.length, distances.length];
    this.#runs = runsOf([...literals, ...distances]);
    const frequencies = new Int32Array(headerOrder.length);
    for (const { symbol } of this.#runs) frequencies[symbol] = (frequencies[symbol] ?? 0) + 1;
    this.#code = prefixCode(frequencies, 7);
    this.#orderCount = Math.max(4, headerOrder.findLastIndex((symbol) => (frequencies[symbol] ?? 0) > 0) + 1);
    let extra = 0;
    for (const { symbol } of this.#runs) extra += headerExtra[symbol] ?? 0;
    this.size = 5 + 5 + 4 + 3 * this.#orderCount + sizeOf(frequencies, this.#code) + extra;
  }

  write(out: BitWriter): void {
    const [literals, distances] = this.#counts;
    const { lengths, bits } = this.#code;
    out.write(literals - 257, 5);
    out.write(distances - 1, 5);
    out.write(this.#orderCount - 4, 4);
    for (const symbol of headerOrder.slice(0, this.#orderCount)) out.write(lengths[symbol] ?? 0, 3);
    for (const { symbol, extra } of this.#runs) {
      out.write(bits[symbol] ?? 0, lengths[symbol] ?? 0);
      out.write(extra, headerExtra[symbol] ?? 0);
    }
  }
}

function runsOf(lengths: readonly number[]): { symbol: number; extra: number }[] {
  const runs: { symbol: number; extra: number }[] = [];
  let start = 0;
  while (start < lengths.length) {
    const length = lengths[start] ?? 0;
    let end = start + 1;
    while (end < lengths.length && lengths[end] === length) end += 1;
    let left = end - start;
    if (length !== 0) {
      runs.push({ symbol: length, extra: 0 });
      left -= 1;
      for (; left >= 3; left -= Math.min(6, left)) runs.push({ symbol: 16, extra: Math.min(6, left) - 3 });
    } else {
      for (; left >= 11; left -= Math.min(138, left)) runs.push({ symbol: 18, extra: Math.min(138, left) - 11 });
      if (left >= 3) {
        runs.push({ symbol: 17, extra: left - 3 });
        left = 0;
      }
    }
    for (; left > 0; left -= 1) runs.push({ symbol: length, extra: 0 });
    start = end;
  }
  return runs;
}
