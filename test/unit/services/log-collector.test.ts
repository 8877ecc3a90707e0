import { describe, expect, test } from '@jest/globals';
import { explainChange } from '../../../src/agent/changes.ts';
import { diffConfigs } from '../../../src/config/diff.ts';
import { defaultEngineOptions, type HostConfig } from '../../../src/config/host-config.ts';
import type { ComposeModel, ServiceSpec } from '../../../src/config/service-spec.ts';
import { desiredServices } from '../../../src/services/desired.ts';
import type { Desired } from '../../../src/services/model.ts';
import { planServices } from '../../../src/services/plan/plan-services.ts';
import { configOf, context, SimulatedHost } from '../../support/simulate.ts';

const onSystem: ServiceSpec = { 'x-berth': { engine: 'system' } };
const syslog: ServiceSpec = {
  image: 'berth/syslog:1',
  ...onSystem,
  logging: { driver: 'local' },
  environment: { SYSLOG_PORT: '1514' },
  healthcheck: { test: ['CMD', 'true'], interval: 1e9 },
};
const web: ServiceSpec = { image: 'web', network_mode: 'host' };

function catalogueOf(spec: ServiceSpec): ReadonlyMap<string, ComposeModel> {
  return new Map([['syslog', { ...configOf({}).compose, services: { syslog: spec } }]]);
}

const catalogue = catalogueOf(syslog);
const withSyslog = (config: HostConfig): HostConfig => ({ ...config, enable: ['syslog'] });

function desiredOf(config: HostConfig, collector = syslog): Desired {
  return desiredServices(config, { ...context, catalogue: catalogueOf(collector) });
}

function loggingOf(config: HostConfig, name: string): unknown {
  return desiredOf(config).services.get(name)?.container.logging;
}

const local = { driver: 'local', options: { 'max-size': '10m', 'max-file': '3' } };
const collected = (tag: string, port = '1514') => ({
  driver: 'syslog',
  options: {
    'syslog-address': `udp://127.0.0.1:${port}`,
    'syslog-format': 'rfc5424micro',
    tag,
    'cache-max-size': '10m',
    'cache-max-file': '3',
  },
});

describe('where a service logs to', () => {
  test('without the collector: its engine', () => {
    expect(loggingOf(configOf({ web }), 'web')).toEqual(local);
  });

  test('with it: there, under its own name, with a local copy of the same size', () => {
    expect(loggingOf(withSyslog(configOf({ web })), 'web')).toEqual(collected('web'));
  });

  test('the collector listens on another port', () => {
    const config = withSyslog(configOf({ web, syslog: { environment: { SYSLOG_PORT: '9514' } } }));
    expect(loggingOf(config, 'web')).toEqual(collected('web', '9514'));
  });

  test('the collector never logs to itself', () => {
    expect(loggingOf(withSyslog(configOf({})), 'syslog')).toEqual({ driver: 'local', options: {} });
    const careless = desiredOf(withSyslog(configOf({})), { ...syslog, ...onSystem, logging: undefined as never });
    expect(careless.services.get('syslog')?.container.logging).toEqual(local);
  });

  test.each([
    ['a service that says how it logs', { logging: { driver: 'journald' } }, { driver: 'journald', options: {} }],
    [
      'a service that sets options of its engine’s driver',
      { logging: { options: { 'max-file': '1' } } },
      { driver: 'local', options: { 'max-size': '10m', 'max-file': '1' } },
    ],
  ] as const)('%s keeps to that', (_, logging, expected) => {
    expect(loggingOf(withSyslog(configOf({ web: { ...web, ...logging } })), 'web')).toEqual(expected);
  });

  test('an engine with another driver keeps to that', () => {
    const config = withSyslog(configOf({ web, ntp: { ...web, ...onSystem } }));
    const user = { ...defaultEngineOptions, logDriver: 'journald', logOptions: {} };
    const changed = { ...config, engines: { ...config.engines, user } };
    expect(loggingOf(changed, 'web')).toEqual({ driver: 'journald', options: {} });
    expect(loggingOf(changed, 'ntp')).toEqual(collected('ntp'));
  });
});

