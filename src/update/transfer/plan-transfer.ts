/** Sizes of what could be fetched, in bytes. */
export interface TransferFacts {
  readonly full: number;
  readonly index: number;
  /** Of a delta from the seed; absent: there is none. */
  readonly delta?: number;
  /** Of the frames of the full stream with blocks that no seed has; absent while the index is not there to tell. */
  readonly missing?: number;
}

/** `bytes` is what will be fetched at most. */
export interface TransferPlan {
  readonly kind: 'delta' | 'ranges' | 'full';
  readonly bytes: number;
}

/** The cheapest way to a slot's content; of two that cost the same, the one with fewer requests. Pure. */
export function planTransfer({ full, index, delta, missing }: TransferFacts): TransferPlan {
  // Frames are checked by the index, so a full stream needs it too.
  const plans: TransferPlan[] = [{ kind: 'full', bytes: index + full }];
  if (delta !== undefined) plans.unshift({ kind: 'delta', bytes: delta });
  if (missing !== undefined) plans.push({ kind: 'ranges', bytes: index + missing });
  return plans.reduce((best, plan) => (plan.bytes < best.bytes ? plan : best));
}
