import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseConfig } from '../../../src/config/parse.ts';
import { desiredServices } from '../../../src/services/desired.ts';
import type { DesiredService, Memory } from '../../../src/services/model.ts';
import { label } from '../../../src/services/names.ts';
import { planServices } from '../../../src/services/plan/plan-services.ts';
import { plainContainer } from '../../contract/plain-container.ts';
import type { FakeEngine } from '../../fakes/fake-engine.ts';
import { configTexts } from '../../support/generated-config.ts';
import { runs } from '../../support/runs.ts';
import { context, SimulatedHost } from '../../support/simulate.ts';

const texts = configTexts({ image: 'berth-test/app', tags: ['1', '2'], maximumServices: 6, everything: true });

/** A host on which tasks end well at once and everything else runs, healthy where that can be asked. */
function newHost(): SimulatedHost {
  const host = new SimulatedHost();
  // One list for both: what counts is which call came first.
  Object.assign(host.system, { calls: host.user.calls });
  for (const engine of [host.user, host.system]) {
    engine.onStart = ({ config }) =>
      config.command?.[0] === 'true'
        ? { state: 'exited', exitCode: 0 }
        : { state: 'running', health: config.healthcheck === undefined ? 'none' : 'healthy' };
  }
  return host;
}

function declare(host: SimulatedHost, text: string): void {
  const { config, diagnostics } = parseConfig([{ file: 'generated.yaml', text }]);
  expect(diagnostics.filter(({ severity }) => severity === 'error')).toEqual([]);
  host.declare(config);
  // Cold: every image has to be pulled.
  for (const engine of [host.user, host.system]) engine.images.clear();
  for (const { name, kind } of host.desired.services.values())
    if (kind === 'scheduled' && host.memory[name]?.lastDue === undefined) host.remember(name, { lastDue: host.now });
}

/** Until nothing is left to do, with time passing: replaced containers go when the new ones have proven themselves. */
async function settle(host: SimulatedHost): Promise<void> {
  for (let pause = 0; pause < 20; pause += 1) {
    await host.converge();
    host.now += 1100;
    if ((await host.plan()).steps.length === 0) return;
  }
  throw new Error(
    `no end: ${(await host.plan()).steps.map(({ id, waitsFor }) => `${id} (${waitsFor.join()})`).join()}; ${host.failed.slice(-5).join('; ')}`,
  );
}

const engines = ['user', 'system'] as const;
const ours = (labels: Readonly<Record<string, string>>): boolean => labels[label.instance] === 'berth';

function runnable(host: SimulatedHost): DesiredService[] {
  return [...host.desired.services.values()].filter(
    ({ problem, kind }) => problem === undefined && kind !== 'scheduled',
  );
}

/** Every container and network is as declared, and there is nothing else of ours. */
function expectAsDeclared(host: SimulatedHost): void {
  for (const name of engines) {
    const wanted = runnable(host).filter(({ engine }) => engine === name);
    const present = [...host[name].containers.values()].filter(({ config }) => ours(config.labels));
    expect(present.map((one) => [one.name, one.config.labels[label.digest], one.state]).sort()).toEqual(
      wanted.map((one) => [one.containerName, one.digest, one.kind === 'one-shot' ? 'exited' : 'running']).sort(),
    );
    const networks = [...host[name].networks].filter(([, { labels }]) => ours(labels));
    expect(networks.map(([network, { labels }]) => [network, labels[label.digest]]).sort()).toEqual(
      host.desired.networks
        .filter(({ engine }) => engine === name)
        .map((one) => [one.name, one.digest])
        .sort(),
    );
    for (const volume of host.desired.volumes.filter(({ engine }) => engine === name))
      expect(host[name].volumes.has(volume.name)).toBe(true);
  }
}

/** The engine's calls, replayed: nothing is created before its networks and volumes, or started before what it needs. */
function expectInOrder(host: SimulatedHost): void {
  const byContainer = new Map(runnable(host).map((service) => [service.containerName, service]));
  const made = new Set<string>();
  const started = new Set<string>();
  for (const call of host.user.calls) {
    const [verb = '', what = ''] = call.split(' ');
    const service = byContainer.get(what);
    if (verb === 'create-network' || verb === 'create-volume') made.add(what);
    if (service === undefined) continue;
    if (verb === 'create') {
      for (const name of [...service.networks, ...service.volumes])
        expect([call, name, made.has(name)]).toEqual([call, name, true]);
    } else if (verb === 'start') {
      started.add(service.name);
      for (const needed of service.conditions)
        expect([call, needed.service, started.has(needed.service)]).toEqual([call, needed.service, true]);
    }
  }
}

