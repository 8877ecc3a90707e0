import { compareText } from '../core/compare-text.ts';
import { type AbsentMount, mountsMissedBy } from './absent-mounts.ts';
import type { Desired, DesiredService, Memory, Observed, ObservedContainer, ServiceMemory } from './model.ts';
import { nextRun } from './plan/jobs.ts';
import { type Containers, containersByService, rollbackOf } from './readiness.ts';
import type { ServiceState, ServiceStatus } from './status.ts';
import type { ServiceStep } from './steps.ts';

export interface StatusInput {
  readonly desired: Desired;
  readonly observed: Observed;
  readonly memory: Memory;
  readonly steps: readonly ServiceStep[];
  /** Subjects being worked on, with the step's kind. */
  readonly inFlight: ReadonlyMap<string, string>;
  readonly now: number;
  readonly absentMounts?: readonly AbsentMount[];
}

/** One line a service, by name. Pure. */
export function serviceStatuses(input: StatusInput): ServiceStatus[] {
  const containers = containersByService(input.observed);
  const statuses: ServiceStatus[] = [];
  for (const service of input.desired.services.values()) {
    const mine = containers.get(service.name) ?? { runs: [] };
    const shown = mine.current ?? newest(mine.runs) ?? mine.next;
    const memory = input.memory[service.name] ?? {};
    const { state, detail } = stateOf(service, mine, shown, memory, input);
    const runAt = nextRun(service, input.now);
    statuses.push({
      name: service.name,
      engine: service.engine,
      origin: service.origin,
      state,
      detail,
      image: service.container.image,
      ...(shown === undefined
        ? {}
        : {
            imageId: shown.imageId,
            containerId: shown.id,
            containerName: shown.name,
            createdAt: new Date(shown.createdAt).toISOString(),
          }),
      ports: [...new Set(shown?.ports ?? [])],
      restarts: memory.restarts ?? 0,
      ...(runAt === undefined ? {} : { nextRun: new Date(runAt).toISOString() }),
      ...(memory.retryAt !== undefined && memory.retryAt > input.now
        ? { retryAt: new Date(memory.retryAt).toISOString() }
        : {}),
      critical: service.critical,
      essential: service.essential,
    });
  }
  return statuses.sort((a, b) => compareText(a.name, b.name));
}

interface StateAndDetail {
  readonly state: ServiceState;
  readonly detail: string;
}

const inFlightStates: Readonly<Record<string, ServiceState>> = {
  'pull-image': 'pulling',
  'stop-service': 'stopping',
  'remove-service': 'stopping',
};

function stateOf(
  service: DesiredService,
  containers: Containers,
  shown: ObservedContainer | undefined,
  memory: ServiceMemory,
  input: StatusInput,
): StateAndDetail {
  if (service.problem !== undefined) return { state: 'failed', detail: service.problem };
  if (input.observed.engines[service.engine] === undefined)
    return { state: 'waiting', detail: `the ${service.engine} engine does not answer` };
  const busy = input.inFlight.get(`service/${service.name}`);
  if (busy !== undefined && busy !== 'discard-container')
    return { state: inFlightStates[busy] ?? 'starting', detail: '' };
  const mine = input.steps.filter((step) => step.subject === `service/${service.name}`);
  const waiting = mine.find((step) => step.waitsFor.length > 0);
  const why = rollbackOf(service, containers.current, input.observed, input.memory);
  const rollback = why === undefined ? '' : `rolled back: ${why}`;
  if (memory.wish?.reason.kind === 'rollback')
    return { state: 'failed', detail: `${memory.wish.reason.detail}; an operator may start it all the same` };
  if (memory.wish?.kind === 'stopped') return { state: 'stopped', detail: 'stopped by an operator' };
  if (memory.retryAt !== undefined && memory.retryAt > input.now && mine.some((step) => step.notBefore !== undefined)) {
    return { state: 'backoff', detail: memory.lastError ?? describeContainer(shown) };
  }
  if (waiting !== undefined && containers.current?.state !== 'running') {
    const missed = mountsMissedBy(service, input.desired, input.absentMounts ?? []).find(({ isComing }) => !isComing);
    // It may take for ever, and a person should look: so it is not just on its way.
    if (missed !== undefined)
      return { state: 'failed', detail: `waits for ${missed.target} to be mounted: ${missed.why}` };
    return { state: 'waiting', detail: `waits for ${waiting.waitsFor.join(', ')}` };
  }
  if (service.kind === 'scheduled') return scheduledState(shown, memory);
  if (shown === undefined) {
    const done = service.kind === 'one-shot' && memory.completed !== undefined;
    return done ? { state: 'done', detail: '' } : { state: 'starting', detail: 'not started yet' };
  }
  switch (shown.state) {
    case 'running':
      if (shown.health === 'healthy') return { state: 'healthy', detail: rollback };
      if (shown.health === 'unhealthy') return { state: 'unhealthy', detail: rollback };
      if (shown.health === 'starting')
        return { state: 'starting', detail: rollback === '' ? 'waiting for its healthcheck' : rollback };
      return {
        state: service.kind === 'one-shot' ? 'starting' : 'running',
        detail: service.kind === 'one-shot' ? 'running to completion' : rollback,
      };
    case 'exited':
    case 'dead':
      if (service.kind === 'one-shot' && shown.exitCode === 0) return { state: 'done', detail: '' };
      return { state: 'exited', detail: describeContainer(shown) };
    case 'restarting':
      return { state: 'backoff', detail: 'the engine restarts it again and again' };
    case 'paused':
      return { state: 'stopped', detail: 'paused by somebody' };
    default:
      return { state: 'starting', detail: shown.state };
  }
}

function scheduledState(run: ObservedContainer | undefined, memory: ServiceMemory): StateAndDetail {
  if (run?.state === 'running') return { state: 'running', detail: 'a run is under way' };
  if (run?.exitCode !== undefined && run.exitCode !== 0)
    return { state: 'scheduled', detail: `the last run exited with ${run.exitCode}` };
  return { state: 'scheduled', detail: memory.lastError ?? '' };
}

function describeContainer(container: ObservedContainer | undefined): string {
  if (container === undefined) return '';
  if (container.state === 'running') return container.health === 'none' ? 'running' : container.health;
  return container.exitCode === undefined ? container.state : `exited with ${container.exitCode}`;
}

function newest(runs: readonly ObservedContainer[]): ObservedContainer | undefined {
  return [...runs].sort((a, b) => (b.runDue ?? 0) - (a.runDue ?? 0))[0];
}
