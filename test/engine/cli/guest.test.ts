import { readFileSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { HostStatus, LedgerEntry, PlanReport } from '../../../src/agent/model.ts';
import { parseConfig } from '../../../src/config/parse.ts';
import { DockerEngine } from '../../../src/engine/docker.ts';
import { archiveOf, buildImage, testImageName } from '../support/test-image.ts';
import { type TestMachine, testMachine } from '../support/test-machine.ts';

const example = join(import.meta.dirname, '../../../cloud-config/all-keys.yaml');
const [certificate = ''] = parseConfig([{ file: example, text: readFileSync(example, 'utf8') }]).config.connectivity
  .caCertificates;
let machine: TestMachine;
let system: DockerEngine;
let user: DockerEngine;

beforeAll(async () => {
  machine = await testMachine('guest');
  system = DockerEngine.connect(join(state(), 'run', 'system', 'docker.sock'));
  user = DockerEngine.connect(join(state(), 'run', 'user', 'docker.sock'));
  await mkdir(join(machine.directory, 'home'), { recursive: true });
  await writeFile(join(machine.directory, 'home', 'index.html'), 'bound\n');
});

afterAll(async () => {
  await machine.berth(['down', '--state', state()]);
  for (const engine of [system, user]) engine.close();
  await machine.stop();
});

/** Engines of this test run's control group, so that what a crashed run leaves is found. */
const engines = (daemon: Record<string, unknown> = {}) =>
  `engines: {system: {daemon: ${JSON.stringify({ 'cgroup-parent': machine.cgroup, ...daemon })}}, user: {daemon: {cgroup-parent: ${machine.cgroup}}}}`;
/** Docker 20.10 has no start interval: it looks at a container only after a whole interval. */
const quick = `
    docker: {healthcheck: {interval: 1s}}
    ntp: {healthcheck: {interval: 1s}}`;
const web = () => `${quick}
    web:
      image: ${testImageName}
      pull_policy: never
      command: [httpd, -f, -h, /site]
      stop_signal: SIGKILL
      ports: ["8082:80"]
      configs: [{source: page, target: /site/index.html}]
      volumes:
        - ${machine.directory}/home:/site/home:ro
        - {type: bind, source: ${machine.directory}/home/index.html, target: /site/file.html}
        - ${machine.directory}/home/made:/site/made
  configs: {page: {content: "configured\\n"}}`;
const config = (lines: string) => `#cloud-config\nberth:\n  enable: [ntp, docker]\n  ${lines}\n`;

test('its own user engine runs services that bind-mount from anywhere on the machine', async () => {
  await write(config(`${engines()}\n  services:${quick}`));
  expect((await machine.berth(['up', '--state', state(), '--config', file()])).code).toBe(0);
  await user.loadImage(archiveOf(await buildImage(), testImageName));
  const { code, stdout } = await apply(`${engines()}\n  services:${web()}`);
  expect([code, stdout]).toEqual([0, expect.stringContaining('Done')]);
  expect(await answerOf('')).toBe('configured\n');
  expect(await answerOf('home/index.html')).toBe('bound\n');
  expect(await answerOf('file.html')).toBe('bound\n');
});

test('a bind mount that the user engine cannot make says so', async () => {
  const { code, stdout } = await apply(
    `${engines()}\n  services:\n    far: {image: ${testImageName}, volumes: ["/data/x:/x"]}${web()}`,
  );
  expect([code, stdout]).toEqual([
    1,
    expect.stringMatching(/far +failed .*mounts \/data\/x, which Berth's user engine/),
  ]);
  const missing = await apply(
    `${engines()}\n  services:\n    far: {image: ${testImageName}, volumes: [{type: bind, source: ${machine.directory}/gone, target: /x, bind: {create_host_path: false}}]}${web()}`,
  );
  expect([missing.code, missing.stdout]).toEqual([1, expect.stringMatching(/gone does not exist on this machine/)]);
});

describe('killed, in whatever order', () => {
  const kills = {
    'the user dockerd': async () => pidOf(system, 'berth-docker'),
    'the system dockerd': async () => Number((await stateFile('run/system/dockerd.process')).split(' ')[0]),
    'the agent': async () => Number(await stateFile('run/agent.pid')),
  } as const;

  test.each<(keyof typeof kills)[]>([
    ['the user dockerd', 'the system dockerd'],
    ['the system dockerd', 'the user dockerd'],
    ['the agent', 'the system dockerd'],
  ])('%s, then %s: containers keep their pids, and the published port answers', async (...order) => {
    await apply(`${engines()}\n  services:${web()}`);
    const before = await pids();
    for (const victim of order) {
      const pid = await kills[victim]();
      process.kill(pid, 'SIGKILL');
      if (victim === 'the agent') await machine.berth(['up', '--state', state()]);
      await until(`${victim} is back`, async () => (await kills[victim]().catch(() => 0)) !== pid && (await isFine()));
      expect(await pids()).toEqual(before);
      expect(await answerOf('')).toBe('configured\n');
    }
  });
});

describe('the system engine', () => {
  const more = (daemon: Record<string, unknown> = {}) => `${engines(daemon)}
  dns: {servers: [10.9.9.9]}
  proxy: {http: "http://proxy.test:3128", no_proxy: [intern.test]}
  registries: {docker.io: {mirrors: [mirror.test]}}
  ca_certificates: [${JSON.stringify(certificate)}]
  services:${web()}`;

  test('has the name servers, mirrors, proxies and certificates of the config, and so has the user engine', async () => {
    expect((await apply(more())).code).toBe(0);
    expect(JSON.parse(await stateFile('system-engine/daemon.json'))).toMatchObject({
      'live-restore': true,
      dns: ['10.9.9.9'],
      'registry-mirrors': ['https://mirror.test'],
    });
    const pid = (await stateFile('run/system/dockerd.process')).split(' ')[0] ?? '';
    expect((await readFile(`/proc/${pid}/environ`, 'utf8')).split('\0')).toEqual(
      expect.arrayContaining([
        'HTTP_PROXY=http://proxy.test:3128',
        'NO_PROXY=intern.test',
        `SSL_CERT_FILE=${state()}/system-engine/ca-certificates.pem`,
      ]),
    );
    expect(await stateFile('system-engine/ca-certificates.pem')).toBe(certificate);
    const inside = `/proc/${await pidOf(system, 'berth-docker')}`;
    const trusted = /SSL_CERT_FILE=([^\0]+)/.exec(await readFile(`${inside}/environ`, 'utf8'))?.[1] ?? '';
    expect(await readFile(`${inside}/root${trusted}`, 'utf8')).toBe(certificate);
  });

  test('follows its daemon options: the plan says that it restarts, the ledger why, and containers run on', async () => {
    const before = await pids();
    await write(config(more({ 'shutdown-timeout': 7 })));
    const planned = await plan();
    expect(planned.cost).toBe('restart-engine');
    expect(planned.steps.map(({ id, cost, reasons }) => [id, cost, reasons])).toEqual([
      ['restart-engine:system', 'restart-engine', ['berth.engines.system.daemon changed']],
    ]);
    expect((await apply(more({ 'shutdown-timeout': 7 }))).code).toBe(0);
    expect(JSON.parse(await stateFile('system-engine/daemon.json'))).toMatchObject({ 'shutdown-timeout': 7 });
    const [entry] = (await ledger('engine/system')).filter(({ kind }) => kind === 'restart-engine');
    expect(entry).toMatchObject({
      kind: 'restart-engine',
      outcome: 'done',
      reason: { kind: 'config', key: 'berth.engines.system.daemon' },
    });
    expect(await pids()).toEqual(before);
    expect(await answerOf('')).toBe('configured\n');
    expect((await plan()).steps).toEqual([]);
  });

  test('settings that dockerd does not take: it says so, and runs with the earlier ones', async () => {
    const before = await pids();
    const { code, stdout } = await apply(more({ 'no-such-key': true }));
    expect([code, stdout]).toEqual([1, expect.stringMatching(/failed +berth\.engines\.system\.daemon .*no-such-key/)]);
    expect(await pids()).toEqual(before);
    expect((await status()).engines.find(({ name }) => name === 'system')).toMatchObject({
      state: 'running',
      detail: expect.stringMatching(/earlier settings.*no-such-key/),
    });
    expect((await apply(more())).code).toBe(0);
    expect((await status()).engines.find(({ name }) => name === 'system')).toMatchObject({ detail: '' });
  });
});

/** Pids of the containers that are nobody's engine: those must never be restarted. */
async function pids(): Promise<number[]> {
  return [await pidOf(system, 'berth-ntp'), await pidOf(user, 'berth-web')];
}

async function pidOf(engine: DockerEngine, name: string): Promise<number> {
  return (await engine.inspectContainer(name))?.pid ?? 0;
}

/** Healthy, too: Docker 20.10 that is killed while a container's health is not known yet never looks at it again. */
async function isFine(): Promise<boolean> {
  const { engines: all, services } = await status();
  return (
    all.every(({ state: is }) => is === 'running') &&
    services.every(({ state: is }) => ['healthy', 'running'].includes(is)) &&
    (await pids().catch(() => [0])).every((pid) => pid > 0)
  );
}

async function until(what: string, condition: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 45_000;
  while (!(await condition().catch(() => false))) {
    if (Date.now() > deadline) throw new Error(`never: ${what}: ${JSON.stringify(await status(), null, 1)}`);
    await sleep(200);
  }
}

async function answerOf(path: string): Promise<string> {
  const ask = `fetch('http://172.31.253.1:8082/${path}').then((answer) => answer.text()).then((text) => process.stdout.write(text))`;
  return (await machine.run(process.execPath, ['-e', ask])).stdout;
}

async function apply(lines: string) {
  await write(config(lines));
  return machine.berth(['apply', file(), '--socket', apiSocket()]);
}

async function plan(): Promise<PlanReport> {
  return JSON.parse((await machine.berth(['plan', file(), '--json', '--socket', apiSocket()])).stdout) as PlanReport;
}

async function status(): Promise<HostStatus> {
  return JSON.parse((await machine.berth(['status', '--json', '--socket', apiSocket()])).stdout) as HostStatus;
}

async function ledger(subject: string): Promise<LedgerEntry[]> {
  const { stdout } = await machine.berth(['ledger', '--json', '--subject', subject, '--socket', apiSocket()]);
  return JSON.parse(stdout) as LedgerEntry[];
}

async function write(text: string): Promise<void> {
  await writeFile(file(), text);
}

async function stateFile(path: string): Promise<string> {
  return readFile(join(state(), path), 'utf8');
}

function file(): string {
  return join(machine.directory, 'guest.yaml');
}

function state(): string {
  return join(machine.directory, 'state');
}

function apiSocket(): string {
  return join(state(), 'run', 'api', 'berth.sock');
}
