import type { Desired, DesiredService, Memory, Observed, ObservedContainer, StartCondition } from './model.ts';
import { versionOf } from './model.ts';
import { normalizeReference } from './names.ts';

/** The containers of one service, by the part they play. */
export interface Containers {
  readonly current?: ObservedContainer;
  readonly next?: ObservedContainer;
  readonly previous?: ObservedContainer;
  readonly runs: readonly ObservedContainer[];
}

const none: Containers = { runs: [] };

/** All containers of an observation by service name. */
export function containersByService(observed: Observed): Map<string, Containers> {
  const byService = new Map<string, Containers>();
  for (const engine of Object.values(observed.engines)) {
    for (const container of engine.containers) {
      const before = byService.get(container.service) ?? none;
      const after =
        container.role === 'run'
          ? { ...before, runs: [...before.runs, container] }
          : { ...before, [container.role]: container };
      byService.set(container.service, after);
    }
  }
  return byService;
}

/** Whether it has processes that have to be stopped. */
export function isUp({ state }: Pick<ObservedContainer, 'state'>): boolean {
  return state === 'running' || state === 'paused' || state === 'restarting';
}

/** Whether a start condition holds, and if not, why, for a person. */
export function unmetCondition(
  { service: name, condition }: StartCondition,
  target: DesiredService | undefined,
  containers: Containers,
  memory: Memory,
): string | undefined {
  const current = containers.current;
  switch (condition) {
    case 'started':
      return current?.state === 'running' || current?.state === 'exited' ? undefined : `${name} to be started`;
    case 'healthy':
      if (current?.state === 'running' && (current.health === 'healthy' || current.health === 'none')) {
        // Compose refuses service_healthy on a container without a healthcheck; waiting for ever would help nobody.
        return undefined;
      }
      return `${name} to be healthy (${describe(current)})`;
    case 'completed': {
      const isDone = current?.state === 'exited' && current.exitCode === 0;
      const wasDone = target !== undefined && memory[name]?.completed?.startsWith(`${target.digest}@`) === true;
      return isDone || wasDone ? undefined : `${name} to complete (${describe(current)})`;
    }
  }
}

/**
 * Whether waiting for a service may still end well without anybody's help: nothing about it has failed so far. An engine
 * that does not answer counts as failed unless it `isEngineDue`: it may just be starting.
 */
export function isOnItsWay(
  target: DesiredService | undefined,
  observed: Observed,
  memory: Memory,
  isEngineDue: boolean,
): boolean {
  if (target === undefined || target.problem !== undefined) return false;
  const { wish, failures } = memory[target.name] ?? {};
  const hasEngine = observed.engines[target.engine] !== undefined || isEngineDue;
  return hasEngine && wish === undefined && failures === undefined;
}

function describe(container: ObservedContainer | undefined): string {
  if (container === undefined) return 'not started yet';
  if (container.state === 'running') return container.health === 'none' ? 'running' : container.health;
  return container.exitCode === undefined ? container.state : `${container.state} with ${container.exitCode}`;
}

/** Has this container shown that its version works? `undefined`: not yet known. */
export function proofOf(
  service: DesiredService,
  container: ObservedContainer,
  startedAt: number,
  now: number,
): 'good' | 'bad' | undefined {
  switch (container.state) {
    case 'running':
      if (container.health === 'healthy') return 'good';
      if (container.health === 'unhealthy') return 'bad';
      if (container.health === 'none' && now - startedAt >= service.settleMs) return 'good';
      return container.health === 'starting' && now - startedAt > service.proofMs ? 'bad' : undefined;
    case 'exited':
    case 'dead':
      return service.kind === 'one-shot' && container.exitCode === 0 ? 'good' : 'bad';
    case 'restarting':
      return 'bad';
    default:
      return undefined;
  }
}

/** Is this version remembered as one that failed here? */
export function isRejected(memory: Memory, name: string, digest: string, imageId: string | undefined): boolean {
  const version = versionOf(digest, imageId);
  return memory[name]?.rejected?.some((rejected) => rejected.version === version) ?? false;
}

/** Why another version of a service runs than the declared one: that one failed here, and the one before came back. */
export function rollbackOf(
  service: DesiredService,
  current: ObservedContainer | undefined,
  observed: Observed,
  memory: Memory,
): string | undefined {
  const { rejected = [] } = memory[service.name] ?? {};
  if (rejected.length === 0 || current === undefined) return undefined;
  const imageId = observed.engines[service.engine]?.images.get(normalizeReference(service.container.image));
  const wanted = versionOf(service.digest, imageId);
  if (versionOf(current.digest, current.imageId) === wanted) return undefined;
  return rejected.findLast(({ version }) => version === wanted)?.why;
}

/** The services that went back, with why. Pure. */
export function rollbacks(desired: Desired, observed: Observed, memory: Memory): Record<string, string> {
  const suspects = Object.entries(memory).filter(([, { rejected = [] }]) => rejected.length > 0);
  if (suspects.length === 0) return {};
  const containers = containersByService(observed);
  const found = suspects.flatMap(([name]) => {
    const service = desired.services.get(name);
    const why = service && rollbackOf(service, containers.get(name)?.current, observed, memory);
    return why === undefined ? [] : [[name, why] as const];
  });
  return Object.fromEntries(found);
}
