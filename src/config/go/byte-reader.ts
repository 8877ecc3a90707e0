/** Size of the window that Go's bufio.Reader keeps of what it reads. */
const windowSize = 4096;

/** A text read as bytes through a window, as Go's bufio.Reader does: what it holds decides where a long line is noticed. */
export class ByteReader {
  readonly #bytes: Buffer;
  #at = 0;
  /** End of what the window holds. */
  #end = 0;
  #width = 0;

  constructor(text: string) {
    this.#bytes = Buffer.from(text);
  }

  /** The next character; undefined at the end. */
  character(): string | undefined {
    const lead = this.#bytes[this.#at];
    if (lead === undefined) return undefined;
    this.#width = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    if (this.#at + this.#width > this.#end) this.#fill();
    this.#at += this.#width;
    return this.#bytes.toString('utf8', this.#at - this.#width, this.#at);
  }

  /** Goes back over the last character. */
  back(): void {
    this.#at -= this.#width;
  }

  /** Everything before a byte, which is passed; undefined when there is none. */
  until(byte: string): string | undefined {
    const found = this.#bytes.indexOf(byte, this.#at);
    const start = this.#at;
    this.#pass(found === -1 ? this.#bytes.length : found + 1);
    return found === -1 ? undefined : this.#bytes.toString('utf8', start, found);
  }

  /** The rest of the line; a carriage return before its end stays. */
  line(): string {
    const found = this.#bytes.indexOf('\n', this.#at);
    const start = this.#at;
    this.#pass(found === -1 ? this.#bytes.length : found + 1);
    const line = this.#bytes.toString('utf8', start, found === -1 ? this.#bytes.length : found);
    return found === -1 ? line.replace(/\r$/, '') : line;
  }

  /** True when the window holds so many bytes and no line ends within them. */
  hasLongLine(limit: number): boolean {
    if (this.#end - this.#at < limit) return false;
    const ahead = this.#bytes.subarray(this.#at, this.#at + limit);
    return !ahead.includes('\n') && !ahead.includes('\r');
  }

  #pass(target: number): void {
    while (target > this.#end) {
      // A full window without the byte is taken out as a whole; else what is left moves to its front.
      if (this.#end - this.#at >= windowSize) this.#at = this.#end;
      if (this.#end >= this.#bytes.length) break;
      this.#fill();
    }
    this.#at = target;
  }

  #fill(): void {
    this.#end = Math.min(this.#bytes.length, this.#at + windowSize);
  }
}
