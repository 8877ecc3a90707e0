import type { EngineName } from '../../config/service-spec.ts';
import type { Reason } from '../../core/plan.ts';
import type { Desired, DesiredService, Memory, Observed, ObservedContainer } from '../model.ts';
import type { ServiceStep } from '../steps.ts';
import { sharesPort } from './ports.ts';

export interface ResourceSteps {
  readonly steps: readonly ServiceStep[];
  /** Services whose containers must go before their network can be made anew. */
  readonly leaving: ReadonlySet<string>;
  /** Ids of the steps that must be done before this service can be created. */
  readonly neededBy: (service: DesiredService) => readonly string[];
  /** Of a step that failed the last time: its subject and the error, for a person. */
  readonly failureOf: (id: string) => readonly [subject: string, error: string] | undefined;
}

interface Input {
  readonly desired: Desired;
  readonly observed: Observed;
  readonly memory: Memory;
  readonly removals?: Readonly<Record<string, Reason>>;
}

interface Removal {
  readonly step: string;
  readonly engine: EngineName;
  readonly container: ObservedContainer;
}

const engineNames = ['system', 'user'] as const satisfies readonly EngineName[];

/** Steps for what services stand on: networks and volumes in, undeclared containers and networks out. Pure. */
export function resourceSteps({ desired, observed, memory, removals = {} }: Input): ResourceSteps {
  const steps: ServiceStep[] = [];
  const leaving = new Set<string>();
  const created = new Map<string, string>();

  const changedNetworks = new Set<string>();
  for (const { engine, name, digest } of desired.networks) {
    const present = observed.engines[engine]?.networks.get(name);
    if (present !== undefined && present !== digest) changedNetworks.add(`${engine}/${name}`);
  }

  const removed: Removal[] = [];
  for (const engine of engineNames) {
    for (const container of observed.engines[engine]?.containers ?? []) {
      const isOnChanged = container.networks.some((network) => changedNetworks.has(`${engine}/${network}`));
      const isInPlace = desired.services.get(container.service)?.engine === engine;
      if (isInPlace && isOnChanged) leaving.add(container.service);
      if (!isInPlace || isOnChanged) removed.push({ step: `remove-service:${container.name}`, engine, container });
    }
  }
  // A service may depend on one of the other engine, so the order is one for both.
  const going = removed.map(({ container }) => container);
  const stopOrder = inStopOrder(going);

  for (const engine of engineNames) {
    const isHere = new Set(removed.filter((one) => one.engine === engine).map(({ container }) => container));
    for (const container of stopOrder.filter((one) => isHere.has(one))) {
      const dependents = going.filter(
        (other) => other.startedAfter.includes(container.service) && other.service !== container.service,
      );
      steps.push({
        id: `remove-service:${container.name}`,
        kind: 'remove-service',
        subject: `service/${container.service}`,
        cost: container.state === 'running' ? 'restart-service' : 'live',
        reason: leaving.has(container.service)
          ? { kind: 'config', key: 'berth.networks', change: 'changed' }
          : (removals[container.service] ?? {
              kind: 'config',
              key: `berth.services.${container.service}`,
              change: 'removed',
            }),
        summary: `stop and remove ${container.name}`,
        after: dependents.map((other) => `remove-service:${other.name}`),
        engine,
        waitsFor: [],
        name: container.service,
        container,
      });
    }

    const wanted = new Set(desired.networks.filter((network) => network.engine === engine).map(({ name }) => name));
    for (const name of observed.engines[engine]?.networks.keys() ?? []) {
      const changed = changedNetworks.has(`${engine}/${name}`);
      if (wanted.has(name) && !changed) continue;
      const users = (observed.engines[engine]?.containers ?? []).filter(({ networks }) => networks.includes(name));
      // One that is being replaced may still be needed to go back to: its network goes when it has gone.
      if (users.some((user) => !isHere.has(user))) continue;
      steps.push({
        id: `remove-network:${name}`,
        kind: 'remove-network',
        subject: `network/${name}`,
        cost: 'live',
        reason: { kind: 'config', key: `berth.networks`, change: changed ? 'changed' : 'removed' },
        summary: `remove network ${name}`,
        after: users.map((user) => `remove-service:${user.name}`),
        engine,
        waitsFor: [],
        name,
      });
    }
  }

  for (const network of desired.networks) {
    const engine = observed.engines[network.engine];
    const changed = changedNetworks.has(`${network.engine}/${network.name}`);
    if (engine === undefined || (engine.networks.has(network.name) && !changed)) continue;
    const id = `create-network:${network.name}`;
    created.set(`${network.engine}/${network.name}`, id);
    const reason: Reason = { kind: 'config', key: network.key, change: changed ? 'changed' : 'added' };
    const after = changed ? [`remove-network:${network.name}`] : [];
    steps.push({
      id,
      kind: 'create-network',
      subject: `network/${network.name}`,
      cost: 'live',
      reason,
      summary: `create network ${network.name}`,
      after,
      engine: network.engine,
      waitsFor: [],
      network,
    });
  }
  for (const volume of desired.volumes) {
    const engine = observed.engines[volume.engine];
    if (engine === undefined || engine.volumes.has(volume.name)) continue;
    const id = `create-volume:${volume.name}`;
    created.set(`${volume.engine}/volume/${volume.name}`, id);
    const reason: Reason = { kind: 'config', key: volume.key, change: 'added' };
    steps.push({
      id,
      kind: 'create-volume',
      subject: `volume/${volume.name}`,
      cost: 'live',
      reason,
      summary: `create volume ${volume.name}`,
      after: [],
      engine: volume.engine,
      waitsFor: [],
      volume,
    });
  }

  const neededBy = (service: DesiredService): string[] => [
    ...service.networks.flatMap((name) => created.get(`${service.engine}/${name}`) ?? []),
    ...service.volumes.flatMap((name) => created.get(`${service.engine}/volume/${name}`) ?? []),
    // A host port is free only when the container that had it is gone.
    ...removed.flatMap(({ step, container }) =>
      container.service === service.name || sharesPort(container, service) ? [step] : [],
    ),
  ];
  const failureOf = (id: string): readonly [string, string] | undefined => {
    const subject = steps.find((step) => step.id === id)?.subject ?? '';
    const error = memory[subject]?.lastError;
    return error === undefined ? undefined : [subject.replace('/', ' '), error];
  };
  return { steps, leaving, neededBy, failureOf };
}

/** Dependents first: the reverse of the start order, from the labels the containers carry. */
function inStopOrder(containers: readonly ObservedContainer[]): ObservedContainer[] {
  const order: ObservedContainer[] = [];
  const seen = new Set<ObservedContainer>();
  const visit = (container: ObservedContainer): void => {
    if (seen.has(container)) return;
    seen.add(container);
    for (const other of containers) if (other.startedAfter.includes(container.service)) visit(other);
    order.push(container);
  };
  for (const container of containers) visit(container);
  return order;
}
