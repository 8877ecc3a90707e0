import type { Clock } from '../core/clock.ts';
import { isBerthError, messageOf } from '../core/errors.ts';
import type { Desired, Memory, ObservedEngine } from './model.ts';
import { normalizeReference } from './names.ts';
import type { EngineHandle } from './observe.ts';
import { collectImages } from './plan/collect-images.ts';
import type { StepRecorder } from './ports.ts';

export interface CollectorFacts {
  readonly observed: ObservedEngine;
  readonly desired: Desired;
  readonly memory: Memory;
  /** Image ids of the generation one can go back to. */
  readonly rollbackImages: readonly string[];
  readonly lastUsed: ReadonlyMap<string, number>;
  readonly budgetBytes: number;
}

/** Removes images beyond the budget from an engine of our own. An image in use is refused by the engine itself, too. */
export async function collectOn(
  { engine, name }: EngineHandle,
  facts: CollectorFacts,
  recorder: StepRecorder,
  clock: Clock,
): Promise<void> {
  const images = await engine.listImages();
  const needed = new Set([
    ...facts.observed.containers.map(({ imageId }) => imageId),
    ...[...facts.desired.services.values()].flatMap(
      ({ container }) => facts.observed.images.get(normalizeReference(container.image)) ?? [],
    ),
    ...Object.values(facts.memory).flatMap(({ previousImageId }) => previousImageId ?? []),
    ...facts.rollbackImages,
  ]);
  const { remove, totalBytes } = collectImages({
    images,
    needed,
    lastUsed: facts.lastUsed,
    budgetBytes: facts.budgetBytes,
  });
  for (const image of remove) {
    const started = performance.now();
    const [shown = image.id] = image.references;
    let error: string | undefined;
    try {
      // By every name it has: by id, the engine refuses an image with two names.
      for (const reference of image.references.length === 0 ? [image.id] : image.references)
        await engine.removeImage(reference);
    } catch (cause) {
      // A container that is not ours uses it: then it is needed after all.
      if (isBerthError(cause, 'ENGINE_CONFLICT')) continue;
      error = messageOf(cause);
    }
    recorder.record({
      at: clock.now(),
      kind: 'remove-image',
      subject: `image/${shown}`,
      cost: 'live',
      reason: {
        kind: 'budget',
        detail: `images take ${megabytes(totalBytes)} MB of ${megabytes(facts.budgetBytes)} MB on the ${name} engine`,
      },
      summary: `remove image ${shown} (${megabytes(image.sizeBytes)} MB)`,
      outcome: error === undefined ? 'done' : 'failed',
      durationMs: Math.round(performance.now() - started),
      ...(error === undefined ? {} : { error }),
    });
  }
}

function megabytes(bytes: number): number {
  return Math.ceil(bytes / 2 ** 20);
}
