import type { Clock } from '../../core/clock.ts';

/** Bytes that may come at once after a pause, in seconds of the rate. */
const burstSeconds = 1;

/** Holds a flow of bytes at a rate: who took more than there was waits before the next. */
export class TokenBucket {
  readonly #bytesPerSecond: number;
  readonly #clock: Clock;
  #tokens: number;
  #filledAt: number;

  constructor(bytesPerSecond: number, clock: Clock) {
    this.#bytesPerSecond = bytesPerSecond;
    this.#clock = clock;
    this.#tokens = bytesPerSecond * burstSeconds;
    this.#filledAt = clock.now();
  }

  /** Takes `bytes`, and waits until they are paid for. Rejects with the signal's reason. */
  async take(bytes: number, signal: AbortSignal): Promise<void> {
    const now = this.#clock.now();
    const gained = ((now - this.#filledAt) / 1000) * this.#bytesPerSecond;
    // A clock that was set back gives nothing and takes nothing.
    this.#tokens = Math.min(this.#bytesPerSecond * burstSeconds, this.#tokens + Math.max(0, gained)) - bytes;
    this.#filledAt = now;
    if (this.#tokens < 0) await this.#clock.sleep((-this.#tokens / this.#bytesPerSecond) * 1000, signal);
  }
}
