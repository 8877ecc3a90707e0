import { createServer } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import type { HostStatus, LedgerEntry } from '../../../src/agent/model.ts';
import { label } from '../../../src/services/names.ts';
import type { ServiceStatus } from '../../../src/services/status.ts';
import { plainContainer } from '../../contract/plain-container.ts';
import { stateOf, TestAgent } from '../support/agent-process.ts';
import { privateEngine } from '../support/private-engine.ts';
import { TestRegistry } from '../support/registry.ts';
import { sharedEngine } from '../support/shared-engines.ts';
import { archiveOf, buildImage, testImage } from '../support/test-image.ts';

const { engine, socket } = sharedEngine('26.1');
const quick = 'stop_signal: SIGKILL\n      network_mode: host';
let image = '';
let agent: TestAgent;

beforeAll(async () => {
  image = await testImage(engine);
});

const one = (lines: string): string =>
  `berth:\n  services:\n    web:\n      ${quick}\n      ${lines.trim().replaceAll('\n', '\n      ')}\n`;
const web = (status: HostStatus): ServiceStatus | undefined => status.services.find(({ name }) => name === 'web');
const isUp = (status: HostStatus): boolean => ['running', 'healthy'].includes(stateOf(status, 'web') ?? '');

/** Waits until the service says that it is in trouble and why. */
async function untilTrouble(state: ServiceStatus['state'], detail: RegExp, timeoutMs = 30_000): Promise<HostStatus> {
  const isSo = (status: HostStatus): boolean => web(status)?.state === state && detail.test(web(status)?.detail ?? '');
  return await agent.until(isSo, `${state} with ${String(detail)}`, timeoutMs);
}

async function entriesOf(kind: string): Promise<LedgerEntry[]> {
  return (await agent.client.why('web')).entries.filter((entry) => entry.kind === kind);
}

