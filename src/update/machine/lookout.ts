import type { Clock } from '../../core/clock.ts';
import { BerthError, isBerthError, messageOf } from '../../core/errors.ts';
import type { UpdatingHost } from '../feed/choose-release.ts';
import type { Feed, FeedRelease } from '../feed/feed.ts';
import type { LastPoll } from '../feed/poll-schedule.ts';
import type { KernelGate } from './kernel-gate.ts';
import { type LookPolicy, nextLook } from './look-times.ts';
import { findRelease, warningsOf } from './offer.ts';
import { askedMeanwhile } from './own-look.ts';
import type { ReleaseSource } from './release-source.ts';
import { rejectedDigests, type UpdateMemory } from './update-memory.ts';
import type { RunningRelease } from './updater.ts';

export interface LookoutDependencies {
  readonly running: RunningRelease;
  /** Declared now. */
  readonly policy: () => LookPolicy;
  /** Opens the declared repository, or the one at `location`. Throws CONFIG_INVALID when there is none, or no root to trust. */
  readonly open: (location: string | undefined) => Promise<ReleaseSource>;
  readonly host: Pick<UpdatingHost, 'id' | 'architecture' | 'kernel'>;
  readonly memory: UpdateMemoryStore;
  /** Of releases that failed here. */
  readonly rejectedVersions: () => ReadonlySet<string>;
  readonly kernelGate: KernelGate;
  readonly onProblem: (why: string) => void;
  readonly clock: Clock;
  /** In [0, 1). */
  readonly random: () => number;
}

export interface UpdateMemoryStore {
  readonly value: UpdateMemory;
  /** Durable when it resolves. */
  save(memory: UpdateMemory): Promise<void>;
}

/** What the repository is asked. */
export interface Question {
  /** This version, whatever the rollout says. */
  readonly to?: string;
  /** Another repository than the declared one: a directory, a bundle, a URL. */
  readonly from?: string;
}

/** How the host asks. */
export interface Asking extends Question {
  /** It is what the host does by itself, whoever wants it: its next look is counted from here. Others do not put that off. */
  readonly isTurn: boolean;
}

/** What it answered. */
export interface Find {
  readonly source: ReleaseSource;
  /** Undefined: this host stays with what it has. */
  readonly release: FeedRelease | undefined;
  readonly why: string;
  readonly warnings: readonly string[];
  readonly feed: Feed;
  /** For which it was chosen. */
  readonly host: UpdatingHost;
}

/** What is done with an answer. */
export interface Errand<Result> {
  /**
   * Called when it is its turn, before anything is asked. What it throws is thrown, and not remembered.
   * @returns what is called at the end of the turn.
   */
  readonly begin?: () => () => void;
  readonly work: (find: Find, signal: AbortSignal) => Promise<Result>;
  /** How it ended, for a person. */
  readonly outcome: (result: Result) => string;
  /** Told of what is thrown, with the release if it is known; not when it was ended for want of time: {@link agentStops}, {@link askedMeanwhile}. */
  readonly onFailure?: (release: FeedRelease | undefined, error: unknown) => Promise<void>;
}

/** Ends what is under way when this agent does. That is no failure: the next one goes on. */
export const agentStops = new BerthError('CANCELLED', 'the agent stops; what was fetched is used again', {
  retryable: true,
});

/** Asks repositories what they have for this host, one question at a time, and remembers how that ended. */
export class Lookout {
  readonly #deps: LookoutDependencies;
  #startedMs: number;
  /** The question under way, with what is done with its answer. */
  #asked: { readonly ending: AbortController; readonly over: Promise<void> } | undefined;
  #draw: number;

  constructor(deps: LookoutDependencies) {
    this.#deps = deps;
    this.#startedMs = deps.clock.now();
    this.#draw = deps.random();
  }

