import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { FirstApply } from '../../../src/agent/first-apply.ts';
import { HostMachine, type HostMachineDependencies } from '../../../src/agent/host-machine.ts';
import { stateOf } from '../../../src/agent/host-view.ts';
import { guestMachine } from '../../../src/agent/machine.ts';
import { Maintenance } from '../../../src/agent/maintenance.ts';
import type { ApplyEvent } from '../../../src/agent/model.ts';
import { emptyHostConfig } from '../../../src/config/host-config.ts';
import type { TaskMark } from '../../../src/host/commands/task-state.ts';
import type { CommandTask } from '../../../src/host/commands/tasks.ts';
import { HostReconciler } from '../../../src/host/host-reconciler.ts';
import type { DeclaredNetwork } from '../../../src/host/network/network-controller.ts';
import type { NetworkStatus } from '../../../src/host/network/network-status.ts';
import { FakeHost } from '../../fakes/fake-host.ts';
import { config, imageEtc } from '../host/support.ts';

/** A network that gets ready when it is told to. */
class FakeNetwork {
  readonly declared: DeclaredNetwork[] = [];
  status: NetworkStatus | undefined;
  readonly #ready = Promise.withResolvers<undefined>();

  declare(network: DeclaredNetwork): void {
    this.declared.push(network);
  }

  async whenReady(signal: AbortSignal): Promise<void> {
    const aborted = new Promise<never>((_resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason as Error));
    });
    await Promise.race([this.#ready.promise, aborted]);
  }

  getReady(): void {
    this.#ready.resolve(undefined);
  }
}

let directory: string;
let host: FakeHost;
let network: FakeNetwork;
let firstApply: FirstApply;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'host-machine-'));
  host = new FakeHost({ defaults: imageEtc });
  network = new FakeNetwork();
  firstApply = new FirstApply(join(directory, 'first-apply.json'));
  await firstApply.begin('i-1');
});
afterEach(async () => rm(directory, { recursive: true }));

function machine(more: Partial<HostMachineDependencies> = {}): HostMachine {
  const clock = { now: () => 0, sleep: async () => undefined };
  return new HostMachine({
    reconciler: new HostReconciler({ ports: host, clock, recorder: { record: () => undefined } }),
    network,
    trust: { declare: () => undefined },
    startNetwork: () => undefined,
    firstApply,
    maintenance: new Maintenance(join(directory, 'maintenance')),
    groupIds: { docker: 991 },
    bootProblems: () => [],
    clock,
    say: () => undefined,
    signal: new AbortController().signal,
    ...more,
  });
}

const previous = emptyHostConfig;
const named = config('hostname: web-1');
const formatted = config('fs_setup: [{device: /dev/vdb, partition: none, filesystem: xfs}]');

describe('bringing the machine to a config', () => {
  test('every step is told when it begins and when it ends; then nothing is left to do', async () => {
    const events: ApplyEvent[] = [];
    const made = machine();
    expect(await made.bring(named, { previous }, (event) => events.push(event))).toEqual([]);
    const told = events.map((event) => (event.kind === 'step-started' ? event.step.id : event.kind));
    expect(told.filter((line) => line === 'step-done')).toHaveLength(told.length / 2);
    expect(told).toContain('set-hostname:host/hostname');
    expect(await made.plan(named, { previous: named })).toEqual({ steps: [], skipped: [] });
  });

  test('the agent trusts what is declared, and no longer what is not', async () => {
    const told: (readonly string[])[] = [];
    const made = machine({ trust: { declare: (certificates) => void told.push(certificates) } });
    const trusting = {
      ...emptyHostConfig,
      connectivity: { ...emptyHostConfig.connectivity, caCertificates: ['a certificate'] },
    };
    await made.bring(trusting, { previous }, () => undefined);
    await made.bring(named, { previous: trusting }, () => undefined);
    expect(told).toEqual([['a certificate'], []]);
  });

  test('the first config that is applied as a whole ends the first apply', async () => {
    await machine().bring(named, { previous }, () => undefined);
    expect(firstApply.isDue).toBe(false);
  });

  test('what only the next boot brings is in the status', async () => {
    const made = machine();
    await made.bring(named, { previous: config('berth: {modules: [n]}') }, () => undefined);
    expect(made.status().pending).toEqual(['berth.modules.n: stays loaded until the next boot']);
    await made.bring(named, { previous: named }, () => undefined);
    expect(made.status().pending).toEqual([]);
  });

  test('a network that the place gives holds until the config has one of its own', async () => {
    const made = machine();
    const given = { version: 2, ethernets: { eth0: { dhcp6: true } } } as const;
    made.giveNetwork(given);
    await made.bring(named, { previous }, () => undefined);
    expect(network.declared.at(-1)?.network).toEqual(given);
    const own = config('network: {version: 2, ethernets: {eth0: {dhcp4: true}}}');
    await made.bring(own, { previous: named }, () => undefined);
    expect(network.declared.at(-1)?.network).toEqual(own.network);
  });
});

