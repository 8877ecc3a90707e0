import { compareText } from '../../core/compare-text.ts';
import type { ImageSummary } from '../../engine/container-engine.ts';

export interface CollectionInput {
  readonly images: readonly ImageSummary[];
  /** Ids that must stay: running, declared, or needed to go back. */
  readonly needed: ReadonlySet<string>;
  /** The last generation an image was used in, by id; absent: never by us. */
  readonly lastUsed: ReadonlyMap<string, number>;
  readonly budgetBytes: number;
}

export interface Collection {
  /** In the order of removal. */
  readonly remove: readonly ImageSummary[];
  readonly totalBytes: number;
  /** What would be left; above the budget when everything else is needed. */
  readonly leftBytes: number;
}

/**
 * Which images go so that all of them fit the budget: those used longest ago first, then the oldest. What is needed
 * stays, whatever the budget says. Pure.
 */
export function collectImages({ images, needed, lastUsed, budgetBytes }: CollectionInput): Collection {
  const totalBytes = images.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const candidates = images
    .filter(({ id }) => !needed.has(id))
    .sort(
      (a, b) =>
        (lastUsed.get(a.id) ?? 0) - (lastUsed.get(b.id) ?? 0) || a.createdAt - b.createdAt || compareText(a.id, b.id),
    );
  const remove: ImageSummary[] = [];
  let leftBytes = totalBytes;
  for (const image of candidates) {
    if (leftBytes <= budgetBytes) break;
    remove.push(image);
    leftBytes -= image.sizeBytes;
  }
  return { remove, totalBytes, leftBytes };
}
