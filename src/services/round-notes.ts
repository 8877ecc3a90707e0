import { completionOf } from './executor.ts';
import { type MemoryKeeper, noFailures } from './memory-keeper.ts';
import type { Desired, Observed } from './model.ts';
import { nextRun } from './plan/jobs.ts';
import { containersByService } from './readiness.ts';

/** A service that ran this long without trouble is forgiven its failures. */
const forgiveMs = 10_000;

/** Facts of a look that later plans rely on: tasks that ended well, failures that are over, schedules first seen. */
export function takeNotes(desired: Desired, observed: Observed, memory: MemoryKeeper, now: number): void {
  const containers = containersByService(observed);
  for (const service of desired.services.values()) {
    const { name } = service;
    const known = memory.of(name);
    const current = containers.get(name)?.current;
    if (service.kind === 'scheduled' && known.lastDue === undefined) memory.remember(name, { lastDue: now });
    if (current?.digest !== service.digest) continue;
    const isComplete = service.kind === 'one-shot' && current.state === 'exited' && current.exitCode === 0;
    if (isComplete && known.completed !== completionOf(service, current))
      memory.remember(name, { completed: completionOf(service, current), ...noFailures });
    const isFine =
      current.state === 'running' &&
      (current.health === 'healthy' || (current.health === 'none' && now - (known.startedAt ?? 0) > forgiveMs));
    if (isFine && known.failures !== undefined) memory.remember(name, noFailures);
  }
}

/** When the next scheduled service is due: milliseconds since the epoch. Pure. */
export function nextDue(desired: Desired, now: number): number | undefined {
  const due = [...desired.services.values()].flatMap((service) => nextRun(service, now) ?? []);
  return due.length === 0 ? undefined : Math.min(...due);
}