/** Somebody else's container, network and volume on each engine, and how to see that nobody touched them. */
async function addForeign(host: SimulatedHost): Promise<() => void> {
  const state = (engine: FakeEngine): unknown => [
    [...engine.containers.values()].filter(({ name }) => name === 'foreign').map(({ id, state }) => [id, state]),
    engine.networks.has('foreign'),
    engine.volumes.has('foreign'),
  ];
  for (const name of engines) {
    const engine = host[name];
    engine.images.set('foreign', 'sha256:foreign');
    await engine.startContainer(await engine.createContainer('foreign', plainContainer('foreign', { labels: {} })));
    await engine.createNetwork('foreign', {
      driver: 'bridge',
      driverOptions: {},
      labels: {},
      internal: false,
      attachable: false,
      enableIpv6: false,
      ipam: [],
    });
    await engine.createVolume('foreign', { driver: 'local', driverOptions: {}, labels: {} });
  }
  const before = engines.map((name) => state(host[name]));
  return () => expect(engines.map((name) => state(host[name]))).toEqual(before);
}

/** From the n-th changing call on, nothing gets through: the process is dead. @returns a function that brings it back. */
function killAt(host: SimulatedHost, call: number, isDone: boolean): () => void {
  const methods = [
    'createContainer',
    'startContainer',
    'stopContainer',
    'vacateContainer',
    'removeContainer',
    'renameContainer',
    'createNetwork',
    'removeNetwork',
    'createVolume',
    'pullImage',
  ] as const;
  let left = call;
  for (const name of engines) {
    const engine = host[name] as unknown as Record<string, (...args: unknown[]) => Promise<unknown>>;
    for (const method of methods) {
      const real = engine[method]?.bind(engine);
      engine[method] = async (...args) => {
        left -= 1;
        if (left < 0 && !(isDone && left === -1)) throw new Killed();
        const result = await real?.(...args);
        if (left < 0) throw new Killed();
        return result;
      };
    }
  }
  return () => {
    // The class's own method shows again.
    for (const name of engines) for (const method of methods) Reflect.deleteProperty(host[name], method);
  };
}

class Killed extends Error {}

describe('generated configs', () => {
  test('from nothing: everything comes up in order, and then nothing is left to do', async () => {
    await fc.assert(
      fc.asyncProperty(texts, async (text) => {
        const host = newHost();
        declare(host, text);
        await settle(host);
        expectAsDeclared(host);
        expectInOrder(host);
        expect(host.failed).toEqual([]);
      }),
      runs(500),
    );
  });

  test('a second config over the first: as declared again, volumes stay, what is not ours is untouched', async () => {
    await fc.assert(
      fc.asyncProperty(texts, texts, async (first, second) => {
        const host = newHost();
        const expectForeignUntouched = await addForeign(host);
        declare(host, first);
        await settle(host);
        const volumes = engines.map((name) => [...host[name].volumes.keys()]);
        const conditions = new Map(
          [...host.desired.services].map(([name, service]) => [name, service.conditions.map((one) => one.service)]),
        );
        const from = host.done.length;
        declare(host, second);
        await settle(host);
        expectAsDeclared(host);
        expectForeignUntouched();
        for (const [index, name] of engines.entries())
          expect([...host[name].volumes.keys()]).toEqual(expect.arrayContaining(volumes[index] ?? []));
        const removed = host.done.slice(from).flatMap((step) => (step.kind === 'remove-service' ? [step.name] : []));
        for (const [at, name] of removed.entries())
          for (const later of removed.slice(at + 1))
            expect([later, conditions.get(later)?.includes(name)]).toEqual([later, false]);
      }),
      runs(300),
    );
  });

  test('killed at any call of the engine, with or without what it remembered last: the same end', async () => {
    await fc.assert(
      fc.asyncProperty(
        texts,
        texts,
        fc.nat(40),
        fc.boolean(),
        fc.boolean(),
        async (first, second, call, isDone, isMemoryLost) => {
          const host = newHost();
          declare(host, first);
          await settle(host);
          declare(host, second);
          const before: Memory = host.memory;
          const revive = killAt(host, call, isDone);
          const isKilled = await settle(host).then(
            () => false,
            (error: unknown) => {
              if (error instanceof Killed) return true;
              throw error;
            },
          );
          revive();
          if (isKilled && isMemoryLost) host.memory = before;
          await settle(host);
          expectAsDeclared(host);
        },
      ),
      runs(300),
    );
  });

  test('with any piece of the text replaced: diagnostics, never an exception, and what is left can be planned', () => {
    const piece = fc.constantFrom(
      '',
      ' ',
      '\n',
      ':',
      '- ',
      '[',
      '{',
      '"',
      '~',
      '0',
      '*a',
      '&a ',
      '\t',
      '!!',
      'host',
      'services:',
      '1s',
      '-1',
      '${',
      'ant',
    );
    fc.assert(
      fc.property(texts, fc.nat(), fc.nat(20), piece, (text, at, length, replacement) => {
        const start = 14 + (at % Math.max(1, text.length - 14));
        const { config, diagnostics } = parseConfig([
          { file: 'broken.yaml', text: text.slice(0, start) + replacement + text.slice(start + length) },
        ]);
        for (const { line, message } of diagnostics) expect([line > 0, message !== '']).toEqual([true, true]);
        const engine = { containers: [], networks: new Map(), volumes: new Set<string>(), images: new Map() };
        planServices({
          desired: desiredServices(config, context),
          observed: { engines: { user: engine, system: engine } },
          memory: {},
          now: 0,
          booting: false,
        });
      }),
      runs(500),
    );
  });
});
