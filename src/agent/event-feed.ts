import type { ServiceStatus } from '../services/status.ts';
import type { AgentEvent } from './agent-service.ts';
import type { HostStatus } from './model.ts';

/** Tells those who look on what happens; costs nothing while nobody does. */
export class EventFeed {
  readonly #listeners = new Set<(event: AgentEvent) => void>();
  #services = new Map<string, string>();
  #state = '';

  get isWatched(): boolean {
    return this.#listeners.size > 0;
  }

  /** Calls back for every event until the signal aborts; resolves then. */
  async follow(onEvent: (event: AgentEvent) => void, signal: AbortSignal): Promise<void> {
    this.#listeners.add(onEvent);
    await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
    this.#listeners.delete(onEvent);
  }

  emit(event: AgentEvent): void {
    for (const listener of [...this.#listeners]) listener(event);
  }

  /** Tells which services, and whether the host, are otherwise than at the last call. */
  compare(services: readonly ServiceStatus[], state: HostStatus['state'], generation: number): void {
    const seen = new Map<string, string>();
    for (const service of services) {
      const text = `${service.state} ${service.detail} ${service.containerId ?? ''}`;
      seen.set(service.name, text);
      if (this.#services.get(service.name) !== text) this.emit({ kind: 'service', service });
    }
    this.#services = seen;
    if (state === this.#state) return;
    this.#state = state;
    this.emit({ kind: 'host', state, generation });
  }
}
