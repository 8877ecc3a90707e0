import { describe, expect, test } from '@jest/globals';
import type { ServiceSpec } from '../../../src/config/service-spec.ts';
import { reasonChain } from '../../../src/core/plan.ts';
import type { ServiceMemory } from '../../../src/services/model.ts';
import { configOf, SimulatedHost } from '../../support/simulate.ts';

const alone: ServiceSpec = { image: 'busybox', network_mode: 'host' };
const checked: ServiceSpec = { ...alone, healthcheck: { test: ['CMD', 'true'], interval: 1e9 } };
const changed: ServiceSpec = { ...alone, environment: { A: 'b' } };
const needs = (
  service: string,
  condition: 'service_started' | 'service_healthy' | 'service_completed_successfully',
  restart = false,
) => ({
  [service]: { condition, required: true, restart },
});

async function hostWith(services: Record<string, ServiceSpec>): Promise<SimulatedHost> {
  const host = new SimulatedHost();
  host.declare(configOf(services));
  await host.converge();
  return host;
}

const ids = (steps: readonly { id: string }[]): string[] => steps.map(({ id }) => id);

describe('converging', () => {
  test('from nothing, services come after what they need, and then nothing is left', async () => {
    const host = new SimulatedHost();
    host.declare(configOf({ web: { ...alone, depends_on: needs('db', 'service_healthy') }, db: checked }));
    expect(ids(await host.converge())).toEqual(['start-service:db', 'start-service:web']);
    expect((await host.plan()).steps).toEqual([]);
  });

  test('a service waits for the health of another and says so', async () => {
    const host = new SimulatedHost();
    host.user.onStart = () => ({ state: 'running', health: 'starting' });
    host.declare(configOf({ web: { ...alone, depends_on: needs('db', 'service_healthy') }, db: checked }));
    await host.converge();
    expect((await host.plan()).steps.map(({ id, waitsFor }) => [id, waitsFor])).toEqual([
      ['start-service:web', ['db to be healthy (starting)']],
    ]);
    host.user.happen('berth-db', { health: 'healthy' });
    expect(ids(await host.converge())).toEqual(['start-service:web']);
  });

  test('a service on a network gets the network first', async () => {
    const host = await hostWith({ web: { image: 'busybox' } });
    expect(ids(host.done)).toEqual(['create-network:berth_default', 'start-service:web']);
  });

  test('a missing image is pulled first', async () => {
    const host = new SimulatedHost();
    host.declare(configOf({ web: alone }));
    host.user.images.clear();
    host.user.registry.set('busybox', 'sha256:busybox:latest');
    expect(ids(await host.converge())).toEqual(['pull-image:web', 'start-service:web']);
  });

  test('a one-shot that others wait for runs once', async () => {
    const host = new SimulatedHost();
    host.user.onStart = ({ name }) =>
      name === 'berth-migrate' ? { state: 'exited', exitCode: 0 } : { state: 'running' };
    host.declare(
      configOf({ web: { ...alone, depends_on: needs('migrate', 'service_completed_successfully') }, migrate: alone }),
    );
    expect(ids(await host.converge())).toEqual(['start-service:migrate', 'start-service:web']);
    expect((await host.plan()).steps).toEqual([]);
  });

  test('essential services come before all others', async () => {
    const host = await hostWith({ a: alone, z: { ...checked, 'x-berth': { essential: true } } });
    expect(ids(host.done)).toEqual(['start-service:z', 'start-service:a']);
  });
});

