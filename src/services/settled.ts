import { userEngineService } from './desired/declared.ts';
import type { Desired, Memory, ServiceMemory } from './model.ts';
import type { ServiceStatus } from './status.ts';
import { settledStates } from './status.ts';

/** Failures in a row after which an apply no longer waits for a service. Its retries go on. */
const patience = 3;

/** Whether all is where it should be, or what is not will stay so; undefined while waiting makes sense. Pure. */
export function verdictOf(
  statuses: readonly ServiceStatus[],
  memory: Memory,
  desired: Desired,
): 'converged' | 'incomplete' | undefined {
  const open = statuses.filter(({ state }) => !settledStates.has(state));
  if (open.length === 0) return 'converged';
  return open.every((status) => isStuck(status, memory[status.name] ?? {}, desired, statuses))
    ? 'incomplete'
    : undefined;
}

/** Waiting longer for this service helps nobody: it failed for good, again and again, or waits for one that did. Pure. */
function isStuck(
  status: ServiceStatus,
  memory: ServiceMemory,
  desired: Desired,
  all: readonly ServiceStatus[],
): boolean {
  const seen = new Set<string>();
  const byName = new Map(all.map((one) => [one.name, one]));
  const stuck = (one: ServiceStatus, failures: number): boolean => {
    if (seen.has(one.name)) return false;
    seen.add(one.name);
    if (settledStates.has(one.state)) return false;
    if (one.state === 'failed' || one.state === 'exited') return true;
    // One that starts for the fourth time is not on its way up.
    if (one.restarts >= patience) return true;
    if (one.state === 'backoff' || one.state === 'unhealthy') return failures >= patience;
    if (one.state !== 'waiting') return false;
    const engine = one.engine === 'user' ? byName.get(userEngineService) : undefined;
    if (engine !== undefined && stuck(engine, patience)) return true;
    return (desired.services.get(one.name)?.conditions ?? []).some(({ service }) => {
      const target = byName.get(service);
      return target !== undefined && stuck(target, patience);
    });
  };
  return stuck(status, memory.failures ?? 0);
}