describe('one service in trouble', () => {
  beforeAll(async () => {
    agent = await TestAgent.start({ engineSocket: socket, instance: 'faults' });
  });
  afterEach(async () => {
    await agent.apply('berth: {services: {}}');
  });
  afterAll(async () => agent.dispose(engine));

  test.each([
    { mode: 'fail' as const, says: /500|unknown|received unexpected/i },
    { mode: 'missing' as const, says: /manifest unknown|not found/i },
    { mode: 'locked' as const, says: /unauthori[sz]ed|no basic auth|denied/i },
  ])('a registry that answers "$mode": the pull is tried again and again, and works when the registry does', async ({
    mode,
    says,
  }) => {
    const registry = await TestRegistry.start();
    const { reference } = registry.push('app', mode, await buildImage({ mode }));
    registry.mode = mode;
    await agent.declare(one(`image: ${reference}`));
    const status = await untilTrouble('backoff', says);
    expect(web(status)?.retryAt).toBeDefined();
    while ((await entriesOf('pull-image')).filter(({ outcome }) => outcome === 'failed').length < 2)
      await agent.client.reconcile();
    registry.mode = 'serve';
    await agent.until(isUp, 'pulled and running', 40_000);
    await registry.stop();
  });

  test('a registry that is down: as soon as it is up, the service is', async () => {
    const first = await TestRegistry.start();
    const { reference } = first.push('app', 'down', await buildImage({ down: 'yes' }));
    await first.stop();
    await agent.declare(one(`image: ${reference}`));
    await untilTrouble('backoff', /connection refused/i);
    const second = await TestRegistry.start(Number(first.address.split(':')[1]));
    second.push('app', 'down', await buildImage({ down: 'yes' }));
    await agent.until(isUp, 'pulled and running', 40_000);
    await second.stop();
  });

  test('a registry that never answers: a changed config does not wait for the pull', async () => {
    const registry = await TestRegistry.start();
    const { reference } = registry.push('app', 'hang', await buildImage({ hang: 'yes' }));
    registry.mode = 'hang';
    await agent.declare(one(`image: ${reference}`));
    await agent.until((status) => stateOf(status, 'web') === 'pulling', 'pulling');
    const { result } = await agent.apply(one(`image: ${image}`), 20_000);
    expect(result.outcome).toBe('converged');
    await registry.stop();
  });

  test('pull_policy never and no image: it says so, and starts as soon as the image has been loaded', async () => {
    await agent.declare(one('image: berth-test/loaded:1\npull_policy: never'));
    await untilTrouble('backoff', /not on the engine and pull_policy is never/);
    await engine.loadImage(archiveOf(await buildImage({ loaded: 'yes' }), 'berth-test/loaded:1'));
    await agent.until(isUp, 'running', 20_000);
  });

  test('never healthy on its first start: restarted with growing pauses, the reason visible; healthy when the cause goes', async () => {
    const health = 'healthcheck: {test: [CMD, test, -f, /ok], interval: 200ms, retries: 1, start_period: 0s}';
    await agent.declare(one(`image: ${image}\n${health}`));
    await untilTrouble('backoff', /unhealthy/);
    const status = await agent.until((now) => (web(now)?.restarts ?? 0) >= 2, 'restarted twice');
    expect((await entriesOf('restart-service'))[0]?.reason).toMatchObject({ kind: 'health', result: 'unhealthy' });
    await engine.exec(
      web(status)?.containerId ?? '',
      { command: ['touch', '/ok'], tty: false, stdin: false },
      { onOutput: () => undefined },
    );
    await agent.until((now) => stateOf(now, 'web') === 'healthy', 'healthy');
  });

  test('a replacement that is never healthy: the old one comes back, says why, and the new one is not tried again', async () => {
    const health = 'healthcheck: {test: [CMD, "true"], interval: 200ms, retries: 2, start_period: 0s}';
    await agent.apply(one(`image: ${image}\n${health}`));
    const before = web(await agent.client.status())?.containerId;
    await agent.declare(one(`image: ${image}\n${health.replace('true', 'false')}`));
    await agent.until(
      (now) => /^rolled back: the new container is unhealthy/.test(web(now)?.detail ?? '') && isUp(now),
      'rolled back',
    );
    expect(web(await agent.client.status())?.containerId).toBe(before);
    const [restored] = await entriesOf('restore-service');
    expect(restored).toMatchObject({
      outcome: 'done',
      reason: { kind: 'rollback', cause: { kind: 'health', result: 'unhealthy' } },
    });
    expect((await agent.client.why('web')).now).toMatch(/rolled back/);
    for (let round = 0; round < 5; round += 1) await agent.client.reconcile();
    expect(await entriesOf('replace-service')).toHaveLength(1);
    const rolledBack = { web: 'the new container is unhealthy' };
    expect((await agent.client.generations())[0]).toMatchObject({ state: 'current', rolledBack });
    const { result } = await agent.apply(one(`image: ${image}\n${health}\nenvironment: {NEW: better}`));
    expect(result.services.map(({ state, detail }) => [state, detail])).toEqual([['healthy', '']]);
    expect((await agent.client.generations()).slice(0, 2)).toMatchObject([
      { state: 'current', rolledBack: {} },
      { state: 'rejected', rolledBack },
    ]);
  });

  test("a replacement that cannot even be started: the old one comes back, and the engine's words are told", async () => {
    await agent.apply(one(`image: ${image}`));
    const before = web(await agent.client.status())?.containerId;
    await agent.declare(one(`image: ${image}\ncommand: [/no/such/program]`));
    const status = await agent.until(
      (now) => /^rolled back: the new container could not be started/.test(web(now)?.detail ?? ''),
      'rolled back',
    );
    expect(web(status)?.detail).toMatch(/no such file/);
    expect(web(status)?.containerId).toBe(before);
    await agent.until(isUp, 'running again');
  });

  test('a port that another program has: it says so, and starts when the port is free', async () => {
    const holder = createServer();
    await new Promise<void>((resolve) => holder.listen(0, '127.0.0.1', resolve));
    const address = holder.address();
    const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
    await agent.declare(one(`image: ${image}\nports: ["127.0.0.1:${port}:80"]`).replace(/\n *network_mode: host/, ''));
    await untilTrouble('backoff', /address already in use|already allocated/);
    await new Promise((resolve) => holder.close(resolve));
    await agent.until(isUp, 'running');
  });

  test("a port and a name that somebody else's container has: each is said, the container is left alone", async () => {
    const ports = [{ containerPort: '80/tcp', hostIp: '127.0.0.1', hostPort: '48099' }];
    const foreign = await engine.createContainer(
      'faults-web',
      plainContainer(image, { labels: {}, networkMode: 'bridge', ports }),
    );
    await engine.startContainer(foreign);
    await agent.declare(one(`image: ${image}\nports: ["127.0.0.1:48099:80"]`).replace(/\n *network_mode: host/, ''));
    await untilTrouble('backoff', /name faults-web is taken by a container that is not Berth's/);
    await engine.renameContainer(foreign, 'faults-foreign');
    await untilTrouble('backoff', /already allocated|already in use/, 40_000);
    expect((await engine.inspectContainer(foreign))?.state).toBe('running');
    await engine.removeContainer(foreign);
    await agent.until(isUp, 'running');
  });

  test('a network name that somebody else has: the service waits and says for what, without a storm of tries', async () => {
    const create = {
      driver: 'bridge',
      driverOptions: {},
      labels: {},
      internal: false,
      attachable: false,
      enableIpv6: false,
      ipam: [],
    };
    await engine.createNetwork('faults_default', create);
    await agent.declare(one(`image: ${image}`).replace(/\n *network_mode: host/, ''));
    await untilTrouble('waiting', /network faults_default/);
    for (let round = 0; round < 20; round += 1) await agent.client.reconcile();
    const tries = (await agent.client.ledger({ limit: 50 })).filter(
      ({ kind, outcome }) => kind === 'create-network' && outcome === 'failed',
    );
    expect(tries.length).toBeLessThanOrEqual(3);
    await engine.removeNetwork('faults_default');
    await agent.until(isUp, 'running');
  });

  test('a service that ends at once: started again with growing pauses, and the exit code is told', async () => {
    await agent.declare(one(`image: ${image}\ncommand: [sh, -c, "exit 3"]`));
    await untilTrouble('backoff', /exited with 3/);
    await agent.until((now) => (web(now)?.restarts ?? 0) >= 3, 'restarted three times');
    const times = (await entriesOf('resume-service'))
      .filter(({ reason }) => reason.kind === 'exited')
      .map(({ at }) => Date.parse(at))
      .reverse();
    const pauses = times.slice(1).map((at, index) => at - (times[index] ?? 0));
    expect(pauses[0]).toBeGreaterThanOrEqual(900);
    expect(pauses[1]).toBeGreaterThanOrEqual(1800);
  });

  test('the same after the agent was started again: no storm of starts', async () => {
    await agent.declare(
      one(`image: ${image}\ncommand: [sh, -c, "exit 3"]`).replace(
        'services:',
        'services:\n    late: {image: "berth-test/absent:1", pull_policy: never, depends_on: [web]}',
      ),
    );
    await untilTrouble('backoff', /exited with 3/);
    await agent.kill();
    await agent.start();
    await untilTrouble('backoff', /exited with 3/);
    const from = (await entriesOf('resume-service')).length;
    for (let round = 0; round < 20; round += 1) await agent.client.reconcile();
    expect((await entriesOf('resume-service')).length - from).toBeLessThanOrEqual(2);
  });

  test('a schedule to the second runs on time', async () => {
    await agent.declare(one(`image: ${image}\ncommand: ["true"]\nx-berth: {schedule: "*/2 * * * * *"}`));
    const deadline = Date.now() + 30_000;
    let runs: LedgerEntry[] = [];
    while (runs.length < 2 && Date.now() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, 250));
      runs = await entriesOf('run-job');
    }
    expect(runs.length).toBeGreaterThanOrEqual(2);
    for (const { reason } of runs) {
      expect(reason.kind).toBe('schedule');
      if (reason.kind === 'schedule') expect(new Date(reason.due).getSeconds() % 2).toBe(0);
    }
    const left = await engine.listContainers(`${label.instance}=faults`);
    expect(left.length).toBeLessThanOrEqual(2);
  });
});

test('a full disk: it says so, and goes on when there is space', async () => {
  const small = await privateEngine({ version: '26.1', name: 'fullagent', role: 'system', diskMegabytes: 8 });
  const registry = await TestRegistry.start();
  const big = { kind: 'file', path: 'www/big', mode: 0o644, content: Buffer.alloc(16 * 2 ** 20, 'x') } as const;
  const { reference } = registry.push('app', 'big', await buildImage({}, [big]));
  agent = await TestAgent.start({ engineSocket: small.socket, instance: 'full' });
  await agent.declare(one(`image: ${reference}`));
  await untilTrouble('backoff', /no space left on device/);
  await small.growDisk(100);
  await agent.until(isUp, 'running');
  await agent.dispose(small.engine);
  await registry.stop();
  small.engine.close();
  await small.stop();
});
