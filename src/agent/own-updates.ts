import type { UpdateConfig } from '../config/host-config.ts';
import type { Clock } from '../core/clock.ts';
import { BerthError } from '../core/errors.ts';
import type { Reason } from '../core/plan.ts';
import type { UpdateKeeper } from '../update/machine/update-keeper.ts';
import type { Pin, UpdateMemory } from '../update/machine/update-memory.ts';
import type { UpdateEventLine, UpdateOffer, UpdateStatus } from '../update/machine/update-status.ts';
import type { RunningRelease } from '../update/machine/updater.ts';
import type { Reboots } from '../update/reboot/open-reboots.ts';
import { restartText } from '../update/reboot/reboot-state.ts';
import type { SlotDamage } from '../update/transfer/tree-check.ts';
import type { Operator } from './agent-service.ts';
import type { ReleaseSummary } from './model.ts';
import type { Cancelled, SlotCheck, UpdateOptions, UpdateService } from './update-service.ts';

export interface OwnUpdatesDependencies {
  readonly keeper: UpdateKeeper;
  readonly reboots: Reboots;
  readonly running: RunningRelease;
  readonly verifySlot: (signal: AbortSignal) => Promise<SlotDamage>;
  /** What is declared now: another object when it was declared anew. */
  readonly updateConfig: () => UpdateConfig;
  /** Whether the host restarts for something, when it may. */
  readonly waits: () => boolean;
  /** What to tell whoever looks at a release that is offered. */
  readonly warnings: () => readonly string[];
  readonly clock: Clock;
}

const configPollMs = 5000;

/** What the API offers about updates of the host that it runs on. */
export class OwnUpdates implements UpdateService {
  readonly #deps: OwnUpdatesDependencies;
  #restartReason: Reason | undefined;

  constructor(deps: OwnUpdatesDependencies) {
    this.#deps = deps;
  }

  /** Who asked for the restart that is under way; undefined: what is declared. */
  get restartReason(): Reason | undefined {
    return this.#restartReason;
  }

  /** Until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { keeper, reboots } = this.#deps;
    await Promise.all([keeper.run(signal), reboots.keeper.run(signal), this.#watchConfig(signal)]);
  }

  /** Releases that were activated here, the last one last. */
  get taken(): UpdateMemory['taken'] {
    return this.#deps.keeper.taken;
  }

  /** Why the host restarted into the release that runs; empty when that is not known. */
  get whyBooted(): string {
    return this.#deps.keeper.whyBooted;
  }

  /** A restart is announced, prepared or under way. */
  get isEnding(): boolean {
    return this.#deps.reboots.keeper.isUnderWay;
  }

  /** For the host's status. */
  get summary(): Pick<ReleaseSummary, 'staged' | 'lastLook'> {
    const { version, state, lastLook } = this.#deps.keeper.status();
    return {
      staged: state === 'staged' ? version : null,
      lastLook: lastLook === null ? null : { at: lastLook.at, failures: lastLook.failures },
    };
  }

  async updateStatus(): Promise<UpdateStatus> {
    const { keeper, reboots, waits } = this.#deps;
    const restart = waits() ? restartText(reboots.keeper.state) : (reboots.keptPermit.why ?? null);
    const inhibitors = reboots.inhibitors
      .list()
      .map(({ who, why, untilMs }) => ({ who, why, until: new Date(untilMs).toISOString() }));
    return Promise.resolve({ ...keeper.status(), restart, inhibitors });
  }

  async lookForUpdate(options: UpdateOptions, operator: Operator): Promise<UpdateOffer> {
    const { keeper, warnings } = this.#deps;
    const offer = await keeper.look({ ...options, reason: reasonOf(operator) });
    return offer.target === null ? offer : { ...offer, warnings: [...offer.warnings, ...warnings()] };
  }

  async updateOs(
    { stageOnly, ...options }: UpdateOptions & { readonly stageOnly: boolean },
    operator: Operator,
    onLine: (line: UpdateEventLine) => void,
  ): Promise<void> {
    const { keeper, reboots } = this.#deps;
    const reason = reasonOf(operator);
    // The end is told once it is known whether the host restarts.
    const done = await keeper.update({ ...options, reason }, (line) => {
      if (line.kind !== 'done') onLine(line);
    });
    // Somebody may have cancelled it at the last moment.
    const isRestarting = done.outcome === 'staged' && !stageOnly && keeper.status().state === 'staged';
    onLine(isRestarting ? { ...done, outcome: 'restarting' } : done);
    if (!isRestarting) return;
    this.#restartReason = reason;
    reboots.keeper.ask();
  }

  /** Takes the service images of a bundle, for an image that the host has not. @returns their names. */
  async bringImages(bundle: string): Promise<readonly string[]> {
    return this.#deps.keeper.bringImages(bundle);
  }

  /** Something waits for the next boot that did not, or no longer does. */
  decideAgain(): void {
    this.#deps.reboots.keeper.wake();
  }

  /** Restarts as soon as that may be, with all that a restart does before. */
  restart(reason: Reason): void {
    this.#restartReason = reason;
    this.#deps.reboots.keeper.ask();
  }

  async cancelUpdate(operator: Operator): Promise<Cancelled> {
    const { keeper, reboots } = this.#deps;
    const cancelled = await keeper.cancel(`${operator.who} cancelled it`);
    // Whoever asked for it wanted the release that is gone.
    if (cancelled) reboots.keeper.withdraw();
    // Whoever ends another update says nothing of the release that failed before.
    const permitGoesBack = !cancelled && (await reboots.keptPermit.excuse());
    if (permitGoesBack) reboots.keeper.wake();
    return { cancelled, permitGoesBack };
  }

  async pinUpdates(pin: Pin, operator: Operator): Promise<UpdateStatus> {
    const { keeper, reboots } = this.#deps;
    if (await keeper.pin(pin, operator.who)) reboots.keeper.withdraw();
    return this.updateStatus();
  }

  async inhibitRestart({
    who,
    why,
    forMs,
  }: {
    readonly who: string;
    readonly why: string;
    readonly forMs: number;
  }): Promise<UpdateStatus> {
    await this.#deps.reboots.inhibitors.add(who, why, forMs);
    return this.updateStatus();
  }

  async allowRestart(who: string): Promise<UpdateStatus> {
    if (!(await this.#deps.reboots.inhibitors.remove(who)))
      throw new BerthError('NOT_FOUND', `nobody called ${who} postpones restarts`);
    return this.updateStatus();
  }

  async verifyOs(): Promise<SlotCheck> {
    const { running, verifySlot } = this.#deps;
    const { version, device, rootHash, dataBlocks } = running;
    return { version, device, rootHash, blocks: dataBlocks, ...(await verifySlot(new AbortController().signal)) };
  }

  /** Another window, another strategy, a config that is brought about: what is staged may be booted now. */
  async #watchConfig(signal: AbortSignal): Promise<void> {
    const { updateConfig, waits, reboots, clock } = this.#deps;
    for (let seen = [updateConfig(), waits()] as const; !signal.aborted; ) {
      await clock.sleep(configPollMs, signal).catch(() => undefined);
      const now = [updateConfig(), waits()] as const;
      if (now[0] !== seen[0] || now[1] !== seen[1]) reboots.keeper.wake();
      seen = now;
    }
  }
}

function reasonOf({ who, command }: Operator): Reason {
  return { kind: 'operator', who, command };
}
