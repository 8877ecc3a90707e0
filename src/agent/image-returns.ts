import { isMovable } from '../services/image-returns.ts';
import type { Desired, ImageReturn } from '../services/model.ts';
import { normalizeReference } from '../services/names.ts';
import type { Generation } from './model.ts';

/**
 * What the references of a generation's services stood for when it ran last. A service that went back ran on the image of another
 * generation. Pure.
 */
export function imageReturns(
  { number, images, rolledBack }: Pick<Generation, 'number' | 'images' | 'rolledBack'>,
  desired: Desired,
): Readonly<Record<string, ImageReturn>> {
  const returns: Record<string, ImageReturn> = {};
  for (const [name, { container }] of desired.services) {
    const imageId = images[name];
    if (imageId === undefined || name in rolledBack || !isMovable(container.image)) continue;
    returns[name] = { reference: normalizeReference(container.image), imageId, generation: number };
  }
  return returns;
}
