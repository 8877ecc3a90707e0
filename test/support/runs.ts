import { isSoak } from './soak.ts';

/** How often a property is tried that takes longer than others: so often in each `npm test`, thirty times as often in soak runs. */
export const runs = (count: number): { readonly numRuns: number } => ({
  numRuns: isSoak ? 30 * count : count,
});
