import type { Clock } from '../core/clock.ts';
import { messageOf } from '../core/errors.ts';
import type { MountTrouble } from '../host/mounts/trouble.ts';

export interface MountWatchDependencies {
  readonly clock: Clock;
  /** Says a line on the machine's console. */
  readonly say: (line: string) => void;
  /** Tries all of them once more. @returns what is not as declared then; undefined: it was not the time for it. */
  readonly tryAgain: () => Promise<readonly MountTrouble[] | undefined>;
  /** Called when what is missing is no longer what it was. */
  readonly onChange: () => void;
  /** Ends with the agent. */
  readonly signal: AbortSignal;
}

/** Tries are further and further apart, up to a minute: a server that comes back is not waited for longer. */
const firstWaitMs = 5_000;
const longestWaitMs = 60_000;

interface Watched {
  readonly trouble: MountTrouble;
  readonly sinceMs: number;
}

/** Knows the mounts that are not as declared, and has them tried again until they are. One per host. */
export class MountWatch {
  readonly #deps: MountWatchDependencies;
  #watched = new Map<string, Watched>();
  #tries = 0;
  #dueMs = 0;
  #isRunning = false;
  #woken = new AbortController();
  #toldProblem = '';

  constructor(deps: MountWatchDependencies) {
    this.#deps = deps;
  }

  get troubles(): readonly MountTrouble[] {
    return [...this.#watched.values()].map(({ trouble }) => trouble);
  }

  /** What makes the host degraded, a line each. */
  get problems(): string[] {
    return this.#lines(false);
  }

  /** What the host is fine without, a line each. */
  get warnings(): string[] {
    return this.#lines(true);
  }

  /** What is not as declared now; each new one is told on the console, and what was mended. */
  take(troubles: readonly MountTrouble[]): void {
    this.#tries = 0;
    this.#note(troubles);
    this.#woken.abort();
  }

  /** True for a failure that was not told yet. */
  isNew({ target, why }: MountTrouble): boolean {
    return this.#watched.get(target)?.trouble.why !== why;
  }

  #note(troubles: readonly MountTrouble[]): void {
    const { clock, say, onChange } = this.#deps;
    const before = this.#watched;
    const now = clock.now();
    this.#dueMs = now + Math.min(longestWaitMs, firstWaitMs * 2 ** this.#tries);
    this.#watched = new Map(
      troubles.map((trouble) => [
        trouble.target,
        { trouble, sinceMs: Math.min(now, before.get(trouble.target)?.sinceMs ?? now) },
      ]),
    );
    for (const trouble of troubles) {
      const isNew = before.get(trouble.target)?.trouble.why !== trouble.why;
      if (trouble.kind === 'failed' && isNew) say(`${trouble.why}; it is tried again`);
    }
    for (const [target, { trouble }] of before)
      if (trouble.kind === 'failed' && !this.#watched.has(target)) say(`${target} is as declared now`);
    if (summaryOf(before) !== summaryOf(this.#watched)) onChange();
    if (!this.#isRunning && this.#hasFailed()) void this.#run();
  }

  #hasFailed(): boolean {
    return this.troubles.some(({ kind }) => kind === 'failed');
  }

  /** Until nothing is left that failed. */
  async #run(): Promise<void> {
    const { clock, tryAgain, say, signal } = this.#deps;
    this.#isRunning = true;
    while (!signal.aborted && this.#hasFailed()) {
      // A clock that was set back does not make it later.
      this.#dueMs = Math.min(this.#dueMs, clock.now() + longestWaitMs);
      this.#woken = new AbortController();
      const end = AbortSignal.any([signal, this.#woken.signal]);
      await clock.sleep(Math.max(0, this.#dueMs - clock.now()), end).catch(() => undefined);
      if (clock.now() < this.#dueMs) continue;
      this.#tries += 1;
      const found = await tryAgain().catch((error: unknown) => {
        const problem = messageOf(error);
        if (!signal.aborted && problem !== this.#toldProblem) say(`what is mounted cannot be looked at: ${problem}`);
        this.#toldProblem = problem;
        return undefined;
      });
      this.#note(found ?? this.troubles);
    }
    this.#isRunning = false;
  }

  #lines(optional: boolean): string[] {
    return [...this.#watched.values()]
      .filter(({ trouble }) => trouble.kind === 'failed' && trouble.optional === optional)
      .map(({ trouble: { key, why }, sinceMs }) => {
        return `${key}: ${why}; so since ${shown(sinceMs)}, tried again at ${shown(this.#dueMs)}`;
      });
  }
}

/** What of it others act on. */
function summaryOf(watched: ReadonlyMap<string, Watched>): string {
  return JSON.stringify(
    [...watched.values()].map(({ trouble: { target, kind, isAbsent } }) => [target, kind, isAbsent]),
  );
}

function shown(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z');
}
