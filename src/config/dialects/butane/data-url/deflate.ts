import { BitWriter } from './bits.ts';
import { matchToken, writeBlock, writeStored } from './deflate-block.ts';

const windowSize = 32_768;
const shortest = 4;
const longest = 258;
const hashBits = 17;
const tokensOfBlock = 16_384;
/** Of level 9: how many earlier places are tried, and from which length on only a quarter of them. */
const tries = 4096;
const goodLength = 32;
/** A match of four bytes further back than this takes more space than the bytes. */
const shortReach = 4096;

/**
 * Deflates (RFC 1951) to the very bytes that Go's compress/flate makes at its best level, so that what is written into a data
 * URL is what Butane writes. Pure.
 */
export function deflate(bytes: Uint8Array): Buffer {
  return new Deflater(bytes).run();
}

class Deflater {
  readonly #bytes: Uint8Array;
  readonly #out = new BitWriter();
  readonly #heads = new Int32Array(2 ** hashBits).fill(-1);
  readonly #previous = new Int32Array(windowSize).fill(-1);
  readonly #tokens = new Int32Array(tokensOfBlock);
  #tokenCount = 0;
  #blockStart = 0;
  /** Start and end of what is at hand: two windows' worth, moved on by one window at a time. */
  #base = 0;
  #end = 0;
  #index = 0;
  #length = shortest - 1;
  #distance = 0;
  /** The byte before the index is not written yet: a match that starts at the index may be longer. */
  #isByteWaiting = false;
  /** Where the chain of the bytes at the index goes on. */
  #chainHead = -1;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  run(): Buffer {
    this.#end = Math.min(this.#bytes.length, 2 * windowSize);
    while (this.#end < this.#bytes.length) {
      while (this.#end - this.#index >= shortest + longest) this.#step();
      this.#base += windowSize;
      this.#end = Math.min(this.#bytes.length, this.#base + 2 * windowSize);
    }
    while (this.#index < this.#end) this.#step();
    if (this.#isByteWaiting) this.#tokens[this.#tokenCount++] = this.#byteAt(this.#index - 1);
    if (this.#tokenCount > 0) this.#flush(this.#index);
    writeStored(this.#out, new Uint8Array(0), true);
    return this.#out.toBuffer();
  }

  #byteAt(index: number): number {
    return this.#bytes[index] ?? 0;
  }

  /** Looks for a match here, and writes the one that began a byte before unless this one is longer. */
  #step(): void {
    const head = this.#remember(this.#index);
    this.#chainHead = head;
    const lengthBefore = this.#length;
    const distanceBefore = this.#distance;
    this.#length = shortest - 1;
    this.#distance = 0;
    const lowest = Math.max(this.#index - windowSize, this.#base);
    const lookahead = this.#end - this.#index;
    if (head >= lowest && lookahead > lengthBefore && lengthBefore < longest) this.#findMatch(head, lowest, lookahead);
    if (lengthBefore >= shortest && this.#length <= lengthBefore) {
      this.#tokens[this.#tokenCount++] = matchToken(lengthBefore, distanceBefore);
      const next = this.#index + lengthBefore - 1;
      for (this.#index += 1; this.#index < next; this.#index += 1) this.#remember(this.#index);
      this.#isByteWaiting = false;
      this.#length = shortest - 1;
      if (this.#tokenCount === tokensOfBlock) this.#flush(this.#index);
      return;
    }
    if (this.#isByteWaiting) {
      this.#tokens[this.#tokenCount++] = this.#byteAt(this.#index - 1);
      if (this.#tokenCount === tokensOfBlock) this.#flush(this.#index);
    }
    this.#index += 1;
    this.#isByteWaiting = true;
  }

  /** Puts an index into the chain of its four bytes. @returns the index before it in that chain. */
  #remember(index: number): number {
    // The last three bytes begin no four: the chain of the index before them still counts.
    if (index >= this.#end - (shortest - 1)) return this.#chainHead;
    const word =
      (this.#byteAt(index) << 24) |
      (this.#byteAt(index + 1) << 16) |
      (this.#byteAt(index + 2) << 8) |
      this.#byteAt(index + 3);
    const hash = Math.imul(word, 0x1e35a7bd) >>> (32 - hashBits);
    const head = this.#heads[hash] ?? -1;
    this.#previous[index % windowSize] = head;
    this.#heads[hash] = index;
    return head;
  }

  #findMatch(head: number, lowest: number, lookahead: number): void {
    const here = this.#index;
    const bytes = this.#bytes;
    const limit = Math.min(longest, lookahead);
    let length = shortest - 1;
    let left = length >= goodLength ? tries >> 2 : tries;
    for (let place = head; left > 0; left -= 1) {
      if (bytes[place + length] === bytes[here + length]) {
        let same = 0;
        while (same < limit && bytes[place + same] === bytes[here + same]) same += 1;
        if (same > length && (same > shortest || here - place <= shortReach)) {
          length = same;
          this.#length = same;
          this.#distance = here - place;
          if (same >= limit) return;
        }
      }
      if (place === here - windowSize) return;
      place = this.#previous[place % windowSize] ?? -1;
      if (place < lowest) return;
    }
  }

  #flush(end: number): void {
    // Bytes that were moved out of the window cannot be stored any more.
    const stored = this.#blockStart >= this.#base ? this.#bytes.subarray(this.#blockStart, end) : undefined;
    writeBlock(this.#out, this.#tokens.subarray(0, this.#tokenCount), stored);
    this.#blockStart = end;
    this.#tokenCount = 0;
  }
}
