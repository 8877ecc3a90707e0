import type { BootLoader } from '../boot/boot-loader.ts';
import type { Clock } from '../core/clock.ts';
import { messageOf } from '../core/errors.ts';
import { blockers, type CheckResult, type HealthCheck, lookAt } from './health-gate.ts';
import type { BlessState } from './os-status.ts';

export interface BlessKeeperDependencies {
  readonly loader: Pick<BootLoader, 'onTrial' | 'bless'>;
  /** Those that are declared now: the config may change. */
  readonly checks: () => readonly HealthCheck[];
  /** Called before each look on a trial: the guard's deadline follows the config, too. */
  readonly beforeLook: () => Promise<void>;
  /** Told after each look on a trial what does not hold: should the deadline pass, it is the reason. */
  readonly afterLook: (blockers: readonly CheckResult[]) => Promise<void>;
  /** The baseline checks that held under the last blessed release. */
  readonly baseline: {
    load(): Promise<ReadonlySet<string>>;
    save(names: ReadonlySet<string>): Promise<void>;
  };
  /** Whether the host is on its way down: what is stopped for that is no sign of anything. */
  readonly isEnding: () => boolean;
  /** Tells the guard, which holds the deadline, that nothing has to be proved any more. */
  readonly release: () => Promise<void>;
  readonly clock: Clock;
  /** The gate was open long enough. */
  readonly onBlessed: () => void;
  /** The release needs to prove nothing: it is blessed since before this process began. */
  readonly onFoundBlessed: () => void;
  readonly onProblem: (why: string) => void;
}

/** What came of an operator's wish to keep the release. */
export type Verdict =
  | { readonly kind: 'blessed' }
  | { readonly kind: 'proved-before' }
  | { readonly kind: 'not-proved'; readonly failing: readonly CheckResult[] };

const lookMs = 2000;
/** So long the gate must stay open: a service that restarts again and again is healthy for a moment, too. */
const settleMs = 10_000;
/** How often a blessed host notes what holds. */
const baselineMs = 60_000;

/**
 * Blesses the running release once its health gate has been open for a while. A release that never gets there is not this
 * one's business: the guard's deadline passes, whatever has become of this process.
 */
export class BlessKeeper {
  readonly #deps: BlessKeeperDependencies;
  /** Until the entries are known: nothing is proved. */
  #state: BlessState = { kind: 'on-trial', checks: [], blockers: [] };
  #name: string | undefined;
  /** Baseline checks that did not hold when they were looked at last. */
  #failedBefore: ReadonlySet<string> = new Set();

  constructor(deps: BlessKeeperDependencies) {
    this.#deps = deps;
  }

  get state(): BlessState {
    return this.#state;
  }

  /** What is left to prove; the boot loader is asked until that is known. Throws what it throws. */
  async recall(): Promise<string | undefined> {
    if (this.#name !== undefined || this.#state.kind === 'blessed') return this.#name;
    this.#name = await this.#deps.loader.onTrial();
    if (this.#name === undefined) this.#state = { kind: 'blessed' };
    return this.#name;
  }

  /** Until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { baseline, clock } = this.#deps;
    try {
      const name = await this.#insist(async () => this.recall(), signal);
      if (name === undefined) this.#deps.onFoundBlessed();
      else await this.#insist(async () => this.#prove(name, await baseline.load(), signal), signal);
      for (;;) {
        await clock.sleep(baselineMs, signal);
        await this.#insist(async () => this.#noteBaseline(signal), signal);
      }
    } catch (error) {
      // What fails is tried again; only its end ends this.
      if (!signal.aborted) throw error;
    }
  }

  /** Does something that may fail for a while: the partition may be busy, the disk full. Each new problem is told once. */
  async #insist<Result>(work: () => Promise<Result>, signal: AbortSignal): Promise<Result> {
    for (let told = ''; ; ) {
      try {
        return await work();
      } catch (error) {
        if (signal.aborted) throw error;
        const why = messageOf(error);
        if (why !== told) this.#deps.onProblem(why);
        told = why;
        await this.#deps.clock.sleep(lookMs, signal);
      }
    }
  }

  /**
   * Without waiting for the gate to stay open.
   * @param manual whatever the checks say; else they are looked at now, whatever was seen before.
   * Throws what the boot loader throws.
   */
  async blessNow({ manual }: { readonly manual: boolean }): Promise<Verdict> {
    const name = await this.recall();
    if (name === undefined) return { kind: 'proved-before' };
    if (!manual) {
      const failing = await this.#look(await this.#deps.baseline.load(), new AbortController().signal);
      if (this.#isProved()) return { kind: 'proved-before' };
      if (failing.length > 0) return { kind: 'not-proved', failing };
    }
    await this.#bless(name);
    return { kind: 'blessed' };
  }

  /** @returns the checks that keep the release from being blessed. */
  async #look(baseline: ReadonlySet<string>, signal: AbortSignal): Promise<readonly CheckResult[]> {
    const checks = await lookAt(this.#deps.checks(), signal);
    const failing = blockers(checks, baseline);
    if (!this.#isProved()) this.#state = { kind: 'on-trial', checks, blockers: failing.map(({ name }) => name) };
    return failing;
  }

  /** An operator may have blessed it meanwhile. */
  #isProved(): boolean {
    return this.#name === undefined;
  }

  async #prove(name: string, baseline: ReadonlySet<string>, signal: AbortSignal): Promise<void> {
    const { clock, beforeLook, afterLook, onBlessed, onProblem } = this.#deps;
    let openForMs: number | undefined;
    let lookedAt = clock.now();
    while (!this.#isProved()) {
      await beforeLook();
      const failing = await this.#look(baseline, signal);
      if (this.#isProved()) return;
      await afterLook(failing);
      const sinceLastMs = clock.now() - lookedAt;
      lookedAt += sinceLastMs;
      if (failing.length > 0) openForMs = undefined;
      // A clock that is set meanwhile, as in many a first minute, neither holds a good release back until its deadline nor hurries one.
      else openForMs = openForMs === undefined ? 0 : openForMs + Math.min(Math.max(sinceLastMs, lookMs), settleMs / 2);
      if (openForMs !== undefined && openForMs >= settleMs) {
        // The partition may be busy; the next look tries again.
        await this.#bless(name).then(onBlessed, (error: unknown) => onProblem(messageOf(error)));
      }
      if (!this.#isProved()) await clock.sleep(lookMs, signal);
    }
  }

  async #bless(name: string): Promise<void> {
    const { loader, release } = this.#deps;
    await loader.bless(name);
    await release();
    this.#name = undefined;
    this.#state = { kind: 'blessed' };
  }

  /** What held is forgotten when it fails twice in a row, on a host that stays up: an update may begin any time, and must not lose it. */
  async #noteBaseline(signal: AbortSignal): Promise<void> {
    const { checks, baseline, isEnding } = this.#deps;
    const known = await baseline.load();
    const results = await lookAt(
      checks().filter(({ level }) => level === 'baseline'),
      signal,
    );
    const failing = new Set(results.flatMap(({ name, holds }) => (holds ? [] : [name])));
    const failedBefore = this.#failedBefore;
    // Asked after the look, which takes its time: it may have begun meanwhile.
    this.#failedBefore = isEnding() ? new Set() : failing;
    if (isEnding()) return;
    const counts = ({ name, holds }: CheckResult): boolean => holds || (known.has(name) && !failedBefore.has(name));
    const holding = new Set(results.filter(counts).map(({ name }) => name));
    if (holding.size !== known.size || ![...holding].every((name) => known.has(name))) await baseline.save(holding);
  }
}
