import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { HostStatus } from '../../../src/agent/model.ts';
import { type DetachedProcess, terminate } from '../../../src/engine/detached-process.ts';
import type { DockerEngine } from '../../../src/engine/docker.ts';
import { plainContainer } from '../../contract/plain-container.ts';
import { testImage } from '../support/test-image.ts';
import { type TestMachine, testMachine } from '../support/test-machine.ts';

const socket = '/var/run/docker.sock';
/** Without the link, which would lead us to our own /run. */
const realSocket = '/run/docker.sock';
let machine: TestMachine;
let foreign: DockerEngine;
let dockerd: DetachedProcess;
let theirs = '';
let before: Awaited<ReturnType<typeof facts>>;

beforeAll(async () => {
  machine = await testMachine('foreign');
  const cgroup = { 'cgroup-parent': machine.cgroup };
  await writeFile(join(machine.directory, 'foreign.json'), JSON.stringify({ 'live-restore': true, ...cgroup }));
  await startForeign();
  const image = await testImage(foreign);
  theirs = await foreign.createContainer(
    'theirs',
    plainContainer(image, {
      command: ['httpd', '-f', '-h', '/www'],
      networkMode: 'bridge',
      ports: [{ containerPort: '80/tcp', hostPort: '8081' }],
    }),
  );
  await foreign.startContainer(theirs);
  before = await facts();
  expect(before.rules.filter((rule) => rule.includes('8081'))).not.toEqual([]);
  await writeFile(
    guestFile(),
    `#cloud-config
hostname: taken-over
timezone: Asia/Tokyo
users: [{name: ops, ssh_authorized_keys: [ssh-ed25519 AAAA ops@laptop]}]
berth:
  enable: [ntp]
  engines:
    system: {daemon: {cgroup-parent: ${machine.cgroup}}}
  services:
    web:
      image: ${image}
      command: [httpd, -f, -h, /www]
      stop_signal: SIGKILL
      ports: ["8082:80"]
`,
  );
});

afterAll(async () => {
  await machine.berth(['down', '--state', state()]);
  await machine.stop();
});

test('berth up uses the Docker that runs there, and leaves all it had alone', async () => {
  const { code, stdout } = await up();
  expect([code, stdout]).toEqual([0, expect.stringContaining('Done: the host is as declared')]);
  const { engines, services, skipped } = await status();
  expect(engines.find(({ name }) => name === 'user')).toMatchObject({ socket, state: 'running', version: /^20\.10/ });
  expect(services.map(({ name, engine, state }) => [name, engine, state])).toEqual([
    ['ntp', 'system', 'healthy'],
    ['web', 'user', 'running'],
  ]);
  expect(skipped.map(({ subject }) => subject)).toEqual(
    expect.arrayContaining(['host/hostname', 'host/timezone', 'user/ops']),
  );
  expect(await answerOf(8082)).toBe('hello\n');
  const now = await facts();
  expect({ ...now, rules: [], links: [] }).toEqual({ ...before, rules: [], links: [] });
  expect(now.rules).toEqual(expect.arrayContaining(before.rules));
  expect(now.links).toEqual(expect.arrayContaining(before.links));
});

test("the catalogue's docker service does not run beside it", async () => {
  const config = join(machine.directory, 'both.yaml');
  await writeFile(config, (await readFile(guestFile(), 'utf8')).replace('[ntp]', '[docker]'));
  const { code, stdout } = await machine.berth(['apply', config, '--socket', apiSocket()]);
  expect([code, stdout]).toEqual([1, expect.stringMatching(/docker .*would flush its rules/)]);
  expect((await facts()).rules).toEqual(expect.arrayContaining(before.rules));
});

test('berth down takes its own away, and nothing else', async () => {
  expect((await machine.berth(['down', '--state', state()])).code).toBe(0);
  expect(await facts()).toEqual(before);
});

test('a Docker that is stopped keeps its rules: Berth starts no second one, and says why', async () => {
  await terminate(dockerd, 20_000);
  const stopped = await facts();
  await writeFile(guestFile(), (await readFile(guestFile(), 'utf8')).replace('[ntp]', '[]'));
  const { code, stdout } = await up();
  expect([code, stdout]).toEqual([1, expect.stringMatching(/docker0\) does not run but still publishes ports/)]);
  // What was applied before has a service on the system engine: its bridge may be there until Berth is down.
  const { links, ...others } = await facts();
  expect({ ...others, links: links.filter((name) => name !== 'berth1') }).toEqual(stopped);
  expect(await answerOf(8081)).toBe('hello\n');
  expect((await machine.berth(['down', '--state', state()])).code).toBe(0);
  expect(await facts()).toEqual(stopped);
  await startForeign();
  expect(await facts()).toEqual({ ...before, socket: expect.any(Number) });
});

/** What must be as it was. */
async function facts() {
  const shown = async (program: string, args: readonly string[]) => (await machine.run(program, args)).stdout;
  const rules = (await shown('iptables-save', [])).split('\n').filter((line) => !line.startsWith('#'));
  const details = await foreign.inspectContainer(theirs).catch(() => undefined);
  return {
    container: details === undefined ? undefined : [details.state, details.pid, details.startedAt],
    socket: (await stat(machine.outside(realSocket)).catch(() => undefined))?.ino,
    hostname: await shown('hostname', []),
    files: await shown('sh', [
      '-c',
      'sha256sum /etc/passwd /etc/shadow /etc/group /etc/hostname; readlink -f /etc/localtime',
    ]),
    links: (await shown('cat', ['/proc/net/dev'])).match(/\S+(?=:)/g) ?? [],
    answer: await answerOf(8081),
    // Counters of packets are no rules.
    rules: rules.map((line) => line.replace(/ \[\d+:\d+\]$/, '')).toSorted(),
  };
}

async function startForeign(): Promise<void> {
  const root = join(machine.directory, 'foreign');
  dockerd = await machine.spawn(
    'dockerd',
    ['--config-file', join(machine.directory, 'foreign.json'), '--data-root', root],
    'foreign',
  );
  foreign = machine.engine(realSocket);
  const deadline = Date.now() + 60_000;
  while ((await foreign.info().catch(() => undefined)) === undefined) {
    if (Date.now() > deadline)
      throw new Error((await readFile(join(machine.directory, 'foreign.log'), 'utf8')).slice(-2000));
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** What the published port says, asked by the bridge's address: through iptables, not the engine's own proxy. */
async function answerOf(port: number): Promise<string> {
  const ask = `fetch('http://172.17.0.1:${port}/').then((answer) => answer.text()).then((text) => process.stdout.write(text))`;
  return (await machine.run(process.execPath, ['-e', ask])).stdout;
}

async function up() {
  return machine.berth(['up', '--state', state(), '--config', guestFile()]);
}

async function status(): Promise<HostStatus> {
  return JSON.parse((await machine.berth(['status', '--json', '--socket', apiSocket()])).stdout) as HostStatus;
}

function guestFile(): string {
  return join(machine.directory, 'guest.yaml');
}

function state(): string {
  return join(machine.directory, 'state');
}

function apiSocket(): string {
  return join(state(), 'run', 'api', 'berth.sock');
}
