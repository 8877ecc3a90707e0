import { closureOf } from '../graph.ts';
import type { Desired, DesiredService, ObservedContainer } from '../model.ts';
import { type Containers, isUp } from '../readiness.ts';
import type { Draft } from './decision.ts';
import { stop } from './drafts.ts';

/** A port of the host's. */
interface HostPort {
  /** Of the host; empty: all of them. */
  readonly ip: string;
  readonly port: string;
  readonly protocol: string;
}

/** Whether a container has a host port that a service publishes. Pure. */
export function sharesPort(container: ObservedContainer, service: DesiredService): boolean {
  return overlap(container.ports.flatMap(shownPort), hostPortsOf(service));
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
  if (ports.length === 0) return [];
  const conditionsOf = (name: string): string[] =>
    (desired.services.get(name)?.conditions ?? []).map((condition) => condition.service);
  return [...desired.services.values()].flatMap((holder) => {
    const { current } = containers.get(holder.name) ?? {};
    if (current === undefined || !isUp(current) || current.digest === holder.digest) return [];
    // Two that are declared with the same port are for a person to tell apart.
    const keepsIt = overlap(hostPortsOf(holder), ports);
    if (keepsIt || !sharesPort(current, service)) return [];
    if (!closureOf(conditionsOf(holder.name), conditionsOf).has(service.name)) return [];
    const summary = `stop ${holder.name}, which has a port of ${service.name} and waits for it`;
    return [{ ...stop(holder, current, { kind: 'dependency', service: service.name }), summary }];
  });
}

/** Those that are given: the engine chooses the others, of a range, too. */
function hostPortsOf({ container }: DesiredService): HostPort[] {
  return container.ports.flatMap(({ containerPort, hostIp = '', hostPort = '' }): HostPort[] =>
    !/^\d+$/.test(hostPort) ? [] : [{ ip: hostIp, port: hostPort, protocol: containerPort.split('/')[1] ?? 'tcp' }],
  );
}

/** Of a published port as {@link ObservedContainer.ports} writes it. */
function shownPort(text: string): HostPort[] {
  const [, ip = '', port, protocol = ''] = /^(.*):(\d+)->\d+\/(\w+)$/.exec(text) ?? [];
  return port === undefined ? [] : [{ ip, port, protocol }];
}

/** Whether one of these and one of those are the same port of the same address. */
function overlap(some: readonly HostPort[], others: readonly HostPort[]): boolean {
  return some.some((one) =>
    others.some(
      ({ ip, port, protocol }) =>
        port === one.port && protocol === one.protocol && (covers(ip, one.ip) || covers(one.ip, ip)),
    ),
  );
}

/** Linux gives a socket of `::` the IPv4 addresses, too (ipv6(7), IPV6_V6ONLY). */
function covers(ip: string, other: string): boolean {
  return ip === other || ip === '' || ip === '::' || (ip === '0.0.0.0' && !other.includes(':'));
}
