import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '../core/clock.ts';
import { Turns } from '../core/turns.ts';
import { collectOn } from '../services/image-collector.ts';
import { normalizeReference } from '../services/names.ts';
import type { StepRecorder } from '../services/ports.ts';
import { containersByService, rollbacks } from '../services/readiness.ts';
import type { ServiceReconciler } from '../services/service-reconciler.ts';
import type { EngineSet } from './engine-set.ts';
import type { GenerationStore } from './generation-store.ts';
import type { Generation } from './model.ts';
import { generationBefore } from './release-generation.ts';

export interface HousekeepingDependencies {
  readonly reconciler: ServiceReconciler;
  readonly generations: GenerationStore;
  readonly engines: EngineSet;
  readonly recorder: StepRecorder;
  readonly clock: Clock;
  /** Bytes that images may take. */
  readonly imageBudgetBytes: () => number;
  /** Steps so far that brought images. */
  readonly imageSteps: () => number;
}

/** What is done once things are quiet: note which images a generation runs, and let go those beyond the budget. */
export class Housekeeping {
  readonly #deps: HousekeepingDependencies;
  readonly #work = new Turns();
  #collectedAt = 0;

  constructor(deps: HousekeepingDependencies) {
    this.#deps = deps;
  }

  /** After a round. Returns at once. */
  afterRound(generation: number): void {
    if (generation === 0) return;
    this.#noteRollbacks(generation);
    if (this.#deps.reconciler.plannedSteps.length > 0) return;
    const images = imagesOf(this.#deps.reconciler);
    this.#then(() => this.#deps.generations.updateImages(generation, images));
    const imageSteps = this.#deps.imageSteps();
    if (imageSteps === this.#collectedAt) return;
    this.#collectedAt = imageSteps;
    this.#then(() => this.#collect());
  }

  /** Whatever else is still to do: a service that went back is news at once. */
  #noteRollbacks(generation: number): void {
    const { desired, observed, memory } = this.#deps.reconciler;
    const now = rollbacks(desired, observed, memory);
    const before = this.#deps.generations.rolledBack(generation);
    // What does not run at all just now (the host is shutting down) has not recovered.
    const absent = Object.entries(before).filter(([name]) => !desired.services.has(name));
    const rolledBack = { ...Object.fromEntries(absent), ...now };
    if (isDeepStrictEqual(rolledBack, before)) return;
    this.#then(() => this.#deps.generations.updateRolledBack(generation, rolledBack));
  }

  /** Resolves when nothing is under way. */
  async done(): Promise<void> {
    await this.#work.over();
  }

  /** One after the other. What fails (an engine that went away) is done again after the next change. */
  #then(work: () => Promise<void>): void {
    this.#work.take(work).catch(() => undefined);
  }

  /** Never on an engine that is not ours: what we do not use there may be somebody else's. */
  async #collect(): Promise<void> {
    const { engines, generations, reconciler, recorder, clock } = this.#deps;
    const { desired, memory, observed } = reconciler;
    const list = generations.list();
    const lastUsed = new Map(
      list.toReversed().flatMap(({ number, images }) => Object.values(images).map((id) => [id, number] as const)),
    );
    for (const handle of engines.handles) {
      const seen = observed.engines[handle.name];
      if (seen === undefined || !engines.isOwn(handle.name)) continue;
      const facts = {
        observed: seen,
        desired,
        memory,
        rollbackImages: imagesToKeep(list),
        lastUsed,
        budgetBytes: this.#deps.imageBudgetBytes(),
      };
      await collectOn(handle, facts, recorder, clock);
    }
  }
}

/** Which image each service runs, by service; of a scheduled one, which it would run. Pure. */
export function imagesOf({
  desired,
  observed,
}: Pick<ServiceReconciler, 'desired' | 'observed'>): Record<string, string> {
  const images: Record<string, string> = {};
  const containers = containersByService(observed);
  for (const { name, kind, digest, engine, container } of desired.services.values()) {
    const current = containers.get(name)?.current;
    // A container of an earlier configuration is not this generation's.
    const ran = current?.digest === digest ? current.imageId : undefined;
    const willRun = observed.engines[engine]?.images.get(normalizeReference(container.image));
    const imageId = kind === 'scheduled' ? willRun : ran;
    if (imageId !== undefined) images[name] = imageId;
  }
  return images;
}

/** Ids of images that stay, whatever they take: of generations that an operator or a release's end may return to. Newest first. Pure. */
export function imagesToKeep(generations: readonly Generation[]): string[] {
  const worthGoingBackTo = generations.filter(({ state }) => state !== 'rejected').slice(0, 2);
  const beforeRelease = generationBefore(generations);
  return [...worthGoingBackTo, ...(beforeRelease === undefined ? [] : [beforeRelease])].flatMap(({ images }) =>
    Object.values(images),
  );
}
