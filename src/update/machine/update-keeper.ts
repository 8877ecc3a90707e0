import type { BootEntry } from '../../boot/boot-entry.ts';
import type { BootLoader } from '../../boot/boot-loader.ts';
import { BerthError, messageOf } from '../../core/errors.ts';
import type { Reason } from '../../core/plan.ts';
import type { CarriedImage } from '../bundle/image-list.ts';
import type { FeedRelease } from '../feed/feed.ts';
import type { ArtifactSource } from '../transfer/source.ts';
import type { TransferProgress } from '../transfer/transfer-options.ts';
import { isKernelRefusal } from './kernel-gate.ts';
import type { LookPolicy } from './look-times.ts';
import { agentStops, type Find, Lookout, type LookoutDependencies, type Question } from './lookout.ts';
import { OwnLook } from './own-look.ts';
import type { ReleaseSource } from './release-source.ts';
import { isKeptAway, judge, whyPinned } from './staged-choice.ts';
import { StagedRelease, type StagedReleaseDependencies } from './staged-release.ts';
import { tellOffer } from './tell-offer.ts';
import { tellStatus } from './told-status.ts';
import {
  excludes,
  type Pin,
  type UpdateMemory,
  whyRestartedInto,
  withBlessed,
  withPin,
  withRefused,
  withTaken,
} from './update-memory.ts';
import type { UpdateTarget } from './update-state.ts';
import type { UpdateEnd, UpdateEventLine, UpdateOffer, UpdateStatus } from './update-status.ts';

/** What is declared about updates. */
export interface UpdatePolicy extends LookPolicy {
  readonly feed?: string;
  readonly channel: string;
}

export interface UpdateKeeperDependencies
  extends Omit<LookoutDependencies, 'policy'>,
    Omit<StagedReleaseDependencies, 'note'> {
  readonly loader: Pick<BootLoader, 'entries'>;
  /** Declared now. */
  readonly policy: () => UpdatePolicy;
  /** Whether the running release has proved itself. */
  readonly isBlessed: () => boolean;
  /** For the history. */
  readonly note: (
    kind: 'staged' | 'dropped' | 'update-failed' | 'refused',
    version: string,
    why: string,
  ) => Promise<void>;
  /** Keeps service images that came along, for the engines. @returns their names. Throws as `ImageStore.take` does. */
  readonly takeImages: (
    images: readonly CarriedImage[],
    source: ArtifactSource,
    signal: AbortSignal,
  ) => Promise<readonly string[]>;
  /** For the history, which may know it already: a release used up its tries. */
  readonly noteUsedUp: (entry: BootEntry) => Promise<void>;
  /** The running release has proved itself, or another one took the place of the one before: nothing goes back to that. */
  readonly onProved?: () => Promise<void>;
  /** Told at each turn which versions were withdrawn. Does not reject. */
  readonly onRevoked?: (versions: readonly string[]) => Promise<void>;
}

/** What an operator, or the time, asks for. */
export interface UpdateRequest extends Question {
  readonly reason: Reason;
}

/** Nothing is decided for longer than this: clock and config may change meanwhile. */
const longestSleepMs = 10_000;
/** How often a host on trial is looked at: it takes no releases. */
const trialSleepMs = 2000;
const afterLookMs = 2000;

/** Looks for releases when it is time or somebody asks, and has the updater bring them. */
export class UpdateKeeper {
  /** What the next boot takes. */
  readonly staged: StagedRelease;
  readonly #deps: UpdateKeeperDependencies;
  readonly #lookout: Lookout;
  #progress: TransferProgress | undefined;
  readonly #ownLook = new OwnLook();
  /** An operator's last word to end what is under way. */
  #cancelled: BerthError | undefined;
  /** Who pinned this host last, and to what. */
  #whyPinned = '';

  constructor(deps: UpdateKeeperDependencies) {
    this.#deps = deps;
    this.#lookout = new Lookout(deps);
    this.staged = new StagedRelease(deps);
  }

