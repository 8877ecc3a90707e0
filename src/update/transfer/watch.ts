/** Aborts a transfer that makes no progress. Time in which we are the ones who wait does not count. */
export class Watch {
  readonly #patienceMs: number;
  readonly #leastBytes: number;
  readonly #abort = new AbortController();
  /** Aborted when the outer signal is, or for want of progress. */
  readonly signal: AbortSignal;
  #timer: NodeJS.Timeout | undefined;
  #startedAt = 0;
  #leftMs = 0;
  #bytes = 0;

  constructor(patienceMs: number, leastBytes: number, signal: AbortSignal) {
    this.#patienceMs = patienceMs;
    this.#leastBytes = leastBytes;
    this.signal = AbortSignal.any([signal, this.#abort.signal]);
    this.#start(patienceMs);
  }

  /** Enough bytes begin a new time of patience. */
  received(bytes: number): void {
    this.#bytes += bytes;
    if (this.#bytes < this.#leastBytes) return;
    this.#bytes = 0;
    this.#start(this.#patienceMs);
  }

  pause(): void {
    clearTimeout(this.#timer);
    this.#leftMs -= performance.now() - this.#startedAt;
  }

  resume(): void {
    this.#start(this.#leftMs);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #start(ms: number): void {
    clearTimeout(this.#timer);
    this.#leftMs = ms;
    this.#startedAt = performance.now();
    const what = `less than ${this.#leastBytes} bytes in ${this.#patienceMs} ms`;
    this.#timer = setTimeout(() => this.#abort.abort(new Error(what)), Math.max(0, ms));
  }
}
