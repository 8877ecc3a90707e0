import type { Clock } from '../../core/clock.ts';
import { messageOf } from '../../core/errors.ts';
import { decideReboot, type RebootPolicy } from './decide-reboot.ts';
import { type RebootHook, type RunHook, runHooks } from './hooks.ts';
import type { Inhibitor } from './inhibitor.ts';
import type { Notify } from './notice.ts';
import type { RebootPermit } from './permit.ts';
import { PermitDesk } from './permit-desk.ts';
import type { RebootState, StagedRelease } from './reboot-state.ts';

export interface RebootKeeperDependencies {
  /** What is declared now. */
  readonly policy: () => RebootPolicy;
  /** That which is declared now, whatever the strategy is; the same object while it is the same. */
  readonly permit: () => RebootPermit | undefined;
  /** See {@link PermitDesk}. */
  readonly leftPermit?: RebootPermit | undefined;
  readonly staged: () => StagedRelease | undefined;
  readonly inhibitors: () => readonly Inhibitor[];
  /** Whether the running release has proved itself: until then, the permit with which it was booted is kept. */
  readonly isBlessed: () => boolean;
  /** Why it is kept still, for a person, though that is the case; undefined: nothing keeps it. */
  readonly whyPermitStays: () => Promise<string | undefined>;
  /** Those of the services that run now. */
  readonly hooks: () => readonly RebootHook[];
  readonly runHook: RunHook;
  readonly notify: Notify;
  /** Restarts the machine: all that a restart does before, the ordered stop too. It may resolve before that is done. */
  readonly reboot: (why: string) => Promise<void>;
  readonly clock: Clock;
  /** In [0, 1). */
  readonly random: () => number;
  readonly onProblem: (why: string) => void;
}

/** From telling the users to the restart. */
const noticeMs = 60_000;
/** What failed is tried again then. */
const againMs = 60_000;
/** Clocks are set, and a sleep does not know of it: a time of day is looked at again after so long at most. */
const longestSleepMs = 60_000;
/** Where only a change can change the decision. */
const idleMs = 3_600_000;
/** A machine that still runs so long after it was told to restart does not restart. */
const restartMs = 15 * 60_000;

/**
 * Restarts the host for a staged release when its strategy says so: decides again whenever something changed, asks for the
 * permit and gives it back, tells the users, runs the services' hooks. One per host.
 */
export class RebootKeeper {
  readonly #deps: RebootKeeperDependencies;
  readonly #desk: PermitDesk;
  #state: RebootState = { kind: 'waiting', why: 'the host has just started' };
  #woken = new AbortController();
  #isAsked = false;
  #announcedForMs: number | undefined;
  #isPrepared = false;
  #restartUntilMs: number | undefined;

  constructor(deps: RebootKeeperDependencies) {
    this.#deps = deps;
    this.#desk = new PermitDesk(deps);
  }

  get state(): RebootState {
    return this.#state;
  }

  /** Users were told that the host restarts, or services: they may be gone already. Until it is called off. */
  get isUnderWay(): boolean {
    return this.#isPrepared || ['announced', 'preparing', 'restarting'].includes(this.#state.kind);
  }

  /** Something that the decision depends on has changed: config, staged release, inhibitors, blessing. */
  wake(): void {
    this.#woken.abort();
  }

  /** An operator wants the restart now, whatever is declared, with or without a staged release. */
  ask(): void {
    this.#isAsked = true;
    this.wake();
  }

  /** Takes that back, as long as the restart has not begun. */
  withdraw(): void {
    this.#isAsked = false;
    this.wake();
  }

