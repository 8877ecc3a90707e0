import type { Clock } from '../../../../src/core/clock.ts';

interface Sleeper {
  dueMs: number;
  readonly wakeUp: () => void;
}

/** Time that passes only where a test says so. */
export class ManualClock implements Clock {
  #now: number;
  readonly #sleepers = new Set<Sleeper>();

  constructor(startMs = 0) {
    this.#now = startMs;
  }

  now(): number {
    return this.#now;
  }

  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    if (ms <= 0) return;
    await new Promise<void>((resolve, reject) => {
      const sleeper = { dueMs: this.#now + ms, wakeUp: resolve };
      this.#sleepers.add(sleeper);
      signal?.addEventListener('abort', () => {
        this.#sleepers.delete(sleeper);
        reject(signal.reason as Error);
      });
    });
  }

  /** Everybody who sleeps until then wakes up in their turn, and does what there is to do. */
  async pass(ms: number): Promise<void> {
    const endMs = this.#now + ms;
    await settle();
    for (;;) {
      const next = [...this.#sleepers].toSorted((a, b) => a.dueMs - b.dueMs).at(0);
      if (next === undefined || next.dueMs > endMs) break;
      this.#now = Math.max(this.#now, next.dueMs);
      this.#sleepers.delete(next);
      next.wakeUp();
      await settle();
    }
    this.#now = endMs;
  }

  /** Somebody sets the clock; nobody wakes up for it, sooner or later. */
  set(ms: number): void {
    for (const sleeper of this.#sleepers) sleeper.dueMs += ms - this.#now;
    this.#now = ms;
  }
}

/** All that can be done without time passing is done. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}
