/** How many steps of one sort run at a time. */
export interface LaneLimits {
  readonly [lane: string]: number;
}

/**
 * Steps at a time, measured on Docker 26.1 (bench/RESULTS.md): starts on the host's network are best few at a time,
 * starts on a bridge wait for the kernel and gain from more.
 */
export const defaultLanes: LaneLimits = { host: 4, bridge: 24, stop: 8, pull: 3 };

/** Bounded parallelism by lane: work beyond a lane's limit waits its turn, first come first served. */
export class Lanes {
  readonly #limits: LaneLimits;
  readonly #running = new Map<string, number>();
  readonly #waiting = new Map<string, (() => void)[]>();

  constructor(limits: LaneLimits) {
    this.#limits = limits;
  }

  /** Runs `work` when its lane has room. */
  async run<T>(lane: string, work: () => Promise<T>): Promise<T> {
    const limit = this.#limits[lane] ?? Number.POSITIVE_INFINITY;
    const running = this.#running.get(lane) ?? 0;
    // The place is handed over by the one that leaves, so the count stays while somebody waits.
    if (running >= limit) await new Promise<void>((resolve) => this.#queue(lane).push(resolve));
    else this.#running.set(lane, running + 1);
    try {
      return await work();
    } finally {
      const next = this.#queue(lane).shift();
      if (next === undefined) this.#running.set(lane, (this.#running.get(lane) ?? 1) - 1);
      else next();
    }
  }

  #queue(lane: string): (() => void)[] {
    let queue = this.#waiting.get(lane);
    if (queue === undefined) this.#waiting.set(lane, (queue = []));
    return queue;
  }
}
