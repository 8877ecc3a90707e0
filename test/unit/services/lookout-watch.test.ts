import { setImmediate } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { Lookout } from '../../../src/services/lookout.ts';
import { FakeEngine } from '../../fakes/fake-engine.ts';

/** A watch on an engine that is down, by a clock that never moves on: only a word about the engine can. */
function watchDownEngine() {
  const engine = new FakeEngine();
  engine.isUp = false;
  const connections: boolean[] = [];
  const naps: number[] = [];
  const lookout = new Lookout({
    instance: 'test',
    engines: [{ name: 'system', engine }],
    recorder: { record: () => undefined },
    clock: {
      now: () => 0,
      sleep: (ms, signal) => {
        naps.push(ms);
        return new Promise((_, reject) =>
          signal?.addEventListener('abort', () => reject(new Error('aborted')), { once: true }),
        );
      },
    },
    busy: () => new Map(),
    onEngine: (_, isUp) => void connections.push(isUp),
    onResources: () => undefined,
    onContainer: () => undefined,
  });
  return { engine, lookout, connections, naps };
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await setImmediate();
}

test('an engine that came up is asked at once, however long its watch meant to wait', async () => {
  const { engine, lookout, connections, naps } = watchDownEngine();
  const end = new AbortController();
  const watching = lookout.watch(end.signal);
  await until(() => naps.length === 1);
  engine.isUp = true;
  lookout.engineCameUp('system');
  await until(() => connections.length === 2);
  expect(connections).toEqual([false, true]);
  end.abort();
  await watching;
});

test('the word that it came up is kept for a watch that is just asking', async () => {
  const { lookout, naps } = watchDownEngine();
  const end = new AbortController();
  lookout.engineCameUp('system');
  const watching = lookout.watch(end.signal);
  await until(() => naps.length === 1);
  // The first wait, of 250 ms, was left out.
  expect(naps).toEqual([500]);
  end.abort();
  await watching;
});
