import { compareText } from './compare-text.ts';

/** Separators in the order in which they are looked at after the end of a version was. */
const separators = ['-', '^', '.'] as const;

/**
 * Orders two versions as systemd-boot does, which decides what is booted: UAPI.10, version format specification, "Version
 * comparison". Characters that the format does not know end a number or a word, and are skipped before the next one. Pure.
 * @returns -1 when the first is older, 1 when it is newer, else 0: texts that differ may be the same version.
 */
export function compareVersions(first: string, second: string): number {
  const a = new Reader(first);
  const b = new Reader(second);
  for (;;) {
    a.skipUnknown();
    b.skipUnknown();
    // Before the end: `1~rc1` is older than `1`.
    const tilde = a.skips('~', b);
    if (tilde !== 0) return tilde;
    if (a.isAtEnd || b.isAtEnd) return Number(b.isAtEnd) - Number(a.isAtEnd);
    for (const separator of separators) {
      const found = a.skips(separator, b);
      if (found !== 0) return found;
    }
    const isNumeric = a.isAtDigit || b.isAtDigit;
    // Of two words of which one begins with the other, the longer is newer, as in the order of strings.
    const segment = isNumeric ? compareNumbers(a.digits(), b.digits()) : compareText(a.letters(), b.letters());
    if (segment !== 0) return segment;
  }
}

/** Of decimal digits, of any length; none is older than `0`. */
function compareNumbers(first: string, second: string): number {
  if (first === '' || second === '') return Math.sign(first.length - second.length);
  const [a, b] = [first.replace(/^0+/, ''), second.replace(/^0+/, '')];
  return Math.sign(a.length - b.length) || compareText(a, b);
}

/** Whether a release may be called so: it begins with a digit and holds letters, digits, `.`, `~`, `^`, `-` and `_` only. Pure. */
export function isVersion(text: string): boolean {
  return /^\d[\w.~^-]{0,63}$/.test(text);
}

class Reader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#text.length;
  }

  get isAtDigit(): boolean {
    return /[0-9]/.test(this.#text[this.#at] ?? '');
  }

  skipUnknown(): void {
    this.#take(/[^a-zA-Z0-9~.^-]*/y);
  }

  /** Skips a separator that both stand at; the one that stands at it alone is the older one. */
  skips(separator: string, other: Reader): number {
    const [mine, its] = [this.#text[this.#at] === separator, other.#text[other.#at] === separator];
    if (mine !== its) return mine ? -1 : 1;
    if (mine) {
      this.#at += 1;
      other.#at += 1;
    }
    return 0;
  }

  digits(): string {
    return this.#take(/[0-9]*/y);
  }

  letters(): string {
    return this.#take(/[a-zA-Z]*/y);
  }

  #take(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0] ?? '';
    this.#at += found.length;
    return found;
  }
}
