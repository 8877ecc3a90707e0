import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { defaultEngineOptions, emptyHostConfig } from '../../../src/config/host-config.ts';
import { daemonConfig } from '../../../src/engine/daemon-config.ts';
import { findDetached } from '../../../src/engine/detached-process.ts';
import { DockerEngine } from '../../../src/engine/docker.ts';
import type { EngineSpec } from '../../../src/engine/engine-spec.ts';
import {
  type EngineStateChange,
  EngineSupervisor,
  type Quietly,
  type SupervisorOptions,
} from '../../../src/engine/engine-supervisor.ts';
import { runCommand } from '../../../src/engine/run-command.ts';
import { plainContainer } from '../../contract/plain-container.ts';
import { systemClock } from '../support/clock.ts';
import { engineRelease } from '../support/engine-versions.ts';
import { cgroupPids, killAll, removeCgroup } from '../support/process-cleanup.ts';
import { testImage } from '../support/test-image.ts';
import { networkConfig, returnNetwork, type TestNetwork, takeNetwork } from '../support/test-network.ts';

describe('the engine supervisor, on Docker 20.10 in the machine itself', () => {
  let stateDir: string;
  let spec: EngineSpec;
  let changes: EngineStateChange[];
  let supervisors: EngineSupervisor[];
  let networks: TestNetwork[];

  beforeEach(async () => {
    const { binaries } = await engineRelease('20.10');
    stateDir = await mkdtemp('/tmp/berth-sup-');
    const config = daemonConfig(defaultEngineOptions, emptyHostConfig.connectivity, 'system');
    spec = {
      role: 'system',
      stateDir,
      binaries,
      containerd: { kind: 'own' },
      config: { ...config, 'cgroup-parent': cgroup() },
    };
    changes = [];
    supervisors = [];
    networks = [];
  });

  afterEach(async () => {
    for (const { paths } of supervisors) {
      const engine = DockerEngine.connect(paths.socket);
      const left = await engine.listContainers('berth.test.contract').catch(() => []);
      for (const { id } of left) await engine.removeContainer(id);
      engine.close();
    }
    for (const supervisor of supervisors) await supervisor.stop(5_000);
    await killAll(() => cgroupPids(cgroup().slice(1)));
    removeCgroup(cgroup().slice(1));
    for (const network of networks) await returnNetwork(network);
    await unmountBelow(stateDir);
    await rm(stateDir, { recursive: true, force: true });
  });

  const cgroup = () => `/${stateDir.slice('/tmp/'.length)}`;
  const supervise = (changed: Partial<EngineSpec> = {}, more: Partial<SupervisorOptions> = {}) => {
    const options = {
      ...more,
      clock: systemClock,
      random: () => 0,
      onChange: (change: EngineStateChange) => changes.push(change),
      checkIntervalMs: 200,
    };
    const supervisor = new EngineSupervisor({ ...spec, ...changed }, options);
    supervisors.push(supervisor);
    return supervisor;
  };
  const runOne = async (engine: DockerEngine, name: string) => {
    const id = await engine.createContainer(name, plainContainer(await testImage(engine), { networkMode: 'host' }));
    await engine.startContainer(id);
    return id;
  };
  const pidOf = async (engine: DockerEngine, id: string) => (await engine.inspectContainer(id))?.pid;
  const reached = async (isReached: () => boolean) => {
    while (!isReached()) await sleep(20);
  };
  const states = () => changes.map(({ state }) => state);
  const dockerdPid = async ({ paths }: EngineSupervisor) => (await findDetached(paths.dockerdPid))?.pid ?? 0;
  const containerdPid = async ({ paths }: EngineSupervisor) => (await findDetached(paths.containerdPid))?.pid ?? 0;

  test('an engine is started once; a later supervisor adopts it, and a container is not disturbed', async () => {
    const first = supervise();
    await first.ensureRunning();
    const engine = DockerEngine.connect(first.paths.socket);
    const id = await runOne(engine, 'kept');
    const pids = [await dockerdPid(first), await containerdPid(first), await pidOf(engine, id)];

    const second = supervise();
    await second.ensureRunning();
    expect(await second.isCurrent()).toBe(true);
    expect([await dockerdPid(second), await containerdPid(second), await pidOf(engine, id)]).toEqual(pids);
    expect(changes).toEqual([
      { state: 'starting', reason: 'no engine runs', lastLogLines: [] },
      { state: 'running', reason: 'started', lastLogLines: [] },
      { state: 'running', reason: 'adopted the engine that runs', lastLogLines: [] },
    ]);
    engine.close();
  });

  test('an engine whose pidfiles were never written is found all the same', async () => {
    const first = supervise();
    await first.ensureRunning();
    const pids = [await dockerdPid(first), await containerdPid(first)];
    for (const file of [first.paths.dockerdPid, first.paths.containerdPid]) await rm(file);
    const second = supervise();
    await second.ensureRunning();
    expect([await dockerdPid(second), await containerdPid(second)]).toEqual(pids);
  });

  test('both are leaders of a session of their own, so that they outlive us', async () => {
    const supervisor = supervise();
    await supervisor.ensureRunning();
    for (const pid of [await dockerdPid(supervisor), await containerdPid(supervisor)]) {
      const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
      const session = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[3];
      expect(session).toBe(String(pid));
    }
  });

  test.each([
    'dockerd',
    'containerd',
  ] as const)('a killed %s comes back, and containers keep their pids', async (program) => {
    const supervisor = supervise();
    await supervisor.ensureRunning();
    const engine = DockerEngine.connect(supervisor.paths.socket);
    const id = await runOne(engine, 'survivor');
    const pid = await pidOf(engine, id);
    const stop = new AbortController();
    const watching = supervisor.watch(stop.signal);
    await reached(() => states().filter((state) => state === 'running').length === 2);
    const victim = program === 'dockerd' ? await dockerdPid(supervisor) : await containerdPid(supervisor);
    process.kill(victim, 'SIGKILL');
    await reached(() => states().filter((state) => state === 'running').length === 3);
    expect(changes.find(({ state }) => state === 'down')?.reason).toBe(`${program} (pid ${victim}) ended`);
    expect(await pidOf(engine, id)).toBe(pid);
    // dockerd finds a new containerd a moment later.
    while ((await exitCodeOf(engine, id)) !== 7) await sleep(100);
    stop.abort();
    await watching;
    engine.close();
  });

  test('one that runs with other settings is started with its own before it counts as running; containers keep their pids', async () => {
    const first = supervise();
    await first.ensureRunning();
    const engine = DockerEngine.connect(first.paths.socket);
    const id = await runOne(engine, 'survivor');
    const pid = await pidOf(engine, id);
    changes = [];
    const second = supervise({ config: { ...spec.config, 'shutdown-timeout': 7 } });
    expect(await second.isCurrent()).toBe(false);
    await second.ensureRunning();
    expect(await second.isCurrent()).toBe(true);
    expect(await pidOf(engine, id)).toBe(pid);
    expect(changes.map(({ state, reason }) => [state, reason])).toEqual([
      ['starting', 'it runs with other settings'],
      ['running', 'started'],
    ]);
    engine.close();
  });

  test.each([
    {
      why: 'an unknown option',
      changed: { extraArguments: ['--no-such-option'] },
      said: /unknown flag: --no-such-option/,
    },
    { why: 'a wrong daemon.json', changed: { config: { 'log-driver': 7 } }, said: /log-driver|cannot unmarshal/ },
    {
      why: 'a missing program',
      changed: {
        binaries: { dockerd: '/no/such', containerd: '/no/such', runc: '', path: '', libraryPath: '', version: '' },
      },
      said: /cannot run \/no\/such/,
    },
  ])('a start that fails for $why says so', async ({ changed, said }) => {
    await expect(supervise(changed).ensureRunning()).rejects.toMatchObject({
      code: 'ENGINE_START_FAILED',
      message: expect.stringMatching(said),
    });
  });

  test('settings that dockerd does not start with: it runs with those of the fallback, and says why', async () => {
    const bad = { ...spec, config: { ...spec.config, 'no-such-key': true } };
    const options = { clock: systemClock, random: () => 0, onChange: () => undefined, fallback: spec };
    const supervisor = new EngineSupervisor(bad, options);
    supervisors.push(supervisor);
    await supervisor.ensureRunning();
    expect(supervisor.spec).toBe(spec);
    expect(supervisor.refusal).toMatch(/no-such-key/);
    const pid = await dockerdPid(supervisor);
    await supervisor.reconfigure({ ...spec, config: { ...spec.config, 'shutdown-timeout': 7 } });
    expect(supervisor.refusal).toBeUndefined();
    expect(await dockerdPid(supervisor)).not.toBe(pid);
    await expect(supervisor.reconfigure(bad)).rejects.toMatchObject({
      code: 'ENGINE_START_FAILED',
      message: expect.stringMatching(/no-such-key.*earlier settings/),
    });
    expect(supervisor.spec.config).toMatchObject({ 'shutdown-timeout': 7 });
  });

  test('such settings for one that runs already: it is started again as the fallback says', async () => {
    const first = supervise();
    await first.ensureRunning();
    const second = supervise({ config: { ...spec.config, 'no-such-key': true } }, { fallback: spec });
    await second.ensureRunning();
    expect([second.spec, await second.isCurrent()]).toEqual([spec, true]);
    expect(second.refusal).toMatch(/no-such-key/);
  });

  test('a start under way when other settings come: the restart waits for it, and the container lives on', async () => {
    let starting: Promise<unknown> = Promise.resolve();
    const quietly: Quietly = async (work) => {
      await starting;
      return work();
    };
    const supervisor = supervise({}, { quietly });
    await supervisor.ensureRunning();
    const engine = DockerEngine.connect(supervisor.paths.socket);
    const id = await engine.createContainer('first', plainContainer(await testImage(engine), { networkMode: 'host' }));
    starting = engine.startContainer(id);
    await supervisor.reconfigure({ ...spec, config: { ...spec.config, 'shutdown-timeout': 7 } });
    expect(await supervisor.isCurrent()).toBe(true);
    expect(await engine.inspectContainer(id)).toMatchObject({ state: 'running' });
    engine.close();
  });

  test('a data root that another engine uses is refused, with the reason', async () => {
    const first = supervise();
    await first.ensureRunning();
    const paths = { runDir: join(stateDir, 'run2'), socket: join(stateDir, 'second.sock') };
    const shared = { kind: 'shared', socket: first.paths.containerdSocket, namespace: 'second' } as const;
    const failure = await supervise({ ...paths, containerd: shared })
      .ensureRunning()
      .catch((error: unknown) => error);
    expect(failure).toMatchObject({
      code: 'ENGINE_START_FAILED',
      retryable: true,
      message: expect.stringMatching(/timeout|in use|lock/i),
    });
  });

  test('a watched engine that cannot start is tried again with growing pauses, until the cause is gone', async () => {
    const blocked = join(stateDir, 'data');
    await writeFile(blocked, 'a file where a directory should be');
    const supervisor = supervise();
    const stop = new AbortController();
    const watching = supervisor.watch(stop.signal);
    await reached(() => states().filter((state) => state === 'failed').length === 2);
    const failed = changes.filter(({ state }) => state === 'failed');
    expect(failed.map(({ retryInMs }) => retryInMs)).toEqual([250, 500]);
    expect(failed[0]?.lastLogLines.join('\n')).toMatch(/points to a file/);
    await rm(blocked);
    await reached(() => states().at(-1) === 'running');
    stop.abort();
    await watching;
  });

  test('a stopped engine is gone, its containers live on, and the next start finds them', async () => {
    const supervisor = supervise();
    await supervisor.ensureRunning();
    const engine = DockerEngine.connect(supervisor.paths.socket);
    const id = await runOne(engine, 'survivor');
    const pid = (await pidOf(engine, id)) ?? 0;
    await supervisor.stop(5_000);
    expect([await dockerdPid(supervisor), await containerdPid(supervisor)]).toEqual([0, 0]);
    await expect(engine.info()).rejects.toMatchObject({ code: 'ENGINE_UNREACHABLE', retryable: true });
    expect(await readFile(`/proc/${pid}/comm`, 'utf8')).toBe('sleep\n');
    await supervisor.ensureRunning();
    expect(await pidOf(engine, id)).toBe(pid);
    engine.close();
  });

  test('a user engine beside it, on the same containerd: the system engine leaves its chains alone, in either order of restarts', async () => {
    const system = supervise();
    await system.ensureRunning();
    const network = await takeNetwork();
    networks.push(network);
    const user = supervise({
      role: 'user',
      stateDir: join(stateDir, 'user'),
      containerd: { kind: 'shared', socket: system.paths.containerdSocket, namespace: 'user' },
      config: { ...spec.config, ...networkConfig(network) },
    });
    await user.ensureRunning();
    const engine = DockerEngine.connect(user.paths.socket);
    const publishing = plainContainer(await testImage(engine), {
      command: ['httpd', '-f', '-h', '/www'],
      networkMode: 'bridge',
      ports: [{ containerPort: '80', hostIp: '127.0.0.1', hostPort: '48099' }],
    });
    const id = await engine.createContainer('published', publishing);
    await engine.startContainer(id);
    const pid = await pidOf(engine, id);
    const answer = async () => (await fetch('http://127.0.0.1:48099/', { headers: { connection: 'close' } })).text();
    const rules = async () =>
      (await runCommand('iptables', ['-t', 'nat', '-S', 'DOCKER']))
        .split('\n')
        .filter((line) => line.includes('48099'));
    const before = await rules();
    expect(before).toHaveLength(1);
    for (const supervisor of [system, user, user, system]) {
      await supervisor.restart();
      expect(await rules()).toEqual(before);
      expect(await answer()).toBe('hello\n');
      expect(await pidOf(engine, id)).toBe(pid);
    }
    engine.close();
  });
});

async function exitCodeOf(engine: DockerEngine, id: string): Promise<number> {
  return engine.exec(id, { command: ['sh', '-c', 'exit 7'], tty: false, stdin: false }, { onOutput: () => undefined });
}

async function unmountBelow(directory: string): Promise<void> {
  const mounts = (await readFile('/proc/self/mounts', 'utf8')).split('\n').map((line) => line.split(' ')[1] ?? '');
  for (const mount of mounts.filter((path) => path.startsWith(`${directory}/`)).reverse())
    await runCommand('umount', ['-l', mount]).catch(() => '');
}