describe('changes', () => {
  test('only the changed service is replaced', async () => {
    const host = await hostWith({ a: alone, b: alone });
    host.declare(configOf({ a: alone, b: changed }));
    host.remember('b', { cause: { kind: 'config', key: 'berth.services.b.environment.A', change: 'added' } });
    const steps = await host.converge();
    expect(ids(steps)).toEqual(['replace-service:b']);
    expect(steps[0]?.cost).toBe('restart-service');
    expect(reasonChain(steps[0]!.reason)).toEqual(['berth.services.b.environment.A added']);
    expect(host.containers()).toEqual(['berth-a running', 'berth-b running', 'berth-b.previous exited']);
  });

  test('the previous container goes when the new one has proven itself', async () => {
    const host = await hostWith({ b: alone });
    host.declare(configOf({ b: changed }));
    await host.converge();
    host.now += 5000;
    expect(ids(await host.converge())).toEqual(['discard-container:berth-b.previous']);
    expect((await host.plan()).steps).toEqual([]);
  });

  test('a new version that is never healthy goes back to the one before and is not tried again', async () => {
    const host = await hostWith({ b: checked });
    host.user.onStart = ({ config }) => ({
      state: 'running',
      health: config.environment.includes('A=b') ? 'unhealthy' : 'healthy',
    });
    host.declare(configOf({ b: { ...checked, environment: { A: 'b' } } }));
    const steps = await host.converge();
    expect(ids(steps)).toEqual(['replace-service:b', 'restore-service:b']);
    expect(reasonChain(steps[1]!.reason)).toEqual(['b rolled back: the new container is unhealthy', 'b is unhealthy']);
    expect(host.containers()).toEqual(['berth-b running']);
    expect((await host.plan()).steps).toEqual([]);
  });

  test('a hand-over keeps the old container until the new one is healthy', async () => {
    const update: ServiceSpec = { ...checked, 'x-berth': { update: 'hand-over' } };
    const host = await hostWith({ b: update });
    host.user.onStart = () => ({ state: 'running', health: 'starting' });
    host.declare(configOf({ b: { ...update, environment: { A: 'b' } } }));
    await host.converge();
    expect(host.containers()).toEqual(['berth-b running', 'berth-b.next running']);
    host.user.happen('berth-b.next', { health: 'healthy' });
    expect(ids(await host.converge())).toEqual(['promote-next:b', 'discard-container:berth-b.previous']);
    expect(host.containers()).toEqual(['berth-b running']);
  });

  test('a removed service goes with its container, dependents first; its volume stays', async () => {
    const volume = { type: 'volume' as const, source: 'data', target: '/data' };
    const host = await hostWith({
      db: { ...alone, volumes: [volume] },
      web: { ...alone, depends_on: needs('db', 'service_started') },
    });
    host.declare(configOf({}));
    expect(ids(await host.converge())).toEqual(['remove-service:berth-web', 'remove-service:berth-db']);
    expect([...host.user.volumes.keys()]).toEqual(['berth_data']);
  });

  test('a network that is no longer declared goes after its containers', async () => {
    const host = await hostWith({ web: { image: 'busybox' } });
    host.declare(configOf({}));
    expect(ids(await host.converge())).toEqual(['remove-service:berth-web', 'remove-network:berth_default']);
  });

  test('a changed network is made anew, with the containers on it', async () => {
    const host = new SimulatedHost();
    host.declare(configOf({ web: { image: 'busybox' } }));
    await host.converge();
    host.declare(configOf({ web: { image: 'busybox' } }, { networks: { default: { internal: true } } }));
    expect(ids(await host.converge())).toEqual([
      'remove-service:berth-web',
      'remove-network:berth_default',
      'create-network:berth_default',
      'start-service:web',
    ]);
    expect((await host.plan()).steps).toEqual([]);
  });

  test('a service that moves to the other engine leaves the first', async () => {
    const host = await hostWith({ web: alone });
    host.declare(configOf({ web: { ...alone, 'x-berth': { engine: 'system' } } }));
    expect(ids(await host.converge()).sort()).toEqual(['remove-service:berth-web', 'start-service:web']);
    expect(host.user.containers.size).toBe(0);
    expect(host.system.containers.size).toBe(1);
  });

  test('an image that now means something else replaces the container', async () => {
    const host = await hostWith({ web: alone });
    host.user.images.set('busybox', 'sha256:new');
    expect(ids(await host.converge())).toEqual(['replace-service:web']);
  });

  test('a port moves from a removed service to a new one', async () => {
    const port = { target: 80, published: '8080', protocol: 'tcp' };
    const host = await hostWith({ old: { image: 'busybox', ports: [port] } });
    host.declare(configOf({ fresh: { image: 'busybox', ports: [port] } }));
    expect(ids(await host.converge())).toEqual(['remove-service:berth-old', 'start-service:fresh']);
  });
});

