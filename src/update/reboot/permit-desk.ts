import type { Clock } from '../../core/clock.ts';
import { messageOf } from '../../core/errors.ts';
import type { PermitState } from './decide-reboot.ts';
import type { RebootPermit } from './permit.ts';

export interface PermitDeskDependencies {
  /** That which is declared now, whatever the strategy is. */
  readonly permit: () => RebootPermit | undefined;
  /** The one that an earlier run may have; absent: that which is declared. */
  readonly leftPermit?: RebootPermit | undefined;
  readonly clock: Clock;
  /** In [0, 1). */
  readonly random: () => number;
  readonly onProblem: (why: string) => void;
}

/** Whoever gives permits must answer within this time. */
const patienceMs = 30_000;
/** A refused permit is asked for again after one to two minutes, so that many hosts do not ask in step. */
const againMs = 60_000;
const longestWaitMs = 2 * againMs;

/** Asks for the permit, remembers the answer, and makes sure that it goes back. */
export class PermitDesk {
  readonly #deps: PermitDeskDependencies;
  #state: PermitState = { kind: 'none' };
  /** The one that may have given a permit which is not given back yet. */
  #giver: RebootPermit | undefined;
  /** Until it is known that nothing is left of an earlier run: the host may have restarted with a permit. */
  #mayBeLeft = true;
  /** The last one told of each; absent: all was well since. */
  readonly #toldProblems = new Map<'ask' | 'give-back', string>();

  constructor(deps: PermitDeskDependencies) {
    this.#deps = deps;
  }

  get state(): PermitState {
    const latest = this.#deps.clock.now() + longestWaitMs;
    // A clock that was set back does not make it later.
    if (this.#state.kind === 'refused' && this.#state.untilMs > latest)
      this.#state = { ...this.#state, untilMs: latest };
    return this.#state;
  }

  /** Changes {@link state}, whatever comes of it. Rejects with the signal's reason only. */
  async ask(signal: AbortSignal): Promise<void> {
    const permit = this.#deps.permit();
    if (permit === undefined) {
      this.#refused('the strategy is "permit", and none is declared');
      return;
    }
    // One that was declared before would be forgotten.
    if (this.#giver !== undefined && this.#giver !== permit && !(await this.giveBack(signal))) {
      this.#refused('the permit that was declared before could not be given back');
      return;
    }
    this.#giver = permit;
    try {
      const answer = await this.#within(signal, async (limited) => permit.acquire(limited));
      this.#toldProblems.delete('ask');
      if (answer.kind === 'held') this.#state = answer;
      else {
        this.#refused(answer.why);
        // So there is nothing to give back.
        this.#giver = undefined;
        this.#mayBeLeft = false;
      }
    } catch (error) {
      signal.throwIfAborted();
      this.#refused(messageOf(error));
      this.#tell('ask', messageOf(error));
    }
  }

  /** It stays where it is, and is asked for again before it counts: somebody may have taken it from this host meanwhile. */
  keep(): void {
    if (this.#state.kind === 'held') this.#state = { kind: 'none' };
  }

  /** Does nothing when there is none. @returns false when it has to be tried again. Rejects with the signal's reason only. */
  async giveBack(signal: AbortSignal): Promise<boolean> {
    // Whoever was refused waits all the same.
    this.keep();
    const giver = this.#giver ?? (this.#mayBeLeft ? (this.#deps.leftPermit ?? this.#deps.permit()) : undefined);
    try {
      if (giver !== undefined) await this.#within(signal, async (limited) => giver.release(limited));
      this.#giver = undefined;
      this.#mayBeLeft = false;
      this.#toldProblems.delete('give-back');
      return true;
    } catch (error) {
      signal.throwIfAborted();
      this.#tell('give-back', `the permit was not given back: ${messageOf(error)}`);
      return false;
    }
  }

  #refused(why: string): void {
    const { clock, random } = this.#deps;
    this.#state = { kind: 'refused', why, untilMs: clock.now() + againMs * (1 + random()) };
  }

  /** Each new problem once: of one that lasts, both are tried again and again in turn. */
  #tell(what: 'ask' | 'give-back', why: string): void {
    if (why !== this.#toldProblems.get(what)) this.#deps.onProblem(why);
    this.#toldProblems.set(what, why);
  }

  async #within<Result>(signal: AbortSignal, work: (limited: AbortSignal) => Promise<Result>): Promise<Result> {
    const over = new AbortController();
    const limited = AbortSignal.any([signal, over.signal]);
    const late = this.#deps.clock.sleep(patienceMs, limited).then(() => {
      const error = new Error('whoever gives permits did not answer');
      over.abort(error);
      throw error;
    });
    try {
      return await Promise.race([work(limited), late]);
    } finally {
      over.abort(new Error('it is over'));
    }
  }
}
