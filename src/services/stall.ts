import type { Clock } from '../core/clock.ts';

/** Aborts its signal when it was not restarted for a while: for work that is fine as long as something moves. */
export class Stall {
  readonly #clock: Clock;
  readonly #limitMs: number;
  readonly #stalled = new AbortController();
  #timer = new AbortController();

  constructor(clock: Clock, limitMs: number) {
    this.#clock = clock;
    this.#limitMs = limitMs;
    this.restart();
  }

  get signal(): AbortSignal {
    return this.#stalled.signal;
  }

  /** Something moved. */
  restart(): void {
    this.end();
    this.#timer = new AbortController();
    const timer = this.#timer.signal;
    this.#clock.sleep(this.#limitMs, timer).then(
      () => {
        if (!timer.aborted) this.#stalled.abort();
      },
      () => undefined,
    );
  }

  /** The work is over. */
  end(): void {
    this.#timer.abort();
  }
}