describe('enabling the collector', () => {
  const before = desiredOf(configOf({ web, task: { ...web, 'x-berth': { one_shot: true } } }));
  const config = withSyslog(configOf({ web, task: { ...web, 'x-berth': { one_shot: true } } }));
  const after = desiredOf(config);

  test('makes new containers, and says why', () => {
    expect(after.services.get('web')?.digest).not.toBe(before.services.get('web')?.digest);
    const changes = diffConfigs(configOf({ web }), { ...config, hostname: 'other' });
    const { causes } = explainChange(before, after, changes, { kind: 'boot' });
    expect(causes['web']).toEqual({ kind: 'config', key: 'berth.enable.syslog', change: 'added' });
  });

  test('does not do a finished task again', () => {
    expect(after.services.get('task')?.container.logging).toEqual(collected('task'));
    expect(after.services.get('task')?.digest).toBe(before.services.get('task')?.digest);
  });

  test('a change of another kind has its own reason', () => {
    const changes = diffConfigs(configOf({ web }), { ...configOf({ web }), hostname: 'other' });
    const { causes } = explainChange(before, after, changes, { kind: 'boot' });
    expect(causes['web']).toEqual({ kind: 'config', key: 'hostname', change: 'added' });
  });
});

describe('the order', () => {
  const ids = (steps: readonly { id: string }[]): string[] => steps.map(({ id }) => id);

  async function started(change: (host: SimulatedHost) => void = () => undefined): Promise<SimulatedHost> {
    const host = new SimulatedHost();
    host.system.onStart = () => ({ state: 'running', health: 'starting' });
    host.declare(withSyslog(configOf({ web })), { catalogue });
    change(host);
    await host.converge();
    return host;
  }

  test('the others start when the collector is healthy', async () => {
    const host = await started();
    expect(ids(host.done)).toEqual(['start-service:syslog']);
    host.system.happen('berth-syslog', { health: 'healthy' });
    expect(ids(await host.converge())).toEqual(['start-service:web']);
  });

  test.each([
    ['has failed', (host: SimulatedHost) => host.remember('syslog', { failures: 1, retryAt: host.now + 60_000 })],
    [
      'is stopped by an operator',
      (host: SimulatedHost) => host.remember('syslog', { wish: { kind: 'stopped', reason: { kind: 'boot' } } }),
    ],
    ['has no engine', (host: SimulatedHost) => Object.assign(host.system, { isUp: false })],
  ])('a collector that %s holds nobody up', async (_, change) => {
    expect(ids((await started(change)).done)).toEqual(['start-service:web']);
  });

  test('an engine that was needed just now may be starting: the collector on it is waited for, not for ever', async () => {
    const host = new SimulatedHost();
    Object.assign(host.system, { isUp: false });
    host.declare(withSyslog(configOf({ web })), { catalogue });
    const { observed } = await host.look();
    const planAt = (now: number) =>
      planServices({ desired: host.desired, observed, memory: {}, now, declaredAt: 1000, booting: false });
    expect(planAt(1001).steps.filter(({ id }) => id === 'start-service:web')).toMatchObject([
      { waitsFor: ['syslog to be healthy (not started yet)'] },
    ]);
    expect(planAt(1001).wakeAt).toBe(31_000);
    expect(planAt(31_000).steps.filter(({ id }) => id === 'start-service:web')).toMatchObject([{ waitsFor: [] }]);
  });

  test('what the collector needs does not wait for it', () => {
    const needed = configOf({ web, base: web, syslog: { depends_on: needs('base') } });
    const { services } = desiredOf(withSyslog(needed));
    expect(services.get('base')?.conditions).toEqual([]);
    expect(services.get('web')?.conditions).toEqual([
      { service: 'syslog', condition: 'healthy', restart: false, origin: 'collector' },
    ]);
  });

  test('nor do essential services, which the collector waits for', () => {
    const { services } = desiredOf(withSyslog(configOf({ first: { ...web, 'x-berth': { essential: true } } })));
    expect(services.get('first')?.conditions).toEqual([]);
    expect(services.get('syslog')?.conditions).toMatchObject([{ service: 'first', origin: 'essential' }]);
  });
});

function needs(service: string): NonNullable<ServiceSpec['depends_on']> {
  return { [service]: { condition: 'service_started', required: true, restart: false } };
}
