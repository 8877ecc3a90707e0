import type { Clock } from '../core/clock.ts';
import type { Reason } from '../core/plan.ts';
import type { Desired } from '../services/model.ts';
import type { ServiceReconciler } from '../services/service-reconciler.ts';
import type { ServiceStatus } from '../services/status.ts';
import type { Operator, ServiceWish } from './agent-service.ts';
import { explainChange } from './changes.ts';
import type { Declaration } from './declaration.ts';
import { declareServices } from './declare-services.ts';
import type { EngineSet } from './engine-set.ts';
import { type HostView, unknownService } from './host-view.ts';
import type { OverlayStore } from './operator-overlay.ts';

export interface OperatorWishesDependencies {
  readonly engines: EngineSet;
  readonly reconciler: ServiceReconciler;
  readonly declaration: Declaration;
  readonly overlay: OverlayStore;
  readonly view: HostView;
  readonly clock: Clock;
  /** Called with what is declared before any of its services may run. */
  readonly beforeServices: (desired: Desired) => Promise<void>;
}

const patienceMs = 60_000;
/** An operator wants it tried again, whatever failed before. */
const afresh = {
  wish: undefined,
  failures: undefined,
  retryAt: undefined,
  lastError: undefined,
  rejected: undefined,
} as const;

/** What an operator wants of a service, whatever the config says. */
export class OperatorWishes {
  readonly #deps: OperatorWishesDependencies;

  constructor(deps: OperatorWishesDependencies) {
    this.#deps = deps;
  }

  /** @returns the service's status when all is settled, or a minute later. Throws SERVICE_UNKNOWN. */
  async set(name: string, wish: ServiceWish, { who, command }: Operator): Promise<ServiceStatus> {
    const { reconciler, view } = this.#deps;
    const reason: Reason = { kind: 'operator', who, command };
    if (wish === 'enable' || wish === 'disable') await this.#switch(name, wish === 'enable', reason);
    else await this.#remember(name, wish, reason);
    await reconciler.settled(patienceMs, new AbortController().signal);
    return view.services().find((status) => status.name === name) ?? view.statusOf(name);
  }

  /** Stops everything, to be started again when the agent is. */
  async stopAll({ who, command }: Operator): Promise<void> {
    const { reconciler } = this.#deps;
    const reason: Reason = { kind: 'operator', who, command };
    const { services } = reconciler.desired;
    // User services first: the engine they run on may be a service itself.
    for (const stayingEngine of ['system', undefined] as const) {
      const kept = new Map([...services].filter(([, { engine }]) => engine === stayingEngine));
      const removals = Object.fromEntries(
        [...services.keys()].filter((name) => !kept.has(name)).map((name) => [name, reason]),
      );
      reconciler.setDesired(
        { services: kept, networks: [], volumes: [] },
        { causes: {}, removals },
        { keepMemory: true },
      );
      await reconciler.settled(patienceMs, new AbortController().signal);
    }
  }

  async #switch(name: string, isEnabled: boolean, reason: Reason): Promise<void> {
    const { engines, reconciler, declaration, overlay, beforeServices } = this.#deps;
    const known = declaration.switchable;
    if (!known.includes(name)) throw unknownService(name, known);
    await overlay.set(name, isEnabled);
    const desired = declaration.resolve();
    await beforeServices(desired);
    declareServices(engines, reconciler, desired, explainChange(reconciler.desired, desired, [], reason));
  }

  async #remember(name: string, wish: 'start' | 'stop' | 'restart', reason: Reason): Promise<void> {
    const { reconciler, view, clock } = this.#deps;
    const isUp = ['healthy', 'running', 'starting', 'unhealthy'].includes(view.statusOf(name).state);
    if (wish === 'stop') await reconciler.remember(name, { wish: { kind: 'stopped', reason }, restart: undefined });
    else if (wish === 'restart' || !isUp)
      await reconciler.remember(name, { ...afresh, restart: reason, restartAskedAt: clock.now() });
    else await reconciler.remember(name, afresh);
  }
}
