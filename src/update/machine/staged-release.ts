import type { Clock } from '../../core/clock.ts';
import type { Feed } from '../feed/feed.ts';
import type { LookoutDependencies } from './lookout.ts';
import { whyDropped } from './staged-choice.ts';
import { withRenewed, withStagingTime } from './update-memory.ts';
import type { UpdateTarget } from './update-state.ts';
import type { Updater } from './updater.ts';

export interface StagedReleaseDependencies extends Pick<LookoutDependencies, 'memory'> {
  readonly updater: Updater;
  /** Another one at each boot. */
  readonly bootId: string;
  /** Since the boot, in milliseconds: no clock that is set changes it. */
  readonly uptimeMs: () => number;
  /** When the running release was built, in milliseconds since the epoch. */
  readonly builtMs: number;
  /** Why the boot loader did not take what is staged, as far as that is known. */
  readonly whyPassedOver: () => Promise<string>;
  readonly note: (kind: 'update-failed' | 'dropped', version: string, why: string) => Promise<void>;
  /** Something is staged, or no longer, or otherwise, or the running release was blessed: whoever restarts the host looks again. */
  readonly onStaged: () => void;
  readonly clock: Clock;
}

/** What clock and uptime may differ by without the clock having been set. */
const slackMs = 5000;

/** What the next boot takes, as far as a restart for it goes. One that was not tried would make the host restart for ever. */
export class StagedRelease {
  readonly #deps: StagedReleaseDependencies;
  #isPassedOver = false;
  #sinceMs: number | undefined;

  constructor(deps: StagedReleaseDependencies) {
    this.#deps = deps;
  }

  /** The release that is staged. */
  get target(): UpdateTarget | undefined {
    const { state } = this.#deps.updater;
    return state.kind === 'staged' ? state.target : undefined;
  }

  /** What is to be restarted into; undefined: nothing is, or the boot loader passed it over at the last restart. */
  get waiting(): { readonly version: string; readonly stagedAtMs: number; readonly isUrgent: boolean } | undefined {
    const { state } = this.#deps.updater;
    if ((state.kind !== 'staged' && state.kind !== 'restarting') || this.#isPassedOver) return undefined;
    const stagedAtMs = this.sinceMs ?? this.#deps.clock.now();
    return { version: state.target.version, stagedAtMs, isUrgent: state.target.isUrgent === true };
  }

  /** Since when it is staged, as the clock of now has it: it may have been wrong then. Milliseconds since the epoch. */
  get sinceMs(): number | undefined {
    const { updater, memory, bootId, clock, uptimeMs } = this.#deps;
    const { state } = updater;
    if (state.kind !== 'staged') return undefined;
    const { stagedIn } = memory.value;
    if (stagedIn?.digest !== state.target.digest || stagedIn.bootId !== bootId) return state.sinceMs;
    const known = this.#sinceMs ?? state.sinceMs;
    const counted = Math.round(clock.now() - (uptimeMs() - stagedIn.uptimeMs));
    this.#sinceMs = Math.abs(counted - known) > slackMs ? counted : known;
    return this.#sinceMs;
  }

  /** Takes up what is staged. */
  async settle(): Promise<void> {
    const { updater, memory, note, bootId, whyPassedOver } = this.#deps;
    await updater.settle(memory.value.taken);
    const { state } = updater;
    const { restartedFor } = memory.value;
    if (state.kind !== 'staged') return;
    // Told to restart, it has not yet when it is the same boot: the agent was started anew.
    if (restartedFor?.digest === state.target.digest && restartedFor.bootId !== bootId) {
      this.#isPassedOver = true;
      await note('update-failed', state.target.version, await whyPassedOver());
    }
    // The agent may have ended between the one and the other.
    if (!(await this.dropExcluded())) await this.#noteTime(state.target, state.sinceMs);
  }

  /** Another one takes its place. */
  replace(): void {
    this.#isPassedOver = false;
    this.#sinceMs = undefined;
  }

  /** A look has found nothing else to take. `offered`: the staged one, as it is offered now; durable before that counts. */
  async stay(offered: UpdateTarget | undefined, signal: AbortSignal): Promise<void> {
    const { updater, memory, onStaged } = this.#deps;
    const { target } = this;
    const isOther =
      target !== undefined &&
      offered !== undefined &&
      (offered.isUrgent !== target.isUrgent || offered.isNamed !== target.isNamed);
    if (isOther) await memory.save(withRenewed(memory.value, offered));
    signal.throwIfAborted();
    updater.take({ kind: 'stay', ...(offered === undefined ? {} : { target: offered }) });
    if (isOther) onStaged();
  }

  /** Drops a release that must not be booted: it was revoked, or the pin excludes it. @returns whether it did. */
  async dropExcluded(feed?: Feed): Promise<boolean> {
    const { target } = this;
    const why = target === undefined ? undefined : whyDropped(target, this.#deps.memory.value.pin, feed);
    return why !== undefined && this.drop(why);
  }

  /** @returns false when nothing is staged. */
  async drop(why: string): Promise<boolean> {
    const { updater, note, onStaged } = this.#deps;
    const { target } = this;
    if (target === undefined) return false;
    await updater.drop();
    await note('dropped', target.version, why);
    onStaged();
    return true;
  }

  /** The host restarts now. Durable when it resolves: should it come up in the same release, it does not restart again by itself. */
  async noteRestart(why: string): Promise<void> {
    const { updater, memory, bootId } = this.#deps;
    if (updater.state.kind !== 'staged') return;
    await memory.save({ ...memory.value, restartedFor: { digest: updater.state.target.digest, bootId, why } });
    updater.take({ kind: 'restart' });
  }

  /** Staged in an earlier boot: of that time only the clock knows. One that cannot be right counts from now. */
  async #noteTime({ digest }: UpdateTarget, sinceMs: number): Promise<void> {
    const { memory, bootId, builtMs, clock, uptimeMs } = this.#deps;
    const { stagedIn } = memory.value;
    if (stagedIn?.digest === digest && stagedIn.bootId === bootId) return;
    const now = clock.now();
    const atMs = sinceMs >= builtMs && sinceMs <= now ? sinceMs : now;
    await memory.save(withStagingTime(memory.value, atMs, { digest, bootId, uptimeMs: uptimeMs() - (now - atMs) }));
  }
}
