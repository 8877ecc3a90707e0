import type { LoggedWrite } from './write-log.ts';

/** A moment at which the power goes, and which chance decides what was still on its way to the medium. */
export interface PowerCut {
  /** How many of the log's entries were made. */
  readonly entries: number;
  /** The same seed, the same losses. */
  readonly seed: number;
}

/** What is on the medium after a power cut. */
export interface CutOutcome {
  /** To be written in this order. */
  readonly kept: readonly LoggedWrite[];
  /** Made, but not on the medium: nothing had flushed them. */
  readonly lost: readonly LoggedWrite[];
}

/**
 * Which writes a disk still has after a power cut: all up to the last flush, all forced ones, and a random half of what
 * came after the flush. Pure.
 */
export function cutPower(log: readonly LoggedWrite[], { entries, seed }: PowerCut): CutOutcome {
  const made = log.slice(0, entries);
  const flushed = made.findLastIndex(({ isFlush }) => isFlush);
  const random = randomBits(seed);
  const kept: LoggedWrite[] = [];
  const lost: LoggedWrite[] = [];
  for (const [index, write] of made.entries()) {
    if (write.kind !== 'write' && write.kind !== 'discard') continue;
    // A flush that carries data says nothing about its own data.
    const isSafe = index < flushed || write.isForced;
    if (isSafe || random()) kept.push(write);
    else lost.push(write);
  }
  return { kept, lost };
}

/**
 * Moments worth trying, spread over a log by chance: each with something unflushed to lose, where the log has such. Pure.
 * @returns at most `count`, in order, none twice.
 */
export function choosePowerCuts(log: readonly LoggedWrite[], count: number, seed: number): PowerCut[] {
  const unsafe: number[] = [];
  let pending = 0;
  for (const [index, { kind, isFlush, isForced }] of log.entries()) {
    if (isFlush) pending = 0;
    if ((kind === 'write' || kind === 'discard') && !isForced) pending += 1;
    if (pending > 0) unsafe.push(index + 1);
  }
  const moments = unsafe.length > 0 ? unsafe : log.map((_, index) => index + 1);
  const next = randomNumbers(seed);
  const chosen = new Set<number>();
  const wanted = Math.min(count, moments.length);
  while (chosen.size < wanted) {
    // One from each of `wanted` stretches, so that early and late moments both come up.
    const stretch = chosen.size;
    const from = Math.floor((stretch * moments.length) / wanted);
    const to = Math.floor(((stretch + 1) * moments.length) / wanted);
    chosen.add(moments[from + (next() % Math.max(1, to - from))] ?? 1);
  }
  return [...chosen].map((entries) => ({ entries, seed: next() }));
}

function randomBits(seed: number): () => boolean {
  const next = randomNumbers(seed);
  return () => (next() & 0x8000) !== 0;
}

/** Mulberry32: small, and good enough to choose by. */
function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
}
