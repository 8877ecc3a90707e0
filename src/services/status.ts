import type { EngineName } from '../config/service-spec.ts';

/**
 * What a person wants to know of a service, in one word:
 * `healthy` and `running` (no healthcheck) and `done` (one-shot, exit 0) are where things should be; `scheduled` waits
 * for its time; `starting`, `waiting` (for a dependency), `pulling`, `stopping` are on the way; `stopped` is an
 * operator's wish; `backoff`, `unhealthy`, `failed` and `exited` need a look. `available` does not run and could be
 * enabled; it is only in the list of services.
 */
export type ServiceState =
  | 'healthy'
  | 'running'
  | 'done'
  | 'scheduled'
  | 'starting'
  | 'waiting'
  | 'pulling'
  | 'stopping'
  | 'stopped'
  | 'backoff'
  | 'unhealthy'
  | 'failed'
  | 'exited'
  | 'available';

export interface ServiceStatus {
  readonly name: string;
  readonly engine: EngineName;
  /** Where it was declared: the OS's catalogue, or the config. */
  readonly origin: 'catalogue' | 'config';
  readonly state: ServiceState;
  /** Why it is in that state, for a person; empty when there is nothing to say. */
  readonly detail: string;
  readonly image: string;
  readonly imageId?: string;
  readonly containerId?: string;
  readonly containerName?: string;
  /** Published ports: `0.0.0.0:80->8080/tcp`. */
  readonly ports: readonly string[];
  /** ISO time of the running container's creation. */
  readonly createdAt?: string;
  /** Restarts by Berth since the config was applied. */
  readonly restarts: number;
  /** ISO time of the next scheduled run. */
  readonly nextRun?: string;
  /** ISO time of the next try when in backoff. */
  readonly retryAt?: string;
  readonly critical: boolean;
  readonly essential: boolean;
}

/** States in which nothing is left to do. */
export const settledStates: ReadonlySet<ServiceState> = new Set(['healthy', 'running', 'done', 'scheduled', 'stopped']);

/** States that pass by themselves. What is neither settled nor on the way needs a look. */
export const movingStates: ReadonlySet<ServiceState> = new Set(['starting', 'waiting', 'pulling', 'stopping']);