describe('what may not be destroyed', () => {
  beforeEach(async () => {
    await firstApply.note();
    const disk = { path: '/dev/vdb', sizeBytes: 2 ** 30, signature: { kind: 'none' } } as const;
    host = new FakeHost({ defaults: imageEtc, disks: [disk] });
  });

  test('is in the plan as left alone, with what would change that', async () => {
    const { steps, skipped } = await machine().plan(formatted, { previous });
    expect(steps).toEqual([]);
    expect(skipped).toEqual([expect.objectContaining({ why: expect.stringContaining('/dev/vdb') })]);
  });

  test('is done when an operator names the device', async () => {
    const { steps, skipped } = await machine().plan(formatted, { previous, destroy: ['/dev/vdb'] });
    expect(steps.map(({ kind }) => kind)).toEqual(['make-filesystem']);
    expect(skipped).toEqual([]);
  });
});

describe('what goes wrong', () => {
  test('outside of the agent makes the host degraded, also when the guard finds it later, and as long as it stands', () => {
    const problems = ['/var is memory'];
    const made = machine({ bootProblems: () => problems });
    made.booted();
    expect(made.status().problems).toEqual(['/var is memory']);
    expect(stateOf([], made)).toBe('degraded');
    problems.push('it stays');
    expect(made.status().problems).toEqual(['/var is memory', 'it stays']);
    problems.length = 0;
    expect(stateOf([], made)).toBe('healthy');
  });

  test('once the network is there, when nobody waits any more, shows in the status', async () => {
    const made = machine();
    const shared = config('mounts: [["server:/x", /mnt/x, nfs, _netdev]]');
    const reports = await made.bring(shared, { previous }, () => undefined);
    expect(reports).toEqual([expect.objectContaining({ outcome: 'pending' })]);
    host.kernel.mounts = async () => Promise.reject(new Error('EIO'));
    network.getReady();
    for (let turn = 0; turn < 100 && made.status().problems.length === 0; turn += 1)
      await new Promise((resolve) => setImmediate(resolve));
    expect(made.status().problems).toEqual([expect.stringContaining('could not be brought')]);
  });
});

test('a host is converging until its boot is done', () => {
  const made = machine();
  expect(stateOf([], made)).toBe('converging');
  made.booted();
  expect(stateOf([], made)).toBe('healthy');
});

test('a key that is wrong makes a host degraded; on somebody’s own machine the one who applies it sees it', () => {
  const made = machine();
  made.booted();
  expect(stateOf([], made, 1)).toBe('degraded');
  expect(stateOf([], guestMachine, 1)).toBe('healthy');
});

test('a refused config is a problem until another one is applied; what stands in for it ends no first apply', async () => {
  const made = machine();
  made.refuse(['user-data:1:1: error: no config']);
  await made.bring(named, { previous, provisional: true }, () => undefined);
  expect(made.status().problems).toEqual(['user-data:1:1: error: no config']);
  expect(firstApply.isDue).toBe(true);
  await made.bring(named, { previous }, () => undefined);
  expect(made.status().problems).toEqual([]);
  expect(firstApply.isDue).toBe(false);
});

test('what is applied ends the wait for a config', async () => {
  const path = join(directory, 'maintenance');
  const maintenance = new Maintenance(path);
  const made = machine({ maintenance });
  await maintenance.begin('no datasource was found', true);
  expect(made.status().maintenance).toBe('no datasource was found');
  expect(await readFile(path, 'utf8')).toBe('no datasource was found\n');
  await made.bring(named, { previous }, () => undefined);
  expect(made.status().maintenance).toBeNull();
  await expect(readFile(path)).rejects.toMatchObject({ code: 'ENOENT' });
});

test('commands of the config are not held back for ever by a network that does not come', async () => {
  const ran = Promise.withResolvers<string>();
  const marks = new Map<string, TaskMark>();
  const tasks = {
    marks: async () => marks,
    run: async ({ id, digest }: CommandTask) => {
      marks.set(id, { at: 0, digest, outcome: 'done' });
      ran.resolve(id);
    },
  };
  const clock = { now: () => 0, sleep: async () => undefined };
  const { files, blockDevices, encryption, kernel } = host;
  const ports = { files, blockDevices, encryption, kernel, tasks };
  const reconciler = new HostReconciler({ ports, clock, recorder: { record: () => undefined } });
  const patient = machine({ reconciler, networkPatienceMs: 20 });
  const declared = config('runcmd: [a=1]\nmounts: [["server:/x", /mnt/x, nfs, "_netdev"]]\n');
  const reports = await patient.bring(declared, { previous: emptyHostConfig }, () => undefined);
  expect(reports.map(({ key, outcome }) => `${key} ${outcome}`)).toContain('runcmd pending');
  expect(await ran.promise).toBe('runcmd');
  // What needs the network still waits for it.
  expect(host.kernel.mounted.map(({ target }) => target)).not.toContain('/mnt/x');
});
