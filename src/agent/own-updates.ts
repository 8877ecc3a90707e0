import type { UpdateConfig } from '../config/host-config.ts';
import type { Clock } from '../core/clock.ts';
import { BerthError } from '../core/errors.ts';
import type { Reason } from '../core/plan.ts';
import type { UpdateKeeper } from '../update/machine/update-keeper.ts';
import type { Pin } from '../update/machine/update-memory.ts';
import type { UpdateEventLine, UpdateOffer, UpdateStatus } from '../update/machine/update-status.ts';
import type { RunningRelease } from '../update/machine/updater.ts';
import type { Reboots } from '../update/reboot/open-reboots.ts';
import type { RebootState } from '../update/reboot/reboot-state.ts';
import type { SlotDamage } from '../update/transfer/tree-check.ts';
import type { Operator } from './agent-service.ts';
import type { ReleaseSummary } from './model.ts';
import type { SlotCheck, UpdateOptions, UpdateService } from './update-service.ts';

export interface OwnUpdatesDependencies {
  readonly keeper: UpdateKeeper;
  readonly reboots: Reboots;
  readonly running: RunningRelease;
  readonly verifySlot: (signal: AbortSignal) => Promise<SlotDamage>;
  /** What is declared now: another object when it was declared anew. */
  readonly updateConfig: () => UpdateConfig;
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

  /** For the host's status. */
  get summary(): Pick<ReleaseSummary, 'staged' | 'lastLook'> {
    const { version, state, lastLook } = this.#deps.keeper.status();
    return {
      staged: state === 'staged' ? version : null,
      lastLook: lastLook === null ? null : { at: lastLook.at, failures: lastLook.failures },
    };
  }

  async updateStatus(): Promise<UpdateStatus> {
    const { keeper, reboots } = this.#deps;
    const restart = keeper.staged === undefined ? null : restartText(reboots.keeper.state);
    const inhibitors = reboots.inhibitors
      .list()
      .map(({ who, why, untilMs }) => ({ who, why, until: new Date(untilMs).toISOString() }));
    return Promise.resolve({ ...keeper.status(), restart, inhibitors });
  }

  async lookForUpdate(options: UpdateOptions, operator: Operator): Promise<UpdateOffer> {
    return this.#deps.keeper.look({ ...options, reason: reasonOf(operator) });
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
    const isRestarting = done.outcome === 'staged' && !stageOnly;
    onLine(isRestarting ? { ...done, outcome: 'restarting' } : done);
    if (!isRestarting) return;
    this.#restartReason = reason;
    reboots.keeper.ask();
  }

  /** Restarts as soon as that may be, with all that a restart does before. */
  restart(reason: Reason): void {
    this.#restartReason = reason;
    this.#deps.reboots.keeper.ask();
  }

  async cancelUpdate(operator: Operator): Promise<{ readonly cancelled: boolean }> {
    return { cancelled: await this.#deps.keeper.cancel(`${operator.who} cancelled it`) };
  }

  async pinUpdates(pin: Pin): Promise<UpdateStatus> {
    await this.#deps.keeper.pin(pin);
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

  /** Another window, another strategy: what is staged may be booted now. */
  async #watchConfig(signal: AbortSignal): Promise<void> {
    const { updateConfig, reboots, clock } = this.#deps;
    for (let seen = updateConfig(); !signal.aborted; ) {
      await clock.sleep(configPollMs, signal).catch(() => undefined);
      if (updateConfig() !== seen) reboots.keeper.wake();
      seen = updateConfig();
    }
  }
}

/** Pure. */
function restartText(state: RebootState): string {
  switch (state.kind) {
    case 'waiting':
      return state.untilMs === undefined ? state.why : `${state.why}, until ${new Date(state.untilMs).toISOString()}`;
    case 'asking':
      return `asks for a permit: ${state.why}`;
    case 'announced':
      return `at ${new Date(state.atMs).toISOString()}: ${state.why}`;
    case 'preparing':
      return `services get ready for it: ${state.why}`;
    case 'restarting':
      return `now: ${state.why}`;
  }
}

function reasonOf({ who, command }: Operator): Reason {
  return { kind: 'operator', who, command };
}
