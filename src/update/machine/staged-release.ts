import type { Clock } from '../../core/clock.ts';
import type { LookoutDependencies } from './lookout.ts';
import type { Updater } from './updater.ts';

export interface StagedReleaseDependencies extends Pick<LookoutDependencies, 'memory'> {
  readonly updater: Updater;
  /** Another one at each boot. */
  readonly bootId: string;
  /** Why the boot loader did not take what is staged, as far as that is known. */
  readonly whyPassedOver: () => Promise<string>;
  readonly note: (kind: 'update-failed', version: string, why: string) => Promise<void>;
  readonly clock: Clock;
}

/** What the next boot takes, as far as a restart for it goes. One that was not tried would make the host restart for ever. */
export class StagedRelease {
  readonly #deps: StagedReleaseDependencies;
  #isPassedOver = false;

  constructor(deps: StagedReleaseDependencies) {
    this.#deps = deps;
  }

  /** What is to be restarted into; undefined: nothing is, or the boot loader passed it over at the last restart. */
  get waiting(): { readonly version: string; readonly stagedAtMs: number; readonly isUrgent: boolean } | undefined {
    const { state } = this.#deps.updater;
    if ((state.kind !== 'staged' && state.kind !== 'restarting') || this.#isPassedOver) return undefined;
    const stagedAtMs = state.kind === 'staged' ? state.sinceMs : this.#deps.clock.now();
    return { version: state.target.version, stagedAtMs, isUrgent: state.target.isUrgent === true };
  }

  /** Takes up what is staged. */
  async settle(): Promise<void> {
    const { updater, memory, note, bootId, whyPassedOver } = this.#deps;
    await updater.settle(memory.value.taken);
    const { state } = updater;
    const { restartedFor } = memory.value;
    if (state.kind !== 'staged' || restartedFor?.digest !== state.target.digest) return;
    // Told to restart, it has not yet: the agent was started anew.
    if (restartedFor.bootId === bootId) return;
    this.#isPassedOver = true;
    await note('update-failed', state.target.version, await whyPassedOver());
  }

  /** Another one takes its place. */
  replace(): void {
    this.#isPassedOver = false;
  }

  /** The host restarts now. Durable when it resolves: should it come up in the same release, it does not restart again by itself. */
  async noteRestart(why: string): Promise<void> {
    const { updater, memory, bootId } = this.#deps;
    if (updater.state.kind !== 'staged') return;
    await memory.save({ ...memory.value, restartedFor: { digest: updater.state.target.digest, bootId, why } });
    updater.take({ kind: 'restart' });
  }
}
