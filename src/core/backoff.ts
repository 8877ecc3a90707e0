const firstMs = 500;
const longestMs = 60_000;

/**
 * How long to wait after so many failures in a row: doubling from half a second to a minute, of which a random half is left
 * out so that many hosts do not try in step. `random` is in [0, 1). Pure.
 */
export function backoffMs(failures: number, random: number): number {
  if (failures <= 0) return 0;
  const full = Math.min(longestMs, firstMs * 2 ** Math.min(failures - 1, 20));
  return Math.round(full / 2 + (full / 2) * random);
}
