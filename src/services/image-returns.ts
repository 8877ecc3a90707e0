import type { Desired, DesiredService, ImageReturn, Memory, Observed, ObservedEngine } from './model.ts';
import { normalizeReference } from './names.ts';
import { returnImage } from './plan/drafts.ts';
import type { StepRecord } from './ports.ts';

/** What becomes of a wish that a reference shall stand for an earlier image again. */
export type ReturnState = 'none' | 'due' | 'done' | 'lost';

/**
 * Whether the reference of a service has still to get back the image that it stood for in the generation that is returned to.
 * `lost`: that image is not on the engine any more, so what the reference stands for now is used. Pure.
 */
export function returnState(
  service: DesiredService,
  wish: ImageReturn | undefined,
  images: ObservedEngine['images'],
): ReturnState {
  const reference = normalizeReference(service.container.image);
  if (wish === undefined || wish.reference !== reference) return 'none';
  if (images.get(reference) === wish.imageId) return 'done';
  return images.has(wish.imageId) ? 'due' : 'lost';
}

/** Whether an image's name can be given to another one: neither a digest's nor an id can. Pure. */
export function isMovable(reference: string): boolean {
  return !reference.includes('@') && !reference.startsWith('sha256:');
}

/** The images on an engine as they are once the wish is fulfilled. Pure. */
export function imagesAfterReturn(images: ObservedEngine['images'], wish: ImageReturn): ObservedEngine['images'] {
  return new Map([...images, [wish.reference, wish.imageId]]);
}

/** A wish that needs nothing more. */
export interface EndedReturn {
  readonly service: DesiredService;
  readonly wish: ImageReturn;
  readonly isLost: boolean;
}

/** Wishes that are fulfilled, or can never be. Pure. */
export function endedReturns(desired: Desired, observed: Observed, memory: Memory): readonly EndedReturn[] {
  return [...desired.services.values()].flatMap((service) => {
    const wish = memory[service.name]?.imageReturn;
    const engine = observed.engines[service.engine];
    if (wish === undefined || engine === undefined) return [];
    const state = returnState(service, wish, engine.images);
    return state === 'done' || state === 'lost' ? [{ service, wish, isLost: state === 'lost' }] : [];
  });
}

/** A return that cannot be, for the ledger. Pure. */
export function lostReturn({ service, wish }: EndedReturn, at: number): StepRecord {
  const { kind, subject, cost, reason, summary } = returnImage(service, wish);
  const error = `that image is not on the ${service.engine} engine any more: what ${wish.reference} means now is used`;
  return { at, kind, subject, cost, reason, summary, outcome: 'failed', durationMs: 0, error };
}
