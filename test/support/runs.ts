/** How often a property is tried that takes longer than others: so often in each `npm test`, thirty times as often in soak runs. */
export const runs = (count: number): { readonly numRuns: number } => ({
  numRuns: process.env['BERTH_SOAK'] === '1' ? 30 * count : count,
});
