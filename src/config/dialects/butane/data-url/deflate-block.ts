import type { BitWriter } from './bits.ts';
import { CodeHeader } from './code-header.ts';
import { canonicalBits, type PrefixCode, prefixCode, sizeOf } from './huffman.ts';

/** A token: a byte, or 2^30 with a match's length - 3 (22 bits up) and distance - 1. */
export const matchToken = (length: number, distance: number): number =>
  (1 << 30) | ((length - 3) << 22) | (distance - 1);

const endOfBlock = 256;
const literalSymbols = 286;
const distanceSymbols = 30;
const longestStored = 65_535;

/** RFC 1951, 3.2.5: the symbols of lengths and distances, their first value and extra bits. */
const lengthExtra = [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0];
const distanceExtra = Array.from({ length: distanceSymbols }, (_, symbol) => Math.max(0, (symbol >> 1) - 1));
const lengthBase = basesOf(lengthExtra.slice(0, -1)).concat(255);
const distanceBase = basesOf(distanceExtra);
const lengthSymbol = symbolsOf(lengthBase, 256);
const distanceSymbol = symbolsOf(distanceBase, 32_768);
function basesOf(extra: readonly number[]): number[] {
  let base = 0;
  return extra.map((bits) => {
    const first = base;
    base += 2 ** bits;
    return first;
  });
}

function symbolsOf(bases: readonly number[], size: number): Uint8Array {
  const symbols = new Uint8Array(size);
  bases.forEach((base, symbol) => symbols.fill(symbol, base));
  return symbols;
}

/** RFC 1951, 3.2.6. */
const fixedLengths = Uint8Array.from({ length: 288 }, (_, symbol) =>
  symbol < 144 ? 8 : symbol < 256 ? 9 : symbol < 280 ? 7 : 8,
);
const fixedLiterals: PrefixCode = { lengths: fixedLengths, bits: canonicalBits(fixedLengths) };
const fiveBits = new Uint8Array(distanceSymbols).fill(5);
const fixedDistances: PrefixCode = { lengths: fiveBits, bits: canonicalBits(fiveBits) };

/**
 * Writes a block that is not the last one in its shortest form: with the fixed codes, with codes of its own, or stored.
 * `stored`: the bytes themselves; undefined when they are not at hand any more.
 */
export function writeBlock(out: BitWriter, tokens: Int32Array, stored: Uint8Array | undefined): void {
  const block = new Frequencies(tokens);
  const literals = prefixCode(block.literals, 15);
  const distances = prefixCode(block.distances, 15);
  const header = new CodeHeader(
    literals.lengths.subarray(0, block.literalCount),
    distances.lengths.subarray(0, block.distanceCount),
  );
  const isStorable = stored !== undefined && stored.length <= longestStored;
  // Only a stored block is compared with what the extra bits take.
  const extra = isStorable ? block.extraBits() : 0;
  const fixedSize = 3 + block.size(fixedLiterals, fixedDistances) + extra;
  const ownSize = 3 + header.size + block.size(literals, distances) + extra;
  if (isStorable && (stored.length + 5) * 8 < Math.min(fixedSize, ownSize)) {
    writeStored(out, stored, false);
  } else if (ownSize < fixedSize) {
    out.write(4, 3);
    header.write(out);
    writeTokens(out, tokens, literals, distances);
  } else {
    out.write(2, 3);
    writeTokens(out, tokens, fixedLiterals, fixedDistances);
  }
}

export function writeStored(out: BitWriter, bytes: Uint8Array, isLast: boolean): void {
  out.write(isLast ? 1 : 0, 3);
  out.align();
  out.write(bytes.length, 16);
  out.write(~bytes.length & 0xffff, 16);
  out.append(bytes);
}

function writeTokens(out: BitWriter, tokens: Int32Array, literals: PrefixCode, distances: PrefixCode): void {
  const write = (code: PrefixCode, symbol: number): void =>
    out.write(code.bits[symbol] ?? 0, code.lengths[symbol] ?? 0);
  for (const token of tokens) {
    if (token < 1 << 30) {
      write(literals, token);
      continue;
    }
    const { length, distance } = partsOf(token);
    const lengthCode = lengthSymbol[length] ?? 0;
    write(literals, endOfBlock + 1 + lengthCode);
    out.write(length - (lengthBase[lengthCode] ?? 0), lengthExtra[lengthCode] ?? 0);
    const distanceCode = distanceSymbol[distance] ?? 0;
    write(distances, distanceCode);
    out.write(distance - (distanceBase[distanceCode] ?? 0), distanceExtra[distanceCode] ?? 0);
  }
  write(literals, endOfBlock);
}

/** Both from 0. */
function partsOf(token: number): { length: number; distance: number } {
  return { length: (token >> 22) & 0xff, distance: token & 0x3f_ffff };
}

/** How often the symbols of a block occur. */
class Frequencies {
  readonly literals = new Int32Array(literalSymbols);
  readonly distances = new Int32Array(distanceSymbols);
  readonly literalCount: number;
  readonly distanceCount: number;

  constructor(tokens: Int32Array) {
    const { literals, distances } = this;
    const count = (list: Int32Array, symbol: number): void => {
      list[symbol] = (list[symbol] ?? 0) + 1;
    };
    for (const token of tokens) {
      if (token < 1 << 30) {
        count(literals, token);
        continue;
      }
      const { length, distance } = partsOf(token);
      count(literals, endOfBlock + 1 + (lengthSymbol[length] ?? 0));
      count(distances, distanceSymbol[distance] ?? 0);
    }
    count(literals, endOfBlock);
    this.literalCount = literals.findLastIndex((times) => times > 0) + 1;
    // A block's own codes have one for a distance, even where there is none.
    if (!distances.some((times) => times > 0)) distances[0] = 1;
    this.distanceCount = distances.findLastIndex((times) => times > 0) + 1;
  }

  size(literals: PrefixCode, distances: PrefixCode): number {
    return sizeOf(this.literals, literals) + sizeOf(this.distances, distances);
  }

  extraBits(): number {
    let bits = 0;
    lengthExtra.forEach((extra, symbol) => (bits += extra * (this.literals[endOfBlock + 1 + symbol] ?? 0)));
    distanceExtra.forEach((extra, symbol) => (bits += extra * (this.distances[symbol] ?? 0)));
    return bits;
  }
}
