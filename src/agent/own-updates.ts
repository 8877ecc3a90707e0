import type { Clock } from '../core/clock.ts';
import { messageOf } from '../core/errors.ts';
import type { Reason } from '../core/plan.ts';
import type { UpdateKeeper } from '../update/machine/update-keeper.ts';
import type { Pin } from '../update/machine/update-memory.ts';
import type { UpdateEventLine, UpdateOffer, UpdateStatus } from '../update/machine/update-status.ts';
import type { RunningRelease } from '../update/machine/updater.ts';
import type { SlotDamage } from '../update/transfer/tree-check.ts';
import type { Operator } from './agent-service.ts';
import type { SlotCheck, UpdateOptions, UpdateService } from './update-service.ts';

export interface OwnUpdatesDependencies {
  readonly keeper: UpdateKeeper;
  readonly running: RunningRelease;
  readonly verifySlot: (signal: AbortSignal) => Promise<SlotDamage>;
  /** Restarts into what is staged, on an operator's word. */
  readonly restart: (reason: Reason) => Promise<void>;
  /** What will become of what is staged; null: nothing is. */
  readonly restartText: () => string | null;
  readonly isBlessed: () => boolean;
  readonly onProblem: (why: string) => void;
  readonly clock: Clock;
}

/** What the API offers about updates of the host that it runs on. */
export class OwnUpdates implements UpdateService {
  readonly #deps: OwnUpdatesDependencies;

  constructor(deps: OwnUpdatesDependencies) {
    this.#deps = deps;
  }

  /** Until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { keeper, isBlessed } = this.#deps;
    if (isBlessed()) await this.noteBlessed();
    await keeper.run(signal);
  }

  /** The running release has proved itself. */
  async noteBlessed(): Promise<void> {
    const { keeper, onProblem } = this.#deps;
    await keeper.noteBlessed().catch((error: unknown) => onProblem(messageOf(error)));
  }

  async updateStatus(): Promise<UpdateStatus> {
    return Promise.resolve(this.#deps.keeper.status(this.#deps.restartText()));
  }

  async lookForUpdate(options: UpdateOptions, operator: Operator): Promise<UpdateOffer> {
    return this.#deps.keeper.look({ ...options, reason: reasonOf(operator) });
  }

  async updateOs(
    { stageOnly, ...options }: UpdateOptions & { readonly stageOnly: boolean },
    operator: Operator,
    onLine: (line: UpdateEventLine) => void,
  ): Promise<void> {
    const { keeper, restart } = this.#deps;
    const reason = reasonOf(operator);
    // The end is told once it is known whether the host restarts.
    const done = await keeper.update({ ...options, reason }, (line) => {
      if (line.kind !== 'done') onLine(line);
    });
    const isRestarting = done.outcome === 'staged' && !stageOnly;
    if (isRestarting) await restart(reason);
    onLine(isRestarting ? { ...done, outcome: 'restarting' } : done);
  }

  async cancelUpdate(operator: Operator): Promise<{ readonly cancelled: boolean }> {
    return { cancelled: await this.#deps.keeper.cancel(`${operator.who} cancelled it`) };
  }

  async pinUpdates(pin: Pin): Promise<UpdateStatus> {
    await this.#deps.keeper.pin(pin);
    return this.updateStatus();
  }

  async verifyOs(): Promise<SlotCheck> {
    const { running, verifySlot } = this.#deps;
    const { version, device, rootHash, dataBlocks } = running;
    return { version, device, rootHash, blocks: dataBlocks, ...(await verifySlot(new AbortController().signal)) };
  }
}

function reasonOf({ who, command }: Operator): Reason {
  return { kind: 'operator', who, command };
}
