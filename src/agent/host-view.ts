import { nearMiss } from '../config/near-miss.ts';
import type { DependencyCondition } from '../config/service-spec.ts';
import { diagnosticLine } from '../core/diagnostic.ts';
import { BerthError } from '../core/errors.ts';
import { graphEdges } from '../services/graph.ts';
import type { ServiceReconciler } from '../services/service-reconciler.ts';
import { movingStates, type ServiceStatus, settledStates } from '../services/status.ts';
import type { ServiceGraph } from './agent-service.ts';
import type { Declaration } from './declaration.ts';
import type { EngineSet } from './engine-set.ts';
import type { Machine } from './machine.ts';
import type { HostStatus, MachineStatus } from './model.ts';
import type { Os } from './own-os.ts';
import { berthVersion } from './version.ts';

export interface HostViewDependencies {
  /** May change with the config. */
  readonly hostname: () => string;
  readonly machine: Machine;
  readonly os?: Pick<Os, 'summary'>;
  readonly engines: EngineSet;
  readonly reconciler: ServiceReconciler;
  readonly declaration: Declaration;
  /** When the agent started: milliseconds since the epoch. */
  readonly startedAt: number;
}

const conditionNames = {
  started: 'service_started',
  healthy: 'service_healthy',
  completed: 'service_completed_successfully',
} as const satisfies Record<string, DependencyCondition>;

/** The host as it is now, for others to read. Changes nothing. */
export class HostView {
  readonly #deps: HostViewDependencies;

  constructor(deps: HostViewDependencies) {
    this.#deps = deps;
  }

  status(): HostStatus {
    const { hostname, machine, engines, reconciler, declaration, startedAt } = this.#deps;
    const services = reconciler.statuses();
    const { lastRound } = reconciler;
    return {
      hostname: hostname(),
      mode: machine.mode,
      version: berthVersion,
      state: this.stateOf(services),
      generation: declaration.generation,
      startedAt: new Date(startedAt).toISOString(),
      engines: engines.statuses(),
      services,
      skipped: machine.skipped(declaration.config),
      machine: this.#machineStatus(),
      lastRound:
        lastRound === undefined ? null : { at: new Date(lastRound.at).toISOString(), durationMs: lastRound.durationMs },
    };
  }

  /** The state of the host when its services are like this. */
  stateOf(services: readonly ServiceStatus[]): HostStatus['state'] {
    const { machine, declaration } = this.#deps;
    return stateOf(services, machine, declaration.problems.length);
  }

  /** With what is wrong with the config: on a host, nobody may have seen it when it was applied. */
  #machineStatus(): MachineStatus | null {
    const { machine, os, declaration } = this.#deps;
    const status = machine.status();
    if (status === null) return null;
    const lines = declaration.problems.map((problem) => declaration.redact(diagnosticLine(problem)));
    return { ...status, problems: [...status.problems, ...lines], release: os?.summary ?? null };
  }

  /** The services that are declared to run, then those that could be enabled. */
  services(): ServiceStatus[] {
    const { reconciler, declaration } = this.#deps;
    return [...reconciler.statuses(), ...declaration.available(reconciler.desired)];
  }

  /** A service that is declared to run. Throws SERVICE_UNKNOWN. */
  statusOf(name: string): ServiceStatus {
    const { reconciler, declaration } = this.#deps;
    const statuses = reconciler.statuses();
    const status = statuses.find((one) => one.name === name);
    if (status !== undefined) return status;
    if (declaration.switchable.includes(name))
      throw new BerthError('SERVICE_UNKNOWN', `${name} is not enabled`, { hint: `berth service enable ${name}` });
    throw unknownService(
      name,
      statuses.map((one) => one.name),
    );
  }

  graph(): ServiceGraph {
    const { reconciler } = this.#deps;
    const { desired } = reconciler;
    const nodes = reconciler.statuses().map(({ name, engine, origin, state }) => ({ name, engine, origin, state }));
    const edges = graphEdges(desired).map(({ from, to, condition }) => ({
      from,
      to,
      condition: conditionNames[condition],
      required: desired.services.get(from)?.spec.depends_on?.[to]?.required ?? true,
    }));
    return { nodes, edges };
  }
}

/** The state of a host, from those of its services, of the machine under them, and of the config that a machine of ours has. */
export function stateOf(services: readonly ServiceStatus[], machine: Machine, configProblems = 0): HostStatus['state'] {
  const open = services.filter(({ state }) => !settledStates.has(state));
  const isOnTheWay = open.every(({ state }) => movingStates.has(state));
  const status = machine.status();
  if (!isOnTheWay || (status !== null && status.problems.length + configProblems > 0)) return 'degraded';
  return open.length > 0 || machine.isChanging || machine.isWaiting ? 'converging' : 'healthy';
}

/** The error of a name that nothing has, with the nearest known one. Pure. */
export function unknownService(name: string, known: readonly string[]): BerthError {
  const close = nearMiss(name, known);
  return new BerthError('SERVICE_UNKNOWN', `there is no service "${name}"`, {
    hint: close === undefined ? 'berth service list shows them all' : `did you mean ${close}?`,
  });
}
