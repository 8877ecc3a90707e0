import type { Desired, DesiredService, ObservedContainer } from '../model.ts';
import { type Containers, isUp } from '../readiness.ts';
import type { Draft } from './decision.ts';
import { stop } from './drafts.ts';

/** Whether a container has a host port that a service publishes. Pure. */
export function sharesPort(container: ObservedContainer, service: DesiredService): boolean {
  const published = new Set(service.container.ports.map(({ hostPort }) => hostPort));
  return container.ports.some((port) => published.has(/:(\d+)->/.exec(port)?.[1]));
}

/**
 * What must be stopped before a service can start, though a later step would replace it: it has a port that is this service's
 * now, and waits for this service itself. Pure.
 */
export function portHolders(
  service: DesiredService,
  desired: Desired,
  containers: ReadonlyMap<string, Containers>,
): Extract<Draft, { kind: 'stop-service' }>[] {
  const ports = new Set(service.container.ports.flatMap(({ hostPort }) => hostPort ?? []));
  if (ports.size === 0) return [];
  return [...desired.services.values()].flatMap((holder) => {
    const { current } = containers.get(holder.name) ?? {};
    if (current === undefined || !isUp(current) || current.digest === holder.digest) return [];
    // Two that are declared with the same port are for a person to tell apart.
    const keepsIt = holder.container.ports.some(({ hostPort }) => hostPort !== undefined && ports.has(hostPort));
    if (keepsIt || !sharesPort(current, service) || !waitsFor(holder, service.name, desired)) return [];
    const summary = `stop ${holder.name}, which has a port of ${service.name} and waits for it`;
    return [{ ...stop(holder, current, { kind: 'dependency', service: service.name }), summary }];
  });
}

/** True when a service is started after another one, at first or second hand. */
function waitsFor(service: DesiredService, name: string, desired: Desired, seen = new Set<string>()): boolean {
  if (seen.has(service.name)) return false;
  seen.add(service.name);
  return service.conditions.some((condition) => {
    if (condition.service === name) return true;
    const next = desired.services.get(condition.service);
    return next !== undefined && waitsFor(next, name, desired, seen);
  });
}