describe('drift', () => {
  test.each<{ name: string; spec: ServiceSpec; exitCode: number; steps: string[]; memory?: ServiceMemory }>([
    { name: 'an exited service is started again', spec: alone, exitCode: 1, steps: ['resume-service:web'] },
    { name: 'restart: "no" stays as it ended', spec: { ...alone, restart: 'no' }, exitCode: 1, steps: [] },
    {
      name: 'restart: always that is stopped was stopped by somebody',
      spec: { ...alone, restart: 'always' },
      exitCode: 0,
      steps: ['resume-service:web'],
    },
    {
      name: 'restart: on-failure that gave up stays',
      spec: { ...alone, restart: 'on-failure:3' },
      exitCode: 1,
      steps: [],
    },
    {
      name: 'a one-shot that ended well is done',
      spec: { ...alone, 'x-berth': { one_shot: true } },
      exitCode: 0,
      steps: [],
    },
    {
      name: 'a one-shot that failed is tried again',
      spec: { ...alone, 'x-berth': { one_shot: true } },
      exitCode: 2,
      steps: ['resume-service:web'],
    },
    {
      name: 'a disposable service gets a new container',
      spec: { ...alone, 'x-berth': { disposable: true } },
      exitCode: 1,
      steps: ['start-service:web'],
    },
    {
      name: 'a stopped service stays stopped',
      spec: alone,
      exitCode: 0,
      steps: [],
      memory: {
        wish: { kind: 'stopped', reason: { kind: 'operator', command: 'berth service stop web', who: 'ops' } },
      },
    },
  ])('$name', async ({ spec, exitCode, steps, memory = {} }) => {
    const host = await hostWith({ web: spec });
    host.user.happen('berth-web', { state: 'exited', exitCode });
    host.remember('web', memory);
    expect(ids((await host.plan()).steps)).toEqual(steps);
  });

  test('a removed container comes back, and the reason says so', async () => {
    const host = await hostWith({ web: alone });
    host.user.containers.clear();
    const [step] = await host.converge();
    expect(reasonChain(step!.reason)).toEqual(['the container of web was removed']);
  });

  test('an unhealthy service is restarted, not before its backoff is over', async () => {
    const host = await hostWith({ web: checked });
    host.user.happen('berth-web', { health: 'unhealthy' });
    host.remember('web', { retryAt: host.now + 1000 });
    const plan = await host.plan();
    expect(plan.steps.map(({ id, notBefore }) => [id, notBefore])).toEqual([['restart-service:web', host.now + 1000]]);
    expect(plan.wakeAt).toBe(host.now + 1000);
  });

  test("containers that are not Berth's are not touched", async () => {
    const host = await hostWith({ web: alone });
    await host.user.createContainer('foreign', { ...[...host.user.containers.values()][0]!.config, labels: {} });
    expect((await host.plan()).steps).toEqual([]);
  });

  test('an engine that does not answer stops only its own services', async () => {
    const host = new SimulatedHost();
    host.declare(configOf({ a: alone, b: { ...alone, 'x-berth': { engine: 'system' } } }));
    host.user.isUp = false;
    expect(ids(await host.converge())).toEqual(['start-service:b']);
  });
});

describe('a crash in the middle', () => {
  /** Every prefix of a replacement's calls, then planning anew. */
  test.each([0, 1, 2, 3, 4, 5])('after %i calls of a replacement leads to the same end', async (calls) => {
    const host = await hostWith({ b: alone });
    host.declare(configOf({ b: changed }));
    let left = calls;
    const engine = host.user;
    const died = new Error('the agent was killed');
    const spend = (): void => {
      if (left-- <= 0) throw died;
    };
    const real = {
      create: engine.createContainer.bind(engine),
      stop: engine.stopContainer.bind(engine),
      rename: engine.renameContainer.bind(engine),
      start: engine.startContainer.bind(engine),
    };
    engine.createContainer = async (...args) => {
      spend();
      return real.create(...args);
    };
    engine.stopContainer = async (...args) => {
      spend();
      return real.stop(...args);
    };
    engine.renameContainer = async (...args) => {
      spend();
      return real.rename(...args);
    };
    engine.startContainer = async (...args) => {
      spend();
      return real.start(...args);
    };
    await host.converge().catch((error: unknown) => expect(error).toBe(died));
    Object.assign(engine, {
      createContainer: real.create,
      stopContainer: real.stop,
      renameContainer: real.rename,
      startContainer: real.start,
    });

    await host.converge();
    host.now += 5000;
    await host.converge();
    expect(host.containers()).toEqual(['berth-b running']);
    expect([...engine.containers.values()][0]?.config.environment).toEqual(['A=b']);
    expect((await host.plan()).steps).toEqual([]);
  });
});

describe('schedules', () => {
  const hourly: ServiceSpec = { ...alone, 'x-berth': { schedule: '0 * * * *' } };
  const at = (text: string): number => Date.parse(text);

  test('a run starts when its time has passed, once', async () => {
    const host = new SimulatedHost();
    host.now = at('2026-01-01T00:30:00Z');
    host.declare(configOf({ job: hourly }));
    host.remember('job', { lastDue: host.now });
    expect((await host.plan()).steps).toEqual([]);
    expect((await host.plan()).wakeAt).toBe(at('2026-01-01T01:00:00Z'));
    host.now = at('2026-01-01T01:00:00Z');
    host.user.onStart = () => ({ state: 'exited', exitCode: 0 });
    expect(ids(await host.converge())).toEqual(['run-job:job']);
    host.now = at('2026-01-01T04:00:01Z');
    expect(ids(await host.converge())).toEqual(['run-job:job']);
  });

  test.each([
    { overlap: 'skip' as const, running: 1, summary: 'skip the run of job: the last one still runs' },
    { overlap: 'replace' as const, running: 1, summary: 'run job' },
    { overlap: 'allow' as const, running: 2, summary: 'run job' },
  ])('overlap $overlap', async ({ overlap, running, summary }) => {
    const host = new SimulatedHost();
    host.now = at('2026-01-01T01:00:00Z');
    host.declare(configOf({ job: { ...alone, 'x-berth': { schedule: '0 * * * *', overlap } } }));
    host.remember('job', { lastDue: host.now - 1 });
    await host.converge();
    host.now = at('2026-01-01T02:00:00Z');
    const [step] = await host.converge();
    expect(step?.summary).toBe(summary);
    expect([...host.user.containers.values()].filter(({ state }) => state === 'running')).toHaveLength(running);
  });
});
