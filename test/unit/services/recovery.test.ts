import { describe, expect, test } from '@jest/globals';
import type { ServiceSpec } from '../../../src/config/service-spec.ts';
import { BerthError } from '../../../src/core/errors.ts';
import { versionOf } from '../../../src/services/model.ts';
import { planServices } from '../../../src/services/plan/plan-services.ts';
import { rollbacks } from '../../../src/services/readiness.ts';
import { configOf, SimulatedHost } from '../../support/simulate.ts';

const alone: ServiceSpec = { image: 'busybox', network_mode: 'host' };
const checked: ServiceSpec = { ...alone, healthcheck: { test: ['CMD', 'true'], interval: 1e9 } };
const changed = (spec: ServiceSpec): ServiceSpec => ({ ...spec, environment: { A: 'b' } });
const ids = (steps: readonly { id: string }[]): string[] => steps.map(({ id }) => id);

async function hostWith(services: Record<string, ServiceSpec>): Promise<SimulatedHost> {
  const host = new SimulatedHost();
  host.declare(configOf(services));
  await host.converge();
  return host;
}

describe('going back', () => {
  test('a start time remembered of the old container does not condemn the new one', async () => {
    const host = await hostWith({ b: checked });
    host.user.onStart = () => ({ state: 'running', health: 'starting' });
    host.now += 86_400_000;
    host.user.now = host.now;
    const before = host.memory;
    host.declare(configOf({ b: changed(checked) }));
    await host.converge();
    // A crash right after the start: what was remembered of it is lost.
    host.memory = before;
    expect(ids((await host.plan()).steps)).toEqual([]);
  });

  test('a new version that cannot be started is given up after three tries', async () => {
    const host = await hostWith({ b: alone });
    host.declare(configOf({ b: changed(alone) }));
    await host.converge();
    host.user.happen('berth-b', { state: 'created' });
    host.remember('b', { failures: 2, lastError: 'no such program' });
    expect(ids((await host.plan()).steps)).toEqual(['resume-service:b']);
    host.remember('b', { failures: 3 });
    const [step] = (await host.plan()).steps;
    expect(step).toMatchObject({
      id: 'restore-service:b',
      reason: { kind: 'rollback', detail: 'the new container could not be started: no such program' },
    });
  });

  test('a crash between the names and the stop: the old one ends with its grace before the new one starts', async () => {
    const host = await hostWith({ b: alone });
    host.declare(configOf({ b: changed(alone) }));
    await host.converge();
    host.user.happen('berth-b', { state: 'created' });
    host.user.happen('berth-b.previous', { state: 'running' });
    expect(ids(await host.converge())).toEqual(['stop-service:b', 'resume-service:b']);
    expect(host.containers()).toEqual(['berth-b running', 'berth-b.previous exited']);
  });

  test('a successor that cannot be created leaves the running container and its name alone', async () => {
    const host = await hostWith({ b: alone });
    host.declare(configOf({ b: changed(alone) }));
    host.user.createContainer = () => Promise.reject(new BerthError('ENGINE_REFUSED', 'no such runtime'));
    await host.step();
    expect(host.failed).toEqual(['replace-service:b: no such runtime']);
    expect(host.containers()).toEqual(['berth-b running']);
  });

  test('a crash between the name of the old container and the new one: it is renamed back, and replaced', async () => {
    const host = await hostWith({ b: alone });
    host.declare(configOf({ b: changed(alone) }));
    const [old] = host.user.containers.keys();
    await host.user.renameContainer(old ?? '', 'berth-b.previous');
    expect(ids(await host.converge())).toEqual(['restore-service:b', 'replace-service:b']);
    expect(host.containers()).toEqual(['berth-b running', 'berth-b.previous exited']);
  });

  test('a task has nothing to go back to: its old container would do its work again', async () => {
    const task: ServiceSpec = { ...alone, 'x-berth': { one_shot: true } };
    const host = new SimulatedHost();
    host.user.onStart = ({ config }) => ({ state: 'exited', exitCode: config.environment.length });
    host.declare(configOf({ task }));
    await host.converge();
    host.declare(configOf({ task: changed(task) }));
    await host.step();
    expect(host.containers()).toEqual(['berth-task exited']);
    expect(ids((await host.plan()).steps)).toEqual(['resume-service:task']);
  });

  test('a network stays until the container on it that may be needed again has gone', async () => {
    const host = await hostWith({ b: { image: 'busybox' } });
    host.declare(configOf({ b: alone }));
    expect(ids(await host.converge())).toEqual(['replace-service:b']);
    host.now += 5000;
    expect(ids(await host.converge())).toEqual(['discard-container:berth-b.previous', 'remove-network:berth_default']);
  });
});

