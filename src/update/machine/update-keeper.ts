import type { BootLoader } from '../../boot/boot-loader.ts';
import type { Clock } from '../../core/clock.ts';
import { BerthError, isBerthError, messageOf } from '../../core/errors.ts';
import type { Reason } from '../../core/plan.ts';
import type { UpdatingHost } from '../feed/choose-release.ts';
import type { Feed, FeedRelease } from '../feed/feed.ts';
import type { TransferProgress } from '../transfer/transfer-options.ts';
import { type LookPolicy, nextLook } from './look-times.ts';
import { findRelease, stepsTo, targetOf, warningsOf } from './offer.ts';
import type { ReleaseSource } from './release-source.ts';
import {
  type LastLook,
  type Pin,
  rejectedDigests,
  type UpdateMemory,
  withBlessed,
  withTaken,
} from './update-memory.ts';
import type { UpdateState, UpdateTarget } from './update-state.ts';
import type { UpdateEnd, UpdateEventLine, UpdateOffer, UpdateStatus } from './update-status.ts';
import type { RunningRelease, Updater } from './updater.ts';

/** What is declared about updates. */
export interface UpdatePolicy extends LookPolicy {
  readonly feed?: string;
  readonly channel: string;
}

export interface UpdateKeeperDependencies {
  readonly updater: Updater;
  readonly loader: Pick<BootLoader, 'entries'>;
  readonly running: RunningRelease;
  /** Declared now. */
  readonly policy: () => UpdatePolicy;
  /** Opens the declared repository, or the one at `location`. Throws CONFIG_INVALID when there is none, or no root to trust. */
  readonly open: (location: string | undefined) => Promise<ReleaseSource>;
  readonly host: Pick<UpdatingHost, 'id' | 'architecture' | 'kernel'>;
  readonly memory: { readonly value: UpdateMemory; save(memory: UpdateMemory): Promise<void> };
  /** Whether the running release has proved itself. */
  readonly isBlessed: () => boolean;
  /** Of releases that failed here. */
  readonly rejectedVersions: () => ReadonlySet<string>;
  /** For the history. */
  readonly note: (
    kind: 'staged' | 'dropped' | 'update-failed' | 'rejected',
    version: string,
    why: string,
  ) => Promise<void>;
  /** Something is staged, or no longer: whoever restarts the host looks again. */
  readonly onStaged: () => void;
  readonly onProblem: (why: string) => void;
  readonly clock: Clock;
  /** In [0, 1). */
  readonly random: () => number;
}

/** What an operator, or the time, asks for. */
export interface UpdateRequest {
  /** This version, whatever the rollout says. */
  readonly to?: string;
  /** Another repository than the declared one: a directory, a bundle, a URL. */
  readonly from?: string;
  readonly reason: Reason;
}

/** A release that was found, and the repository it is in. */
interface Find {
  readonly release: FeedRelease | undefined;
  readonly why: string;
  readonly warnings: readonly string[];
  readonly feed: Feed;
}

/** Nothing is decided for longer than this: clock and config may change meanwhile. */
const longestSleepMs = 10_000;
/** How often a host on trial is looked at: it takes no releases. */
const trialSleepMs = 2000;

/** Looks for releases when it is time or somebody asks, and has the updater bring them. */
export class UpdateKeeper {
  readonly #deps: UpdateKeeperDependencies;
  readonly #startedMs: number;
  #progress: TransferProgress | undefined;
  /** Of what is under way. */
  #ending: AbortController | undefined;
  #draw: number;

  constructor(deps: UpdateKeeperDependencies) {
    this.#deps = deps;
    this.#startedMs = deps.clock.now();
    this.#draw = deps.random();
  }

