/** Runs a function once, soon: of many wake-ups before it ran, the earliest counts. */
export class Waker {
  readonly #run: () => void;
  #timer: NodeJS.Timeout | undefined;
  #at = Number.POSITIVE_INFINITY;

  constructor(run: () => void) {
    this.#run = run;
  }

  /** Runs it within `afterMs`, sooner when that was asked for before. */
  wake(afterMs: number): void {
    const at = performance.now() + afterMs;
    if (at >= this.#at) return;
    clearTimeout(this.#timer);
    this.#at = at;
    this.#timer = setTimeout(() => {
      this.#at = Number.POSITIVE_INFINITY;
      this.#run();
    }, afterMs);
  }

  cancel(): void {
    clearTimeout(this.#timer);
    this.#at = Number.POSITIVE_INFINITY;
  }
}