  /** Until the signal aborts: looks when it is time, and takes what is offered. */
  async run(signal: AbortSignal): Promise<void> {
    const { isBlessed, clock, onProblem } = this.#deps;
    let isSettled = false;
    let told = '';
    signal.addEventListener('abort', () => void this.#lookout.end(agentStops), { once: true });
    await this.staged.settle().catch((error: unknown) => onProblem(messageOf(error)));
    this.#deps.onStaged();
    while (!signal.aborted) {
      if (!isBlessed()) {
        await clock.sleep(trialSleepMs, signal).catch(() => undefined);
        continue;
      }
      if (!isSettled) {
        const why = await this.#proved().then(() => undefined, messageOf);
        isSettled = why === undefined;
        if (why !== undefined && why !== told) onProblem(why);
        told = why ?? '';
      }
      const wait = this.#isBusy() ? longestSleepMs : (this.#lookout.nextMs ?? Number.POSITIVE_INFINITY) - clock.now();
      if (wait <= 0) await this.#lookByItself();
      // After a look, too: whoever made it give way comes first.
      const pause = wait <= 0 ? afterLookMs : Math.min(longestSleepMs, wait);
      await clock.sleep(pause, signal).catch(() => undefined);
    }
  }

  status(): Omit<UpdateStatus, 'restart' | 'inhibitors'> {
    const { updater, policy, memory } = this.#deps;
    return tellStatus({
      ...{ state: updater.state, progress: this.#progress, declared: policy(), memory: memory.value },
      stagedAtMs: this.staged.sinceMs,
      nextLookMs: this.#lookout.nextMs,
    });
  }

  /** Asks the repository, and changes nothing on this host. Throws as {@link Lookout.ask} does. */
  async look({ reason, ...question }: UpdateRequest): Promise<UpdateOffer> {
    await this.#endOwnLook();
    const work = async (find: Find, signal: AbortSignal): Promise<UpdateOffer> =>
      tellOffer(find, { ...this.#deps, staged: this.staged.target }, question, reason, signal);
    return this.#lookout.ask({ ...question, isTurn: false }, { work, outcome: ({ outcome }) => outcome });
  }

  /**
   * Brings what is offered to the other slot. Resolves with the last line, which is told, too. Throws what looking throws and BUSY,
   * DISK_FULL, HOST_REFUSED, CANCELLED; all of them leave the host as it was, and are in its history.
   */
  async update(request: UpdateRequest, onLine: (line: UpdateEventLine) => void): Promise<UpdateEnd> {
    const { updater, memory } = this.#deps;
    await this.#endOwnLook();
    const { pin } = memory.value;
    const unfollow = updater.follow((state) =>
      onLine({ kind: 'state', state: state.kind, version: 'target' in state ? state.target.version : null }),
    );
    try {
      const end = await this.#lookout.ask<UpdateEnd>(
        { ...request, isTurn: request.to === undefined && request.from === undefined },
        {
          begin: () => {
            updater.take({ kind: 'look' });
            return () => {
              if (updater.state.kind === 'looking') updater.take({ kind: 'failed' });
            };
          },
          work: async (find, signal) => this.#bring(find, { ...request, pin }, onLine, signal),
          outcome: ({ why }) => why,
          onFailure: async (release, error) => this.#noteFailure(release, request.to, error),
        },
      );
      onLine(end);
      return end;
    } finally {
      unfollow();
      this.#progress = undefined;
    }
  }

  async #noteFailure(release: FeedRelease | undefined, named: string | undefined, error: unknown): Promise<void> {
    const { note, memory, kernelGate } = this.#deps;
    const version = release?.version ?? named;
    if (version === undefined) return;
    const why = messageOf(error);
    if (release === undefined || !isKernelRefusal(error)) return note('update-failed', version, why);
    await note('refused', version, why);
    const mark = await kernelGate.mark();
    if (mark === undefined) return;
    await memory.save(withRefused(memory.value, { digest: release.manifest.sha256, why, mark }));
  }

  async #bring(
    find: Find,
    request: UpdateRequest & { readonly pin: Pin },
    onLine: (line: UpdateEventLine) => void,
    signal: AbortSignal,
  ): Promise<UpdateEnd> {
    const { updater, note, onStaged, onRevoked, memory, clock } = this.#deps;
    const { source, feed } = find;
    await onRevoked?.(feed.releases.filter(({ revoked }) => revoked !== undefined).map(({ version }) => version));
    if (await this.staged.dropExcluded(feed)) updater.take({ kind: 'look' });
    // Before the release that may need them, and without one, too.
    const images = await this.#takeImages(source, signal);
    const verdict = judge(find, this.staged.target, request);
    const { why } = verdict;
    const nothing = { kind: 'done', why, bytesFetched: 0, detours: [], images } as const;
    if (verdict.kind !== 'take') {
      const offered = verdict.kind === 'none' ? undefined : verdict.target;
      await this.staged.stay(offered, signal);
      return offered === undefined
        ? { ...nothing, outcome: 'none', version: null }
        : { ...nothing, outcome: 'staged', version: offered.version };
    }
    const { target } = verdict;
    const manifest = await source.manifest(verdict.release, signal);
    const onProgress = (progress: TransferProgress): void => {
      this.#progress = progress;
      onLine({ kind: 'progress', progress });
    };
    // Said since it was asked: it was chosen under the pin of before.
    const confirm = (): void => {
      const { pin } = memory.value;
      if (pin !== request.pin && isKeptAway(target.version, pin, clock.now()))
        throw new BerthError('CANCELLED', this.#whyPinned);
      this.staged.replace();
    };
    const { reason } = request;
    const { state: before } = updater;
    const written = await updater
      .bring({ target, manifest, source, reason, onProgress, confirm }, signal)
      .finally(async () => {
        // Whatever became of the new one: what waited is no longer what the next boot takes.
        if (before.kind === 'staged' && updater.state !== before)
          await note('dropped', before.target.version, `${target.version} takes its place`);
      });
    await note('staged', target.version, why);
    await this.#noteProved();
    // The word came when it was too late to end it.
    if (this.#cancelled !== undefined && signal.reason === this.#cancelled) {
      await this.staged.drop(this.#cancelled.message);
      throw this.#cancelled;
    }
    onStaged();
    return { ...nothing, ...written, outcome: 'staged', version: target.version };
  }

  /** Takes the service images of a bundle, and nothing else of it. Throws what looking throws, and DISK_FULL. */
  async bringImages(from: string): Promise<readonly string[]> {
    await this.#endOwnLook();
    return this.#lookout.lookInto(from, async (source, signal) => this.#takeImages(source, signal));
  }

  async #takeImages(source: ReleaseSource, signal: AbortSignal): Promise<readonly string[]> {
    const images = await source.images(signal);
    return images.length === 0 ? [] : this.#deps.takeImages(images, source.artifacts, signal);
  }

  /** Ends what is under way and drops what is staged: the next boot is the running release's. @returns false when there is nothing of either. */
  async cancel(why: string): Promise<boolean> {
    this.#cancelled = new BerthError('CANCELLED', why);
    const over = this.#lookout.end(this.#cancelled);
    await over;
    return (await this.staged.drop(why)) || over !== undefined;
  }

  /** Releases that were activated here, the last one last. */
  get taken(): UpdateMemory['taken'] {
    return this.#deps.memory.value.taken;
  }

  /** See {@link whyRestartedInto}. */
  get whyBooted(): string {
    return whyRestartedInto(this.#deps.memory.value, this.#deps.running.rootHash);
  }

  /**
   * What this host may take from now on; what it may not take is ended and dropped, as by {@link cancel}. Throws USAGE.
   * @returns true when something was.
   */
  async pin(pin: Pin, who: string): Promise<boolean> {
    const { memory, updater, clock } = this.#deps;
    if (pin.untilMs !== undefined && pin.untilMs <= clock.now()) {
      const until = new Date(pin.untilMs).toISOString();
      throw new BerthError('USAGE', `${until} is over already: nothing would be kept away until then`, {
        hint: `on this host it is ${new Date(clock.now()).toISOString()}`,
      });
    }
    this.#whyPinned = whyPinned(pin, who);
    await memory.save(withPin(memory.value, pin));
    const { state } = updater;
    // What is under way goes on while the host is held.
    if (!('target' in state) || !excludes(pin, state.target.version)) return false;
    return this.cancel(this.#whyPinned);
  }

  /** Remembers a release durably, before it may boot. */
  async noteTaken(target: UpdateTarget, atMs: number): Promise<void> {
    const { memory, bootId, uptimeMs } = this.#deps;
    await memory.save(withTaken(memory.value, target, atMs, { bootId, uptimeMs: uptimeMs() }));
  }

  /**
   * The running release has proved itself: this host never goes below it. A release that never came up, after which the boot loader
   * has come back to this one by itself, is told of and taken away.
   */
  async #proved(): Promise<void> {
    const { updater, memory, running, noteUsedUp, onStaged } = this.#deps;
    const next = withBlessed(memory.value, running.rootHash);
    if (next !== memory.value) await memory.save(next);
    await this.#noteProved();
    onStaged();
    await updater.clearUsedUp(noteUsedUp);
  }

  /** What is kept for nothing costs room, and nothing else. */
  async #noteProved(): Promise<void> {
    const { onProved, onProblem } = this.#deps;
    await onProved?.().catch((error: unknown) => onProblem(messageOf(error)));
  }

  #isBusy(): boolean {
    return this.#isBringing() || this.#lookout.isAsking;
  }

  #isBringing(): boolean {
    return !['idle', 'looking', 'staged'].includes(this.#deps.updater.state.kind);
  }

  async #lookByItself(): Promise<void> {
    const { schedule } = this.#deps.policy();
    const expression = schedule ?? 'about every 45 minutes';
    const reason: Reason = { kind: 'schedule', expression, due: new Date(this.#deps.clock.now()).toISOString() };
    await this.#ownLook
      .take(async () => this.update({ reason }, () => undefined))
      // What went wrong is in the last look, which the status shows.
      .catch((error: unknown) => {
        if (error !== agentStops) this.#deps.onProblem(messageOf(error));
      });
  }

  /** What is being written goes on. */
  async #endOwnLook(): Promise<void> {
    if (this.#isBringing()) return;
    await this.#ownLook.giveWay((why) => void this.#lookout.end(why));
  }
}
