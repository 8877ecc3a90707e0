import { expect, test } from '@jest/globals';
import type { ServiceSpec } from '../../../../src/config/service-spec.ts';
import { hooksOf, runHooks } from '../../../../src/update/reboot/hooks.ts';
import { ManualClock, settle } from './manual-clock.ts';

const specOf = (berth: ServiceSpec['x-berth']): ServiceSpec => ({ image: 'i', ...(berth && { 'x-berth': berth }) });

test('the hooks that services declare', () => {
  const services = [
    { name: 'plain', spec: specOf(undefined) },
    { name: 'web', spec: specOf({ pre_reboot: { command: ['drain'] } }) },
    { name: 'db', spec: specOf({ pre_reboot: { command: ['flush', 'all'], deadline: 5e9 } }) },
    { name: 'job', spec: specOf({ schedule: '0 4 * * *', pre_reboot: { command: ['x'] } }) },
  ];
  expect(hooksOf(services)).toEqual([
    { service: 'web', command: ['drain'], deadlineMs: 30_000 },
    { service: 'db', command: ['flush', 'all'], deadlineMs: 5000 },
  ]);
});

const hook = (service: string, deadlineMs: number) => ({ service, command: [], deadlineMs });

test('all run at once; one that fails or is late keeps no other, and is told to stop', async () => {
  const clock = new ManualClock();
  const told: string[] = [];
  const running = runHooks(
    [hook('good', 9000), hook('bad', 9000), hook('slow', 9000)],
    {
      clock,
      onProblem: (why) => told.push(why),
      runHook: async ({ service }, signal) => {
        told.push(service);
        if (service === 'bad') throw new Error('exit code 3');
        if (service === 'slow') {
          await new Promise((resolve) => signal.addEventListener('abort', resolve));
          told.push('slow was told to stop');
        }
      },
    },
    new AbortController().signal,
  ).then(() => told.push(`done at ${clock.now()}`));
  await settle();
  await clock.pass(10_000);
  await running;
  expect(told).toEqual([
    'good',
    'bad',
    'slow',
    'pre_reboot of bad: exit code 3',
    'pre_reboot of slow: it was not done after 9 s',
    'slow was told to stop',
    'done at 9000',
  ]);
});

test('an end rejects and blames no hook', async () => {
  const end = new AbortController();
  const told: string[] = [];
  const running = runHooks(
    [hook('web', 9000)],
    {
      clock: new ManualClock(),
      onProblem: (why) => told.push(why),
      runHook: async () => new Promise(() => undefined),
    },
    end.signal,
  );
  end.abort(new Error('the end'));
  await expect(running).rejects.toThrow('the end');
  expect(told).toEqual([]);
});
