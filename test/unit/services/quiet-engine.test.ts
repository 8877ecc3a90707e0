import { setImmediate } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { ServiceSpec } from '../../../src/config/service-spec.ts';
import { desiredServices } from '../../../src/services/desired.ts';
import type { StepRecord } from '../../../src/services/ports.ts';
import { ServiceReconciler } from '../../../src/services/service-reconciler.ts';
import { quietPatienceMs } from '../../../src/services/step-launcher.ts';
import { FakeEngine } from '../../fakes/fake-engine.ts';
import { configOf, context } from '../../support/simulate.ts';

/** Starts and pulls take until the gate opens. */
class SlowEngine extends FakeEngine {
  readonly begun: string[] = [];
  readonly gate: PromiseWithResolvers<void> = Promise.withResolvers();

  override async startContainer(id: string): Promise<void> {
    this.begun.push(`start ${this.containers.get(id)?.name}`);
    await this.gate.promise;
    await super.startContainer(id);
  }

  override async pullImage(reference: string, _options?: unknown, signal?: AbortSignal): Promise<void> {
    this.begun.push(`pull ${reference}`);
    const broken = Promise.withResolvers<never>();
    signal?.addEventListener('abort', () => broken.reject(signal.reason), { once: true });
    await Promise.race([this.gate.promise, broken.promise]);
    await super.pullImage(reference);
  }
}

const onSystem: ServiceSpec = { image: 'app:1', network_mode: 'host', 'x-berth': { engine: 'system' } };
const onUser: ServiceSpec = { image: 'app:1', network_mode: 'host' };

let system: SlowEngine;
let user: FakeEngine;
let records: StepRecord[];
let reconciler: ServiceReconciler;
let isPatienceOver: boolean;
let end: AbortController;
let running: Promise<void>;

beforeEach(() => {
  system = new SlowEngine();
  user = new FakeEngine();
  for (const engine of [system, user]) {
    engine.images.set('app:1', 'sha256:app');
    engine.registry.set('app:1', 'sha256:app');
  }
  records = [];
  isPatienceOver = false;
  reconciler = new ServiceReconciler({
    instance: 'berth',
    engines: [
      { name: 'system', engine: system },
      { name: 'user', engine: user },
    ],
    images: { authFor: () => undefined, archiveOf: async () => ({ kind: 'none', problems: [] }) },
    recorder: { record: (step) => void records.push(step) },
    memory: { load: async () => ({}), save: async () => undefined },
    clock: {
      now: () => 1_000_000,
      sleep: async (ms, signal) => {
        while (!end.signal.aborted && !(ms === quietPatienceMs && isPatienceOver)) {
          signal?.throwIfAborted();
          await setImmediate();
        }
      },
    },
    random: () => 0,
  });
  end = new AbortController();
  running = reconciler.run(end.signal);
});

afterEach(async () => {
  system.gate.resolve();
  end.abort();
  await running;
});

function declare(services: Record<string, ServiceSpec>): void {
  reconciler.setDesired(desiredServices(configOf(services), context), { causes: {}, removals: {} });
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await setImmediate();
}

/** Work that disturbs the system engine until `finish`; `seen` tells whether it has begun. */
function disturb(): { readonly seen: string[]; readonly done: Promise<void>; readonly finish: () => void } {
  const seen: string[] = [];
  const work: PromiseWithResolvers<void> = Promise.withResolvers();
  const done = reconciler.whileQuiet('system', async () => {
    seen.push('disturbed');
    await work.promise;
  });
  return { seen, done, finish: work.resolve };
}

test('a step under way ends first; meanwhile none begins on this engine, and the other one goes on', async () => {
  declare({ first: onSystem });
  await until(() => system.begun.length === 1);
  const { seen, done, finish } = disturb();
  declare({ first: onSystem, second: onSystem, third: onUser });
  await until(() => user.calls.includes('start berth-third'));
  expect(seen).toEqual([]);
  system.gate.resolve();
  await until(() => seen.length > 0);
  await reconciler.reconcile();
  expect(system.calls).toEqual(['create berth-first', 'start berth-first']);
  finish();
  await done;
  await until(() => system.calls.includes('start berth-second'));
  expect(records.map(({ outcome }) => outcome)).not.toContain('failed');
});

test('what is asked for before anything is declared holds for the first steps, too', async () => {
  const { seen, done, finish } = disturb();
  declare({ first: onSystem });
  await until(() => seen.length > 0);
  await reconciler.reconcile();
  expect(system.begun).toEqual([]);
  finish();
  await done;
  await until(() => system.begun.length === 1);
});

test('two that disturb it: nothing begins before both are done', async () => {
  const [one, other] = [disturb(), disturb()];
  declare({ first: onSystem });
  one.finish();
  await one.done;
  await reconciler.reconcile();
  expect(system.begun).toEqual([]);
  other.finish();
  await other.done;
  await until(() => system.begun.length === 1);
});

test('a step that does not end is not waited for beyond a minute', async () => {
  declare({ first: onSystem });
  await until(() => system.begun.length === 1);
  const { seen, done, finish } = disturb();
  await setImmediate();
  expect(seen).toEqual([]);
  isPatienceOver = true;
  await until(() => seen.length > 0);
  finish();
  await done;
});

test('a pull is broken off, which is no failure, and made again afterwards', async () => {
  system.images.clear();
  declare({ first: onSystem });
  await until(() => system.begun.length === 1);
  const { seen, done, finish } = disturb();
  await until(() => seen.length > 0);
  finish();
  await done;
  await until(() => system.begun.length === 2);
  expect(system.begun).toEqual(['pull app:1', 'pull app:1']);
  expect(records).toEqual([]);
});
