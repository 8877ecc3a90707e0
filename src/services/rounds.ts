import { Waker } from './waker.ts';

/** From a reason to look again to the look: of many reasons at once, one look is made. Milliseconds. */
export const debounceMs = 5;
/** While steps are under way, looking again costs the engine time it needs for them. */
export const busyDebounceMs = 40;

export interface RoundsDependencies {
  readonly round: () => Promise<void>;
  /** Called after every round. */
  readonly onRound: () => void;
  /** A round was asked for during one that may have looked already. */
  readonly onOverlap: () => void;
}

/** When rounds are made: one at a time, now, or soon after a wake-up. */
export class Rounds {
  readonly #deps: RoundsDependencies;
  readonly #waker = new Waker(() => void this.start());
  readonly #listeners = new Set<() => void>();
  #current: Promise<void> | undefined;

  constructor(deps: RoundsDependencies) {
    this.#deps = deps;
  }

  get isUnderWay(): boolean {
    return this.#current !== undefined;
  }

  /** A round within `afterMs`, sooner when that was asked for before. */
  wake(afterMs: number): void {
    this.#waker.wake(afterMs);
  }

  /** A round now; when one is under way already, that one, and another after it. */
  start(): Promise<void> {
    if (this.#current !== undefined) {
      void this.#current.then(() => this.#deps.onOverlap());
      return this.#current;
    }
    this.#current = this.#deps.round().finally(() => {
      this.#current = undefined;
      for (const listener of [...this.#listeners]) listener();
      this.#deps.onRound();
    });
    return this.#current;
  }

  /** Resolves at the end of the round that is under way, if there is one. */
  async drained(): Promise<void> {
    await this.#current;
  }

  /** Resolves at the end of the next round, or after `maximumMs`. */
  next(maximumMs: number): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.#listeners.delete(done);
        resolve();
      };
      const timer = setTimeout(done, maximumMs);
      this.#listeners.add(done);
    });
  }

  /** No round is made by itself any more. */
  cancel(): void {
    this.#waker.cancel();
  }
}
