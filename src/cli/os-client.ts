import type { Operator } from '../agent/operator.ts';
import type { OsService } from '../agent/os-service.ts';
import type { OsEvent, OsStatus } from '../update/os-status.ts';
import type { Requests } from './requests.ts';

/** The agent's part for the operating system, seen through its socket. */
export class OsClient implements OsService {
  readonly #ask: Pick<Requests, 'get' | 'post'>;

  constructor(ask: Pick<Requests, 'get' | 'post'>) {
    this.#ask = ask;
  }

  async osStatus(): Promise<OsStatus> {
    return this.#ask.get('/v1/os');
  }

  async osHistory(): Promise<readonly OsEvent[]> {
    return this.#ask.get('/v1/os/history');
  }

  async blessOs(options: { readonly manual: boolean }, operator: Operator): Promise<OsStatus> {
    return this.#ask.post('/v1/os/bless', { ...options, ...operator });
  }

  async rollBackOs(options: { readonly reason: string; readonly force: boolean }, operator: Operator): Promise<void> {
    await this.#ask.post('/v1/os/rollback', { ...options, ...operator });
  }
}
