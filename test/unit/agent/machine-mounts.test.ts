import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { FirstApply } from '../../../src/agent/first-apply.ts';
import { HostMachine } from '../../../src/agent/host-machine.ts';
import { stateOf } from '../../../src/agent/host-view.ts';
import { Maintenance } from '../../../src/agent/maintenance.ts';
import { mountChecks } from '../../../src/agent/mount-checks.ts';
import { emptyHostConfig } from '../../../src/config/host-config.ts';
import { HostReconciler } from '../../../src/host/host-reconciler.ts';
import type { NetworkStatus } from '../../../src/host/network/network-status.ts';
import type { MountRequest } from '../../../src/host/ports.ts';
import { lookAt } from '../../../src/update/health-gate.ts';
import { FakeHost } from '../../fakes/fake-host.ts';
import { config, imageEtc } from '../host/support.ts';
import { ManualClock, settle } from '../update/reboot/manual-clock.ts';

const ready: NetworkStatus = {
  condition: {
    ready: true,
    ...{ address: { holds: true, reason: '' }, route: { holds: true, reason: '' }, dns: { holds: true, reason: '' } },
  },
  ...{ links: [], failures: [] },
} as unknown as NetworkStatus;
const offline: NetworkStatus = { ...ready, condition: { ...ready.condition, ready: false } };
const away = 'the server nas does not answer on port 2049: connect ECONNREFUSED 192.0.2.7:2049';
const required = config('mounts: [["nas:/fleet", /mnt/nas, nfs4, defaults]]');
const optional = config('mounts: [["nas:/fleet", /mnt/nas, nfs4]]');

let directory: string;
let host: FakeHost;
let clock: ManualClock;
let said: string[];
let recorded: string[];
let ending: AbortController;
/** Resolved when the network is there. */
let online: PromiseWithResolvers<undefined>;
/** Why the next mounts fail; undefined: they do not. */
let refusal: string | undefined;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'machine-mounts-'));
  host = new FakeHost({ defaults: imageEtc });
  clock = new ManualClock();
  [said, recorded, ending, refusal] = [[], [], new AbortController(), away];
  online = Promise.withResolvers();
  const mount = host.kernel.mount.bind(host.kernel);
  host.kernel.mount = async (request: MountRequest) => {
    if (refusal !== undefined) throw new Error(refusal);
    await mount(request);
  };
});
afterEach(async () => {
  ending.abort();
  // What was under way may still write its last file.
  await rm(directory, { recursive: true, maxRetries: 5 });
});

async function machine(network: NetworkStatus = ready): Promise<HostMachine> {
  const firstApply = new FirstApply(join(directory, 'first-apply.json'));
  await firstApply.begin('i-1');
  const made = new HostMachine({
    reconciler: new HostReconciler({
      ports: host,
      clock: { now: () => clock.now(), sleep: async () => undefined },
      recorder: { record: ({ summary, outcome }) => recorded.push(`${summary} ${outcome}`) },
    }),
    network: { declare: () => undefined, status: network, whenReady: async () => online.promise },
    trust: { declare: () => undefined },
    startNetwork: () => undefined,
    firstApply,
    maintenance: new Maintenance(join(directory, 'maintenance')),
    groupIds: {},
    bootProblems: () => [],
    clock,
    say: (line) => said.push(line),
    signal: ending.signal,
  });
  made.booted();
  return made;
}

const bring = async (made: HostMachine, wanted = required): Promise<void> => {
  await made.bring(wanted, { previous: emptyHostConfig }, () => undefined);
};
const mounting = 'mount nas:/fleet on /mnt/nas';

async function pass(ms: number): Promise<void> {
  for (let passedMs = 0; passedMs < ms; passedMs += 5_000) {
    await clock.pass(5_000);
    for (let turn = 0; turn < 4; turn += 1) await settle();
  }
}

test('one that fails makes the host degraded: what, why, since when, and when it is tried again', async () => {
  const made = await machine();
  await bring(made);
  expect(made.status().problems).toEqual([
    `mounts["/mnt/nas"]: ${mounting}: ${away}; so since 1970-01-01T00:00:00Z, tried again at 1970-01-01T00:00:05Z`,
  ]);
  expect(stateOf([], made)).toBe('degraded');
  expect(made.status().warnings).toEqual([]);
});

test('with "nofail" it is a warning, and the host is healthy', async () => {
  const made = await machine();
  await bring(made, optional);
  expect(made.status().problems).toEqual([]);
  expect(made.status().warnings).toEqual([expect.stringContaining(away)]);
  expect(stateOf([], made)).toBe('healthy');
});

