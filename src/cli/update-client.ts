import type { Operator } from '../agent/operator.ts';
import type { Cancelled, SlotCheck, UpdateOptions, UpdateService } from '../agent/update-service.ts';
import type { Pin } from '../update/machine/update-memory.ts';
import type { UpdateEventLine, UpdateOffer, UpdateStatus } from '../update/machine/update-status.ts';
import type { Requests } from './requests.ts';

/** The agent's part for updates, seen through its socket. */
export class UpdateClient implements UpdateService {
  readonly #ask: Requests;

  constructor(ask: Requests) {
    this.#ask = ask;
  }

  async updateStatus(): Promise<UpdateStatus> {
    return this.#ask.get('/v1/os/update');
  }

  async lookForUpdate(options: UpdateOptions, operator: Operator): Promise<UpdateOffer> {
    return this.#ask.post('/v1/os/check', { ...options, ...operator });
  }

  async updateOs(
    options: UpdateOptions & { readonly stageOnly: boolean },
    operator: Operator,
    onLine: (line: UpdateEventLine) => void,
    signal?: AbortSignal,
  ): Promise<void> {
    await this.#ask.stream('/v1/os/update', { ...options, ...operator }, onLine, signal);
  }

  async cancelUpdate(operator: Operator): Promise<Cancelled> {
    return this.#ask.post('/v1/os/cancel', operator);
  }

  async pinUpdates({ version, untilMs }: Pin, operator: Operator): Promise<UpdateStatus> {
    const pin = {
      ...(version === undefined ? {} : { version }),
      ...(untilMs === undefined ? {} : { until: new Date(untilMs).toISOString() }),
    };
    return this.#ask.post('/v1/os/pin', { ...pin, ...operator });
  }

  async inhibitRestart(
    { who: name, why, forMs }: { readonly who: string; readonly why: string; readonly forMs: number },
    operator: Operator,
  ): Promise<UpdateStatus> {
    return this.#ask.post('/v1/os/inhibit', { name, why, forMs, ...operator });
  }

  async allowRestart(name: string, operator: Operator): Promise<UpdateStatus> {
    return this.#ask.post('/v1/os/allow-restart', { name, ...operator });
  }

  async verifyOs(): Promise<SlotCheck> {
    return this.#ask.post('/v1/os/verify', undefined);
  }
}