describe('a restart that was asked for', () => {
  test.each([
    { name: 'restarted in its container', spec: alone },
    { name: 'made anew', spec: { ...alone, 'x-berth': { disposable: true } } },
  ])('is done once, though a crash made us forget that it was: $name', async ({ spec }) => {
    const host = await hostWith({ web: spec });
    host.now += 1000;
    host.user.now = host.now + 500;
    host.remember('web', { restart: { kind: 'operator', who: 'ops', command: 'restart' }, restartAskedAt: host.now });
    const before = host.memory;
    const starts = () => host.user.calls.filter((call) => call.startsWith('start ')).length;
    expect(starts()).toBe(1);
    await host.converge();
    expect(starts()).toBe(2);
    host.memory = before;
    await host.converge();
    expect(starts()).toBe(2);
    expect(host.memory['web']?.restart).toBeUndefined();
  });
});

describe('after a start of the agent', () => {
  test.each([
    { name: 'what ended before is the boot’s doing', startedAt: 900_000, reason: 'boot' },
    { name: 'what it started itself and ended is not', startedAt: 1_000_001, reason: 'exited' },
  ])('$name', async ({ startedAt, reason }) => {
    const host = await hostWith({ web: alone });
    for (const container of host.user.containers.values()) Object.assign(container, { createdAt: 1000 });
    host.user.happen('berth-web', { state: 'exited', exitCode: 1 });
    host.remember('web', { startedAt });
    const { observed } = await host.look();
    const { steps } = planServices({
      desired: host.desired,
      observed,
      memory: host.memory,
      now: host.now,
      booting: true,
      bootedAt: 1_000_000,
    });
    expect(steps[0]?.reason.kind).toBe(reason);
  });

  test('a run of a schedule that was made but not started does not count as one that still runs', async () => {
    const host = new SimulatedHost();
    host.now = Date.parse('2026-01-01T01:00:00Z');
    host.declare(configOf({ job: { ...alone, 'x-berth': { schedule: '0 * * * *' } } }));
    host.remember('job', { lastDue: host.now - 1 });
    const before = host.memory;
    await host.converge();
    const [name = ''] = [...host.user.containers.values()].map((container) => container.name);
    // A crash before anything was remembered: one that runs is not started twice, one that does not is.
    host.memory = before;
    expect(ids((await host.plan()).steps)).toEqual([]);
    host.user.happen(name, { state: 'created' });
    expect((await host.converge())[0]?.summary).toBe('run job');
    expect(host.containers()).toEqual([`${name} running`]);
  });
});