  /** When this host looks by itself; milliseconds since the epoch, undefined: never. */
  get nextMs(): number | undefined {
    const { policy, memory, clock } = this.#deps;
    const now = clock.now();
    // A clock that was ahead and was set back: what it said would keep this host from looking for as long.
    this.#startedMs = Math.min(this.#startedMs, now);
    const { lastTurn } = memory.value;
    const last = lastTurn !== undefined && lastTurn.atMs > now ? undefined : lastTurn;
    return nextLook(policy(), last, this.#startedMs, this.#draw);
  }

  /** Whether a question is under way. */
  get isAsking(): boolean {
    return this.#asked !== undefined;
  }

  /** Ends the question under way, with what is done with its answer. @returns what resolves once it is over; undefined when there is none. */
  end(reason: unknown): Promise<void> | undefined {
    this.#asked?.ending.abort(reason);
    return this.#asked?.over;
  }

  /**
   * Asks, and lets the errand use the answer. Throws BUSY, which the errand is not told of, what it throws, RELEASE_REFUSED,
   * RELEASE_UNREACHABLE, CONFIG_INVALID, and NOT_FOUND for a version or a channel that is not there.
   */
  async ask<Result>(
    { to, from, isTurn }: Asking,
    { begin, work, outcome, onFailure }: Errand<Result>,
  ): Promise<Result> {
    return this.#alone(async (signal) => {
      const end = begin?.();
      let found: Partial<Find> = {};
      try {
        return await this.#with(from, async (source) => {
          const { feed, expiries } = await source.look(signal);
          const host = await this.#host();
          found = { warnings: warningsOf(feed, expiries, host) };
          const find: Find = { source, feed, host, warnings: found.warnings ?? [], ...findRelease(feed, host, to) };
          found = find;
          const result = await work(find, signal);
          await this.#note(isTurn, () => ({ failures: 0 }), outcome(result), find.warnings);
          return result;
        });
      } catch (error) {
        if (error === agentStops || error === askedMeanwhile) throw error;
        const retryAfter = isBerthError(error) ? error.details['retryAfter'] : undefined;
        const failed = (before: LastPoll | undefined): LastPoll => ({
          failures: (before?.failures ?? 0) + 1,
          ...(typeof retryAfter === 'string' ? { retryAfter } : {}),
        });
        await this.#note(isTurn, failed, messageOf(error), found.warnings ?? []);
        await onFailure?.(found.release, error);
        throw error;
      } finally {
        end?.();
      }
    });
  }

  /** Looks into a repository for something else than its releases: how that ends is not remembered. Throws as {@link ask} does. */
  async lookInto<Result>(
    from: string,
    work: (source: ReleaseSource, signal: AbortSignal) => Promise<Result>,
  ): Promise<Result> {
    return this.#alone(async (signal) =>
      this.#with(from, async (source) => {
        await source.look(signal);
        return work(source, signal);
      }),
    );
  }

  async #alone<Result>(work: (signal: AbortSignal) => Promise<Result>): Promise<Result> {
    if (this.#asked !== undefined)
      throw new BerthError('BUSY', 'this host asks for releases, or fetches one', {
        retryable: true,
        hint: 'berth os status shows how far it is, berth os cancel ends it',
      });
    const ending = new AbortController();
    const { promise: over, resolve }: PromiseWithResolvers<void> = Promise.withResolvers();
    this.#asked = { ending, over };
    try {
      return await work(ending.signal);
    } finally {
      this.#asked = undefined;
      this.#draw = this.#deps.random();
      resolve();
    }
  }

  async #with<Result>(from: string | undefined, work: (source: ReleaseSource) => Promise<Result>): Promise<Result> {
    const source = await this.#deps.open(from);
    try {
      return await work(source);
    } finally {
      source.close();
    }
  }

  async #note(
    isTurn: boolean,
    pollAfter: (before: LastPoll | undefined) => LastPoll,
    outcome: string,
    warnings: readonly string[],
  ): Promise<void> {
    const { memory, clock, onProblem } = this.#deps;
    const atMs = clock.now();
    const { lastLook, lastTurn } = memory.value;
    const next = {
      lastLook: { atMs, ...pollAfter(lastLook), outcome, warnings },
      ...(isTurn ? { lastTurn: { atMs, ...pollAfter(lastTurn) } } : {}),
    };
    await memory.save({ ...memory.value, ...next }).catch((error: unknown) => onProblem(messageOf(error)));
  }

  async #host(): Promise<UpdatingHost> {
    const { host, running, memory, rejectedVersions, kernelGate, clock } = this.#deps;
    const { pin, blessedSequence, refused } = memory.value;
    const mark = await kernelGate.mark();
    return {
      ...host,
      ...{ version: running.version, rootHash: running.rootHash, nowMs: clock.now() },
      ...(blessedSequence === 0 ? {} : { sequence: blessedSequence }),
      ...(pin.version === undefined ? {} : { pin: pin.version }),
      ...(pin.untilMs === undefined ? {} : { heldUntilMs: pin.untilMs }),
      rejected: rejectedDigests(memory.value, rejectedVersions()),
      refused: refused.filter((one) => one.mark === mark),
    };
  }
}
