import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { UpdateConfig } from '../../../../src/config/host-config.ts';
import { openReboots, policyOf } from '../../../../src/update/reboot/open-reboots.ts';
import { ManualClock } from './manual-clock.ts';

let directory: string;
let end: AbortController;
beforeEach(async () => {
  end = new AbortController();
  directory = await mkdtemp(join(tmpdir(), 'berth-reboots-'));
});
afterEach(async () => {
  end.abort(new Error('the end'));
  await rm(directory, { recursive: true });
});

test('what is declared of restarts', () => {
  const window = { days: ['mon'], start: '03:00', duration: '1h', timezone: 'UTC' };
  expect(policyOf({ channel: 'stable', strategy: 'staged' })).toEqual({ strategy: 'staged' });
  expect(policyOf({ channel: 'stable', strategy: 'window', window, maxDeferralSeconds: 60 })).toEqual({
    strategy: 'window',
    window,
    maxDeferralMs: 60_000,
  });
});

test('an inhibitor, a permit in a file and the restart play together', async () => {
  const path = join(directory, 'restart.lock');
  const config: UpdateConfig = { channel: 'stable', strategy: 'permit', permit: { kind: 'file', path } };
  const { promise: restarted, resolve } = Promise.withResolvers<string>();
  const { keeper, inhibitors } = await openReboots({
    stateDirectory: directory,
    ...{ hostId: 'me', running: '1.0', events: () => [], note: async () => Promise.resolve() },
    config: () => config,
    staged: () => ({ version: '2.0', stagedAtMs: 0, isUrgent: false }),
    isBlessed: () => true,
    hooks: () => [],
    runHook: async () => undefined,
    reboot: async (why) => resolve(why),
    say: () => undefined,
    missingMount: async () => Promise.resolve(undefined),
    clock: new ManualClock(1000),
    random: () => 0,
    onProblem: (why) => resolve(why),
  });
  await inhibitors.add('backup', 'a dump', 60_000);
  // What an earlier boot left.
  await writeFile(path, JSON.stringify({ host: 'me', name: 'me', at: '' }));
  const running = keeper.run(end.signal);
  for (let tries = 0; tries < 500 && (await readdir(directory)).includes('restart.lock'); tries += 1)
    await new Promise((done) => setTimeout(done, 5));
  expect(await readdir(directory)).not.toContain('restart.lock');
  expect(keeper.state).toMatchObject({ kind: 'waiting', untilMs: 61_000 });
  await inhibitors.remove('backup');
  expect(await restarted).toBe('a release is staged');
  expect(await readdir(directory)).toContain('restart.lock');
  end.abort(new Error('the end'));
  await running;
});

test('a permit that the host restarted with goes back, though the config names another place by then, or none', async () => {
  const path = join(directory, 'restart.lock');
  const options = (config: UpdateConfig, reboot: (why: string) => void) => ({
    ...{ running: '1.0', events: () => [], note: async () => Promise.resolve() },
    ...{ stateDirectory: directory, hostId: 'me', config: () => config, isBlessed: () => true, hooks: () => [] },
    ...{
      runHook: async () => undefined,
      reboot: async (why: string) => reboot(why),
      say: () => undefined,
      missingMount: async () => Promise.resolve(undefined),
      random: () => 0,
    },
    ...{ clock: new ManualClock(1000), onProblem: () => undefined },
  });
  const { promise: restarted, resolve } = Promise.withResolvers<string>();
  const declared: UpdateConfig = { channel: 'stable', strategy: 'permit', permit: { kind: 'file', path } };
  const before = await openReboots({
    ...options(declared, resolve),
    staged: () => ({ version: '2.0', stagedAtMs: 0, isUrgent: false }),
  });
  const running = before.keeper.run(end.signal);
  await restarted;
  expect(await readdir(directory)).toContain('restart.lock');
  end.abort(new Error('the boot'));
  await running;

  const later = new AbortController();
  const config: UpdateConfig = { channel: 'stable', strategy: 'staged' };
  const after = await openReboots({ ...options(config, () => undefined), staged: () => undefined });
  const again = after.keeper.run(later.signal);
  for (
    let tries = 0;
    tries < 500 && (await readdir(directory)).some((name) => name !== 'reboot-inhibitors.json');
    tries += 1
  )
    await new Promise((done) => setTimeout(done, 5));
  expect((await readdir(directory)).filter((name) => name !== 'reboot-inhibitors.json')).toEqual([]);
  later.abort(new Error('the end'));
  await again;
});
