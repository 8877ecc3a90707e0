import { expect, test } from '@jest/globals';
import { PowerOrder } from '../../../src/agent/power-order.ts';
import type { PowerConfig } from '../../../src/config/commands-config.ts';

/** What is said and done, with the time at which it was, in seconds. */
async function follow(power: Partial<PowerConfig>, changingMs: number): Promise<string[]> {
  let now = 0;
  const told: string[] = [];
  const done = Promise.withResolvers<undefined>();
  const order = new PowerOrder({
    clock: {
      now: () => now,
      sleep: async (ms) => {
        now += ms;
      },
    },
    say: (line) => told.push(`${now / 1000} ${line}`),
    isChanging: () => now < changingMs,
    power: async (mode) => {
      told.push(`${now / 1000} ${mode}`);
      done.resolve(undefined);
    },
    signal: new AbortController().signal,
  });
  await order.give({ mode: 'reboot', delayMinutes: 0, timeoutSeconds: 30, condition: true, ...power });
  await done.promise;
  return told;
}

test.each([
  ['waits until the config is brought about', {}, 4000, ['4 power_state: reboot now', '4 reboot']],
  ['waits no longer than it may', { timeoutSeconds: 10 }, 99_000, ['10 power_state: reboot now', '10 reboot']],
  [
    'waits as long as it should after that, and says why',
    { delayMinutes: 2, message: 'bye', mode: 'poweroff' as const },
    0,
    ['0 power_state: poweroff in 2 min: bye', '120 poweroff'],
  ],
  ['halts by powering off', { mode: 'halt' as const }, 0, ['0 power_state: halt now', '0 poweroff']],
])('%s', async (_, power, changingMs, told) => expect(await follow(power, changingMs)).toEqual(told));