  /** Until the signal aborts: looks when it is time, and takes what is offered. */
  async run(signal: AbortSignal): Promise<void> {
    const { updater, memory, isBlessed, clock, onProblem } = this.#deps;
    let isTidy = false;
    signal.addEventListener('abort', () => this.#ending?.abort(signal.reason), { once: true });
    await updater.settle(memory.value.taken).catch((error: unknown) => onProblem(messageOf(error)));
    this.#deps.onStaged();
    while (!signal.aborted) {
      if (!isBlessed()) {
        await clock.sleep(trialSleepMs, signal).catch(() => undefined);
        continue;
      }
      if (!isTidy) await this.#tidy().catch((error: unknown) => onProblem(messageOf(error)));
      isTidy = true;
      const wait = this.#isBusy() ? longestSleepMs : (this.#whenToLook() ?? Number.POSITIVE_INFINITY) - clock.now();
      if (wait <= 0) await this.#lookByItself();
      else await clock.sleep(Math.min(longestSleepMs, wait), signal).catch(() => undefined);
    }
  }

  /** Without what is to become of a restart: that is the business of `reboot/`. */
  status(): Omit<UpdateStatus, 'restart' | 'inhibitors'> {
    const { updater, policy, memory } = this.#deps;
    const { feed, channel, strategy } = policy();
    const { state } = updater;
    const { pin, lastLook } = memory.value;
    return {
      state: state.kind,
      version: 'target' in state ? state.target.version : null,
      since: state.kind === 'staged' ? isoTime(state.sinceMs) : null,
      progress: state.kind === 'writing' ? (this.#progress ?? null) : null,
      ...{ feed: feed ?? null, channel, strategy },
      pin: { version: pin.version ?? null, until: isoTime(pin.untilMs) },
      lastLook: lastLook === undefined ? null : toldLook(lastLook),
      nextLook: isoTime(this.#whenToLook()),
    };
  }

  get state(): UpdateState {
    return this.#deps.updater.state;
  }

  /** Asks the repository, and changes nothing on this host. Throws RELEASE_REFUSED, RELEASE_UNREACHABLE, NOT_FOUND, CONFIG_INVALID. */
  async look(request: UpdateRequest): Promise<UpdateOffer> {
    const { loader, running } = this.#deps;
    return this.#withSource(request, async (source, { release, why, warnings }, signal) => {
      if (release === undefined) return { target: null, outcome: why, warnings, steps: [] };
      const target = targetOf(release);
      const manifest = await source.manifest(release, signal);
      const steps = stepsTo(target, manifest, running, await loader.entries(), request.reason);
      return { target, outcome: why, warnings, steps };
    });
  }

  /**
   * Brings what is offered to the other slot. Resolves with the last line, which is told, too. Throws what looking throws and BUSY,
   * DISK_FULL, HOST_REFUSED, CANCELLED; all of them leave the host as it was, and are in its history.
   */
  async update(request: UpdateRequest, onLine: (line: UpdateEventLine) => void): Promise<UpdateEnd> {
    const { updater } = this.#deps;
    const tell = (): void => {
      const { state } = updater;
      onLine({ kind: 'state', state: state.kind, version: 'target' in state ? state.target.version : null });
    };
    updater.take({ kind: 'look' });
    tell();
    try {
      return await this.#withSource(request, async (source, { release, why, feed }, signal) => {
        await this.#dropRevoked(feed);
        if (release === undefined || this.#isStaged(targetOf(release))) {
          if (updater.state.kind === 'looking' || updater.state.kind === 'staged') updater.take({ kind: 'stay' });
          return this.#tellEnd(onLine, release === undefined ? 'none' : 'staged', release?.version ?? null, why, 0, []);
        }
        const target = targetOf(release);
        const manifest = await source.manifest(release, signal);
        const onProgress = (progress: TransferProgress): void => {
          this.#progress = progress;
          onLine({ kind: 'progress', progress });
        };
        const { bytesFetched, detours } = await updater.bring(
          { target, manifest, source, reason: request.reason, onProgress },
          signal,
        );
        tell();
        await this.#deps.note('staged', target.version, why);
        this.#deps.onStaged();
        return this.#tellEnd(onLine, 'staged', target.version, why, bytesFetched, detours);
      });
    } catch (error) {
      if (updater.state.kind === 'looking') updater.take({ kind: 'failed' });
      tell();
      throw error;
    } finally {
      this.#progress = undefined;
    }
  }

  /** Ends what is under way, or drops what is staged. @returns false when there is nothing of either. */
  async cancel(why: string): Promise<boolean> {
    const { updater, note, onStaged } = this.#deps;
    if (this.#ending !== undefined) {
      this.#ending.abort(new BerthError('CANCELLED', why));
      return true;
    }
    const { state } = updater;
    if (state.kind !== 'staged') return false;
    await updater.drop();
    await note('dropped', state.target.version, why);
    onStaged();
    return true;
  }

  /** What is staged; undefined: nothing is. */
  get staged(): { readonly version: string; readonly stagedAtMs: number; readonly isUrgent: boolean } | undefined {
    const { state } = this.#deps.updater;
    if (state.kind !== 'staged' && state.kind !== 'restarting') return undefined;
    const stagedAtMs = state.kind === 'staged' ? state.sinceMs : this.#deps.clock.now();
    return { version: state.target.version, stagedAtMs, isUrgent: state.target.isUrgent === true };
  }

  /** The host restarts now. */
  restarts(): void {
    if (this.#deps.updater.state.kind === 'staged') this.#deps.updater.take({ kind: 'restart' });
  }

  /** What this host may take from now on. */
  async pin(pin: Pin): Promise<void> {
    const { memory } = this.#deps;
    await memory.save({ ...memory.value, pin });
  }

  /** The running release has proved itself. */
  async noteBlessed(): Promise<void> {
    const { memory, running } = this.#deps;
    const next = withBlessed(memory.value, running.rootHash);
    if (next !== memory.value) await memory.save(next);
  }

  /** Remembers a release durably, before it may boot. */
  async noteTaken(target: UpdateTarget, atMs: number): Promise<void> {
    const { memory } = this.#deps;
    await memory.save(withTaken(memory.value, target, atMs));
  }

  /** Tells what became of a release that never came up; the boot loader has come back to this one by itself. */
  async #tidy(): Promise<void> {
    const { updater, note } = this.#deps;
    for (const { version, tries } of await updater.clearUsedUp()) {
      await note('rejected', version, `it did not start in ${tries?.done ?? 0} tries`);
    }
  }

  #isBusy(): boolean {
    return !['idle', 'staged'].includes(this.#deps.updater.state.kind);
  }

  #isStaged({ digest }: UpdateTarget): boolean {
    const { state } = this.#deps.updater;
    return state.kind === 'staged' && state.target.digest === digest;
  }

  async #lookByItself(): Promise<void> {
    const { schedule } = this.#deps.policy();
    const expression = schedule ?? 'about every 45 minutes';
    const reason: Reason = { kind: 'schedule', expression, due: new Date(this.#deps.clock.now()).toISOString() };
    this.#draw = this.#deps.random();
    // What went wrong is in the last look, which the status shows.
    await this.update({ reason }, () => undefined).catch((error: unknown) => this.#deps.onProblem(messageOf(error)));
  }

  async #withSource<Result>(
    { to, from }: UpdateRequest,
    work: (source: ReleaseSource, found: Find, signal: AbortSignal) => Promise<Result>,
  ): Promise<Result> {
    if (this.#ending !== undefined)
      throw new BerthError('BUSY', busyText(this.#deps.updater.state), {
        retryable: true,
        hint: 'berth os status shows how far it is, berth os cancel ends it',
      });
    const ending = new AbortController();
    this.#ending = ending;
    const { open } = this.#deps;
    let warnings: readonly string[] = [];
    let version = to ?? '';
    try {
      const source = await open(from);
      try {
        const { feed, expiries } = await source.look(ending.signal);
        const host = this.#host();
        warnings = warningsOf(feed, expiries, host);
        const found = findRelease(feed, host, to);
        version = found.release?.version ?? version;
        const result = await work(source, { ...found, warnings, feed }, ending.signal);
        await this.#noteLook({ failures: 0 }, found.why, warnings);
        return result;
      } finally {
        source.close();
      }
    } catch (error) {
      const why = messageOf(error);
      const failures = (this.#deps.memory.value.lastLook?.failures ?? 0) + 1;
      const retryAfter = isBerthError(error) ? error.details['retryAfter'] : undefined;
      await this.#noteLook({ failures, ...(typeof retryAfter === 'string' ? { retryAfter } : {}) }, why, warnings);
      if (version !== '') await this.#deps.note('update-failed', version, why);
      throw error;
    } finally {
      this.#ending = undefined;
    }
  }

  async #noteLook(
    poll: { readonly failures: number; readonly retryAfter?: string },
    outcome: string,
    warnings: readonly string[],
  ): Promise<void> {
    const { memory, clock, onProblem } = this.#deps;
    const lastLook = { atMs: clock.now(), ...poll, outcome, warnings };
    await memory.save({ ...memory.value, lastLook }).catch((error: unknown) => onProblem(messageOf(error)));
  }

  /** A release that was withdrawn must not be booted, though it is whole. */
  async #dropRevoked(feed: Feed): Promise<void> {
    const { updater, note, onStaged } = this.#deps;
    const { state } = updater;
    if (state.kind !== 'staged') return;
    const revoked = feed.releases.find(({ manifest }) => manifest.sha256 === state.target.digest)?.revoked;
    if (revoked === undefined) return;
    await updater.drop();
    await note('dropped', state.target.version, `it was revoked: ${revoked}`);
    onStaged();
    updater.take({ kind: 'look' });
  }

  #host(): UpdatingHost {
    const { host, running, memory, rejectedVersions, clock } = this.#deps;
    const { pin, blessedSequence } = memory.value;
    return {
      ...host,
      ...{ version: running.version, rootHash: running.rootHash, nowMs: clock.now() },
      ...(blessedSequence === 0 ? {} : { sequence: blessedSequence }),
      ...(pin.version === undefined ? {} : { pin: pin.version }),
      ...(pin.untilMs === undefined ? {} : { heldUntilMs: pin.untilMs }),
      rejected: rejectedDigests(memory.value, rejectedVersions()),
    };
  }

  #whenToLook(): number | undefined {
    const { policy, memory } = this.#deps;
    return nextLook(policy(), memory.value.lastLook, this.#startedMs, this.#draw);
  }

  #tellEnd(
    onLine: (line: UpdateEventLine) => void,
    outcome: 'staged' | 'none',
    version: string | null,
    why: string,
    bytesFetched: number,
    detours: readonly string[],
  ): UpdateEnd {
    const line: UpdateEnd = { kind: 'done', outcome, version, why, bytesFetched, detours };
    onLine(line);
    return line;
  }
}

function busyText(state: UpdateState): string {
  return 'target' in state && state.kind !== 'staged'
    ? `this host brings ${state.target.version} to the other slot`
    : 'this host asks for releases already';
}

function isoTime(ms: number | undefined): string | null {
  return ms === undefined ? null : new Date(ms).toISOString();
}

function toldLook({ atMs, outcome, failures, warnings }: LastLook): NonNullable<UpdateStatus['lastLook']> {
  return { at: new Date(atMs).toISOString(), outcome, failures, warnings };
}
