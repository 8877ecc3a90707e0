import { expect, test } from '@jest/globals';
import type { Clock } from '../../../src/core/clock.ts';
import { Stall } from '../../../src/services/stall.ts';

/** A clock whose sleepers are woken by hand, unless they were told to stop. */
function handClock(): { readonly clock: Clock; readonly pass: () => Promise<void> } {
  const sleepers: { wake: () => void; signal: AbortSignal | undefined }[] = [];
  const clock: Clock = {
    now: () => 0,
    sleep: (_ms, signal) => new Promise<void>((wake) => sleepers.push({ wake, signal })),
  };
  const pass = async (): Promise<void> => {
    for (const { wake, signal } of sleepers) if (signal?.aborted !== true) wake();
    await new Promise(setImmediate);
  };
  return { clock, pass };
}

test.each([
  { name: 'nothing moves: it aborts', act: () => undefined, aborted: true },
  { name: 'the work is over: it does not', act: (stall: Stall) => stall.end(), aborted: false },
])('$name', async ({ act, aborted }) => {
  const { clock, pass } = handClock();
  const stall = new Stall(clock, 1000);
  act(stall);
  await pass();
  expect(stall.signal.aborted).toBe(aborted);
});

test('something moves: the time starts anew', async () => {
  const limits: (AbortSignal | undefined)[] = [];
  const clock: Clock = {
    now: () => 0,
    sleep: (_ms, signal) => {
      limits.push(signal);
      return new Promise(() => undefined);
    },
  };
  new Stall(clock, 1000).restart();
  expect(limits.map((signal) => signal?.aborted)).toEqual([true, false]);
});