describe('a step that fails', () => {
  test('a network that cannot be made is tried again later, and what needs it says so', async () => {
    const host = new SimulatedHost();
    host.declare(configOf({ web: { image: 'busybox' } }));
    host.remember('network/berth_default', { retryAt: host.now + 1000, lastError: 'no free addresses' });
    const { steps, wakeAt } = await host.plan();
    expect(steps.map(({ id, notBefore, waitsFor }) => [id, notBefore, waitsFor])).toEqual([
      ['create-network:berth_default', host.now + 1000, []],
      ['start-service:web', undefined, ['network berth_default (no free addresses)']],
    ]);
    expect(wakeAt).toBe(host.now + 1000);
  });

  test.each([
    { failedStep: 'restart-service', notBefore: undefined },
    { failedStep: 'stop-service', notBefore: 1_001_000 },
  ])('stopping waits for nothing but an earlier failure to stop ($failedStep)', async ({ failedStep, notBefore }) => {
    const host = await hostWith({ web: alone });
    const wish = { kind: 'stopped' as const, reason: { kind: 'boot' as const } };
    host.now = 1_000_000;
    host.remember('web', { wish, retryAt: 1_001_000, failedStep });
    expect((await host.plan()).steps.map((step) => step.notBefore)).toEqual([notBefore]);
  });

  test('an image that has come another way does not wait for the next pull', async () => {
    const host = new SimulatedHost();
    host.declare(configOf({ web: alone }));
    host.remember('web', { retryAt: host.now + 60_000, failedStep: 'pull-image' });
    expect((await host.plan()).steps.map(({ id, notBefore }) => [id, notBefore])).toEqual([
      ['start-service:web', undefined],
    ]);
    host.user.images.clear();
    expect((await host.plan()).steps.map(({ notBefore }) => notBefore)).toEqual([host.now + 60_000, host.now + 60_000]);
  });
});

test.each([true, false])('a restart that was asked for is done once (disposable: %s)', async (disposable) => {
  const host = await hostWith({ web: { ...alone, 'x-berth': { disposable } } });
  host.remember('web', { restart: { kind: 'dependency', service: 'db' } });
  expect(await host.converge()).toHaveLength(1);
  expect((await host.plan()).steps).toEqual([]);
});

test('services go dependents first, on whichever engine each of them is', async () => {
  const needs = { db: { condition: 'service_started' as const, required: true, restart: false } };
  const host = await hostWith({
    db: { ...alone, 'x-berth': { engine: 'system' } },
    web: { ...alone, depends_on: needs },
  });
  host.declare(configOf({}));
  expect(ids(await host.converge())).toEqual(['remove-service:berth-web', 'remove-service:berth-db']);
});

test('a service that gets a schedule stops running otherwise, and the other way round', async () => {
  const scheduled: ServiceSpec = { ...alone, 'x-berth': { schedule: '0 * * * *' } };
  const host = await hostWith({ job: alone });
  host.declare(configOf({ job: scheduled }));
  host.remember('job', { lastDue: host.now });
  expect(ids(await host.converge())).toEqual(['discard-container:berth-job']);
  host.now += 3_600_000;
  await host.converge();
  host.declare(configOf({ job: alone }));
  await host.converge();
  expect(host.containers()).toEqual(['berth-job running']);
});

describe('what went back', () => {
  const wentBack = async (host: SimulatedHost) => rollbacks(host.desired, (await host.look()).observed, host.memory);
  const version = (host: SimulatedHost, name: string): string =>
    versionOf(host.desired.services.get(name)?.digest ?? '', 'sha256:busybox:latest');

  async function hostThatWentBack(): Promise<SimulatedHost> {
    const host = await hostWith({ b: alone });
    host.declare(configOf({ b: changed(alone) }));
    host.remember('b', { rejected: [{ version: version(host, 'b'), why: 'unhealthy' }] });
    return host;
  }

  test('is known as long as the failed version is the declared one', async () => {
    const host = await hostThatWentBack();
    expect(await host.converge()).toEqual([]);
    expect(await wentBack(host)).toEqual({ b: 'unhealthy' });
  });

  test('is over when another version is declared, though the old one still runs', async () => {
    const host = await hostThatWentBack();
    host.declare(configOf({ b: { ...alone, environment: { A: 'c' } } }));
    expect(await wentBack(host)).toEqual({});
  });

  test('is over when the version that failed before works now', async () => {
    const host = await hostThatWentBack();
    const { rejected } = host.memory['b'] ?? {};
    host.remember('b', { rejected: undefined });
    await host.converge();
    host.remember('b', { rejected });
    expect(await wentBack(host)).toEqual({});
  });

  test('is over when the service is no longer declared', async () => {
    const host = await hostThatWentBack();
    host.declare(configOf({}));
    expect(await wentBack(host)).toEqual({});
  });
});
