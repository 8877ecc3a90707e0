import type { EngineName } from '../config/service-spec.ts';
import type { ContainerEngine, ContainerSummary } from '../engine/container-engine.ts';
import type { ObservedContainer, ObservedEngine } from './model.ts';
import { label, normalizeReference, roleOf } from './names.ts';

/** A list call's row as one of ours; undefined when it is not a service's container. Pure. */
export function observedContainer(summary: ContainerSummary): ObservedContainer | undefined {
  const { labels } = summary;
  const service = labels[label.service];
  if (service === undefined) return undefined;
  const due = labels[label.due];
  return {
    id: summary.id,
    name: summary.name,
    service,
    role: due === undefined ? roleOf(summary.name) : 'run',
    digest: labels[label.digest] ?? '',
    state: summary.state,
    health: summary.health,
    ...(summary.exitCode === undefined ? {} : { exitCode: summary.exitCode }),
    imageId: summary.imageId,
    createdAt: summary.createdAt,
    startedAfter: splitList(labels[label.after]),
    graceSeconds: Number(labels[label.grace] ?? 10),
    ports: summary.ports.map(
      ({ ip, host, container, protocol }) =>
        `${host === undefined ? '' : `${ip ?? ''}:${host}->`}${container}/${protocol}`,
    ),
    networks: splitList(labels[label.networks]),
    ...(due === undefined ? {} : { runDue: Number(due) }),
  };
}

function splitList(text: string | undefined): string[] {
  return text === undefined || text === '' ? [] : text.split(',');
}

type Resources = Omit<ObservedEngine, 'containers'>;

/**
 * Looks at one engine. Containers are listed at every look: one call. Networks, volumes and images change rarely and
 * only with an event, so they are listed again when {@link forget} has been called, or at a resync.
 */
export class EngineObserver {
  readonly #engine: ContainerEngine;
  readonly #filter: string;
  #resources: Promise<Resources> | undefined;

  constructor(engine: ContainerEngine, instance: string) {
    this.#engine = engine;
    this.#filter = `${label.instance}=${instance}`;
  }

  /** Networks, volumes or images may have changed. */
  forget(): void {
    this.#resources = undefined;
  }

  /** Throws ENGINE_UNREACHABLE. */
  async look(signal?: AbortSignal): Promise<ObservedEngine> {
    this.#resources ??= this.#lookAtResources();
    const remembered = this.#resources;
    // A failed look must not be remembered.
    remembered.catch(() => this.forget());
    const [summaries, resources] = await Promise.all([this.#engine.listContainers(this.#filter, signal), remembered]);
    return { ...resources, containers: summaries.flatMap((summary) => observedContainer(summary) ?? []) };
  }

  /** Looks again at the containers of some services; the others are as they were. Throws ENGINE_UNREACHABLE. */
  async lookAgain(before: ObservedEngine, services: readonly string[], signal?: AbortSignal): Promise<ObservedEngine> {
    const lists = await Promise.all(
      services.map((name) => this.#engine.listContainers([this.#filter, `${label.service}=${name}`], signal)),
    );
    const others = before.containers.filter(({ service }) => !services.includes(service));
    return { ...before, containers: [...others, ...lists.flat().flatMap((one) => observedContainer(one) ?? [])] };
  }

  async #lookAtResources(): Promise<Resources> {
    const [networks, volumes, images] = await Promise.all([
      this.#engine.listNetworks(this.#filter),
      this.#engine.listVolumes(this.#filter),
      this.#engine.listImages({ parents: true }),
    ]);
    const byReference = new Map<string, string>();
    for (const { id, references, digests } of images) {
      for (const reference of [...references, ...digests]) byReference.set(normalizeReference(reference), id);
      byReference.set(id, id);
    }
    return {
      networks: new Map(networks.map(({ name, labels }) => [name, labels[label.digest] ?? ''])),
      volumes: new Set(volumes.map(({ name }) => name)),
      images: byReference,
    };
  }
}

/** An engine as the reconciler holds it. */
export interface EngineHandle {
  readonly name: EngineName;
  readonly engine: ContainerEngine;
}