  /** Until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    do {
      this.#woken = new AbortController();
      const dueMs = await this.#round(signal).catch((error: unknown) => this.#failed(error, signal));
      await this.#pause(dueMs, signal);
    } while (!signal.aborted);
  }

  /** @returns when to decide again, if nothing wakes it before; undefined: only then. */
  async #round(signal: AbortSignal): Promise<number | undefined> {
    const { clock, onProblem } = this.#deps;
    if (this.#restartUntilMs !== undefined) {
      this.#restartUntilMs = Math.min(this.#restartUntilMs, clock.now() + restartMs);
      if (clock.now() < this.#restartUntilMs) return this.#restartUntilMs;
      this.#restartUntilMs = undefined;
      onProblem('the host was told to restart, and still runs');
    }
    const decision = this.#decide();
    switch (decision.kind) {
      case 'now':
        return this.#restart(decision.why, signal);
      case 'ask-permit':
        this.#state = { kind: 'asking', why: decision.why };
        await this.#desk.ask(signal);
        // That took its time: the window may have closed.
        return clock.now();
      case 'wait': {
        const { why, untilMs } = decision;
        this.#state = { kind: 'waiting', why, ...(untilMs === undefined ? {} : { untilMs }) };
        await this.#callOff(why);
        if (!this.#deps.isBlessed()) return untilMs;
        const stays = await this.#deps.whyPermitStays();
        if (stays !== undefined) {
          this.#state = { ...this.#state, why: `${why}; ${stays}` };
          this.#desk.keep();
          return untilMs;
        }
        if (await this.#desk.giveBack(signal)) return untilMs;
        return Math.min(untilMs ?? Number.POSITIVE_INFINITY, clock.now() + againMs);
      }
    }
  }

  #failed(error: unknown, signal: AbortSignal): number {
    const [why, untilMs] = [messageOf(error), this.#deps.clock.now() + againMs];
    this.#state = { kind: 'waiting', why, untilMs };
    if (!signal.aborted) this.#deps.onProblem(why);
    return untilMs;
  }

  #decide(): ReturnType<typeof decideReboot> {
    const { policy, staged, inhibitors, clock } = this.#deps;
    const release = staged();
    return decideReboot({
      ...policy(),
      nowMs: clock.now(),
      ...(release === undefined ? {} : { stagedAtMs: release.stagedAtMs }),
      ...(release?.what === undefined ? {} : { what: release.what }),
      isUrgent: release?.isUrgent ?? false,
      permit: this.#desk.state,
      inhibitors: inhibitors(),
      isOperatorAsking: this.#isAsked,
    });
  }

  async #restart(why: string, signal: AbortSignal): Promise<number> {
    const { clock, hooks, reboot, staged } = this.#deps;
    const atMs = await this.#announce(why);
    if (clock.now() < atMs) {
      this.#state = { kind: 'announced', why, atMs };
      return atMs;
    }
    // Once only, though the restart itself be tried again.
    if (!this.#isPrepared) {
      this.#state = { kind: 'preparing', why };
      await runHooks(hooks(), this.#deps, signal);
      this.#isPrepared = true;
      // It may have been dropped meanwhile: then there is nothing to restart for.
      if (staged() === undefined && !this.#isAsked) return clock.now();
    }
    this.#state = { kind: 'restarting', why };
    // What an operator asked for is not done hours later.
    this.#isAsked = false;
    await reboot(why);
    this.#restartUntilMs = clock.now() + restartMs;
    return this.#restartUntilMs;
  }

  /** Tells the users, once. @returns when the host restarts: at once when nobody is there, or an operator does not wait. */
  async #announce(why: string): Promise<number> {
    const { staged, clock } = this.#deps;
    const release = staged();
    const what =
      release === undefined || release.what !== undefined
        ? 'this host restarts'
        : `this host restarts into ${release.version}`;
    if (this.#isAsked) {
      if (!this.#isPrepared) await this.#tell(`${what} now: ${why}`);
      return clock.now();
    }
    if (this.#announcedForMs === undefined) {
      const told = await this.#tell(`${what} within ${noticeMs / 1000} seconds: ${why}`);
      this.#announcedForMs = clock.now() + (told === 0 ? 0 : noticeMs);
    }
    // A clock that was set back does not make it later.
    this.#announcedForMs = Math.min(this.#announcedForMs, clock.now() + noticeMs);
    return this.#announcedForMs;
  }

  async #callOff(why: string): Promise<void> {
    const wasAnnounced = this.#announcedForMs !== undefined;
    this.#announcedForMs = undefined;
    this.#isPrepared = false;
    if (wasAnnounced) await this.#tell(`this host does not restart yet: ${why}`);
  }

  /** @returns how many there are. Nobody's terminal keeps a host from restarting. */
  async #tell(text: string): Promise<number> {
    return this.#deps.notify(text).catch((error: unknown) => {
      this.#deps.onProblem(`the users were not told: ${messageOf(error)}`);
      return 0;
    });
  }

  async #pause(dueMs: number | undefined, signal: AbortSignal): Promise<void> {
    const { clock } = this.#deps;
    const ms = dueMs === undefined ? idleMs : Math.min(longestSleepMs, Math.max(0, dueMs - clock.now()));
    // Only an end of it that was asked for ends it early.
    await clock.sleep(ms, AbortSignal.any([signal, this.#woken.signal])).catch(() => undefined);
  }
}
