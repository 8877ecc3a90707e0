import { closureOf } from '../graph.ts';
import type { Desired, DesiredService, ObservedContainer } from '../model.ts';
import { type Containers, isUp } from '../readiness.ts';
import type { Draft } from './decision.ts';
import { stop } from './drafts.ts';

/** Whether a container has a host port that a service publishes. Pure. */
export function sharesPort(container: ObservedContainer, service: DesiredService): boolean {
  const published = hostPortsOf(service);
  return container.ports.some((port) => published.has(/:(\d+)->/.exec(port)?.[1] ?? ''));
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
  const ports = hostPortsOf(service);
  if (ports.size === 0) return [];
  const conditionsOf = (name: string): string[] =>
    (desired.services.get(name)?.conditions ?? []).map((condition) => condition.service);
  return [...desired.services.values()].flatMap((holder) => {
    const { current } = containers.get(holder.name) ?? {};
    if (current === undefined || !isUp(current) || current.digest === holder.digest) return [];
    // Two that are declared with the same port are for a person to tell apart.
    const keepsIt = !hostPortsOf(holder).isDisjointFrom(ports);
    if (keepsIt || !sharesPort(current, service)) return [];
    if (!closureOf(conditionsOf(holder.name), conditionsOf).has(service.name)) return [];
    const summary = `stop ${holder.name}, which has a port of ${service.name} and waits for it`;
    return [{ ...stop(holder, current, { kind: 'dependency', service: service.name }), summary }];
  });
}

/** Those that are given: the engine chooses the others. */
function hostPortsOf({ container }: DesiredService): Set<string> {
  return new Set(container.ports.flatMap(({ hostPort }) => hostPort ?? []));
}
