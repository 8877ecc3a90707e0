import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { choosePowerCuts, cutPower } from '../../../../image/vm/power-cut.ts';
import type { LoggedWrite } from '../../../../image/vm/write-log.ts';

type Letter = 'w' | 'F' | 'f' | 'd' | 'm';

/** A log in letters: w a write, F a forced write, d a discard, f a flush, m a mark. Offsets tell entries apart. */
function logOf(letters: string): LoggedWrite[] {
  const kinds = { w: 'write', F: 'write', d: 'discard', f: 'flush', m: 'mark' } as const;
  return letters.split('').map((letter, index) => ({
    kind: kinds[letter as Letter],
    offset: index,
    length: letter === 'f' || letter === 'm' ? 0 : 1,
    isForced: letter === 'F',
    isFlush: letter === 'f',
    dataOffset: 0,
    endOffset: 0,
  }));
}

const offsets = (writes: readonly LoggedWrite[]): number[] => writes.map(({ offset }) => offset);
const letters = fc.string({ unit: fc.constantFrom('w', 'w', 'w', 'F', 'd', 'f', 'm'), minLength: 1, maxLength: 40 });

describe('a power cut', () => {
  test.each([
    ['keeps what was flushed', 'wwdf', 4, [0, 1, 2]],
    ['keeps nothing when nothing was written', 'fm', 2, []],
    ['ends with the moment', 'wfwf', 2, [0]],
  ])('%s', (_rule, log, entries, kept) => {
    expect(offsets(cutPower(logOf(log), { entries, seed: 1 }).kept)).toEqual(kept);
  });

  test('each unflushed write is lost with some seed and kept with another', () => {
    const log = logOf('wfwwd');
    const outcomes = Array.from({ length: 64 }, (_, seed) => offsets(cutPower(log, { entries: 5, seed }).kept));
    for (const offset of [2, 3, 4]) {
      expect(outcomes.some((kept) => kept.includes(offset))).toBe(true);
      expect(outcomes.some((kept) => !kept.includes(offset))).toBe(true);
    }
  });

  test('for every log: flushed and forced writes stay, nothing is invented or moved', () => {
    fc.assert(
      fc.property(letters, fc.nat(40), fc.nat(), (text, moment, seed) => {
        const log = logOf(text);
        const { kept, lost } = cutPower(log, { entries: moment, seed });
        const made = text.slice(0, moment);
        const flushed = made.lastIndexOf('f');
        const writes = made.split('').flatMap((letter, index) => ('wFd'.includes(letter) ? [index] : []));
        expect(offsets([...kept, ...lost]).sort((a, b) => a - b)).toEqual(writes);
        expect(offsets(kept)).toEqual(offsets(kept).toSorted((a, b) => a - b));
        for (const { offset, isForced } of lost) {
          expect(offset).toBeGreaterThan(flushed);
          expect(isForced).toBe(false);
        }
        expect(cutPower(log, { entries: moment, seed })).toEqual({ kept, lost });
      }),
    );
  });
});

describe('chosen moments', () => {
  test('have something to lose, are spread over the log, and none comes twice', () => {
    const log = logOf('wwwf'.repeat(25));
    const cuts = choosePowerCuts(log, 10, 7);
    expect(cuts).toHaveLength(10);
    for (const { entries } of cuts) expect(log[entries - 1]?.kind).toBe('write');
    expect(new Set(cuts.map(({ entries }) => entries)).size).toBe(10);
    expect(cuts[0]?.entries).toBeLessThan(15);
    expect(cuts[9]?.entries).toBeGreaterThan(85);
  });

  test('are the same for the same seed, others for another', () => {
    const log = logOf('wwwwwwwf'.repeat(20));
    expect(choosePowerCuts(log, 5, 1)).toEqual(choosePowerCuts(log, 5, 1));
    expect(choosePowerCuts(log, 5, 1)).not.toEqual(choosePowerCuts(log, 5, 2));
  });

  test('for every log: at most as many as asked for, within the log, in order', () => {
    fc.assert(
      fc.property(letters, fc.integer({ min: 1, max: 50 }), fc.nat(), (text, count, seed) => {
        const moments = choosePowerCuts(logOf(text), count, seed).map(({ entries }) => entries);
        expect(moments.length).toBeGreaterThan(0);
        expect(moments.length).toBeLessThanOrEqual(count);
        expect(moments).toEqual([...new Set(moments)].sort((a, b) => a - b));
        for (const moment of moments) {
          expect(moment).toBeGreaterThan(0);
          expect(moment).toBeLessThanOrEqual(text.length);
        }
      }),
    );
  });
});
