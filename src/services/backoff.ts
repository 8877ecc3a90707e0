/** Wait before try number `failures + 1`: doubling from one second, at most `maximumMs`, plus up to a fifth at random. */
export function backoffMs(failures: number, random: () => number, maximumMs = 60_000): number {
  const base = Math.min(1000 * 2 ** Math.min(Math.max(failures - 1, 0), 20), maximumMs);
  return Math.round(base * (1 + random() * 0.2));
}