test.each([
  { kind: 'waits for the network', network: offline, isComing: true, why: 'once the network is there' },
  { kind: 'failed', network: ready, isComing: false, why: away },
])('one that $kind is told to those whose services lie on it, until it is there', async (given) => {
  const made = await machine(given.network);
  const told: unknown[] = [];
  made.onMounts(() => told.push(made.absentMounts));
  await bring(made);
  const absent = { target: '/mnt/nas', isComing: given.isComing, why: `${mounting}: ${given.why}` };
  expect(told).toEqual([[absent]]);
  refusal = undefined;
  online.resolve(undefined);
  await pass(60_000);
  expect(told).toEqual([[absent], []]);
});

test('one that stays mounted, though with other options than declared, is there', async () => {
  refusal = undefined;
  const made = await machine();
  await bring(made);
  refusal = away;
  const other = config('mounts: [["nas:/fleet", /mnt/nas, nfs4, ro]]');
  await made.bring(other, { previous: required }, () => undefined);
  expect(made.mountTroubles).toHaveLength(1);
  expect(made.absentMounts).toEqual([]);
});

test.each([
  [required, 'converging'],
  [optional, 'healthy'],
])('one that waits for the network is no failure: %#', async (wanted, state) => {
  refusal = undefined;
  const made = await machine(offline);
  await bring(made, wanted);
  expect(stateOf([], made)).toBe(state);
  expect(made.status().problems).toEqual([]);
  online.resolve(undefined);
  await pass(5_000);
  expect(host.kernel.mounted.map(({ target }) => target)).toEqual(['/mnt/nas']);
  expect(stateOf([], made)).toBe('healthy');
});

test('it is tried again until it is there, a minute apart at most; told and recorded once', async () => {
  const made = await machine();
  await bring(made);
  await pass(30_000);
  await pass(600_000);
  expect(made.status().problems).toEqual([expect.stringContaining('so since 1970-01-01T00:00:00Z')]);
  refusal = undefined;
  await pass(60_000);
  expect(host.kernel.mounted.map(({ target }) => target)).toEqual(['/mnt/nas']);
  expect(made.status().problems).toEqual([]);
  expect(stateOf([], made)).toBe('healthy');
  expect(said).toEqual([`${mounting}: ${away}; it is tried again`, '/mnt/nas is as declared now']);
  expect(recorded.filter((line) => line.startsWith(mounting))).toEqual([`${mounting} failed`, `${mounting} done`]);
});

test('another reason is told', async () => {
  const made = await machine();
  await bring(made);
  refusal = 'access denied';
  await pass(5_000);
  expect(said.at(-1)).toBe(`${mounting}: access denied; it is tried again`);
});

test('a device that comes late is mounted when it is there, with what belongs on it', async () => {
  const made = await machine();
  refusal = undefined;
  const declared = config('mounts: [[LABEL=data, /data, xfs]]\nwrite_files: [{path: /data/a, content: b}]');
  await bring(made, declared);
  expect(made.status().warnings).toEqual([expect.stringContaining('LABEL=data is not there')]);
  host.blockDevices.devices.set('/dev/vdb', {
    path: '/dev/vdb',
    sizeBytes: 2 ** 30,
    signature: { kind: 'filesystem', type: 'xfs', label: 'data' },
  });
  await pass(60_000);
  expect(made.status().warnings).toEqual([]);
  expect(await host.files.exists('/data/a')).toBe(true);
});

test('a config that does not have it any more ends it', async () => {
  const made = await machine();
  await bring(made);
  await made.bring(emptyHostConfig, { previous: required }, () => undefined);
  expect(made.status().problems).toEqual([]);
  refusal = undefined;
  await pass(120_000);
  expect(host.kernel.mounted).toEqual([]);
});

test.each([
  { name: 'a server that is away', wanted: required, why: away, level: 'baseline', holds: true },
  {
    name: 'a refusal',
    wanted: required,
    why: 'mount ended with 32: unknown filesystem type',
    level: 'baseline',
    holds: false,
  },
  {
    name: 'a refusal with "nofail"',
    wanted: optional,
    why: 'mount ended with 32: bad option',
    level: 'wanted',
    holds: false,
  },
  { name: 'none', wanted: required, why: undefined, level: 'baseline', holds: true },
])('what a release must show: $name', async ({ wanted, why, level, holds }) => {
  refusal = why;
  const made = await machine();
  await bring(made, wanted);
  const results = await lookAt(
    mountChecks(wanted.mounts, () => made.mountTroubles),
    ending.signal,
  );
  expect(results).toEqual([{ name: 'mount /mnt/nas', level, holds, detail: expect.any(String) }]);
});
