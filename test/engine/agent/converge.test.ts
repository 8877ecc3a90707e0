import { once } from 'node:events';
import { createServer, type IncomingMessage, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { parseConfig } from '../../../src/config/parse.ts';
import { label } from '../../../src/services/names.ts';
import { freePort, until } from '../catalogue/support.ts';
import { fingerprint, stateOf, TestAgent } from '../support/agent-process.ts';
import { engineVersions, sharedEngine } from '../support/shared-engines.ts';
import { archiveOf, buildImage, testImage } from '../support/test-image.ts';

const quick = 'stop_signal: SIGKILL';

describe.each(engineVersions)('a host config on Docker %s', (version) => {
  const { engine, socket } = sharedEngine(version);
  let agent: TestAgent;
  let image = '';

  beforeAll(async () => {
    image = await testImage(engine);
    agent = await TestAgent.start({ engineSocket: socket, instance: `converge${version.replace('.', '')}` });
  });
  afterAll(async () => agent.dispose(engine));

  const app = (tag = 'one'): string => `
berth:
  services:
    db:
      image: ${image}
      command: [sh, -c, "touch /ready; sleep 1000"]
      ${quick}
      healthcheck: {test: [CMD, test, -f, /ready], interval: 1s}
      volumes: [data:/data]
    web:
      image: ${image}
      command: [httpd, -f, -p, "8080", -h, /www]
      ${quick}
      environment: {TAG: ${tag}}
      ports: ["127.0.0.1::8080"]
      depends_on: {db: {condition: service_healthy}}
    task:
      image: ${image}
      command: ["true"]
      x-berth: {one_shot: true}
  volumes: {data: {}}
`;

  test('services come up in order, the plan says why, and the second apply does nothing', async () => {
    const { result, events } = await agent.apply(app());
    expect(result.outcome).toBe('converged');
    const steps = TestAgent.steps(events);
    expect(steps.indexOf('start-service:db')).toBeLessThan(steps.indexOf('start-service:web'));
    expect(result.services.map(({ name, state }) => [name, state])).toEqual([
      ['db', 'healthy'],
      ['task', 'done'],
      ['web', 'running'],
    ]);
    expect(result.keys.filter(({ outcome }) => outcome === 'changed').map(({ key }) => key)).toEqual(
      expect.arrayContaining(['berth.services.db', 'berth.services.web', 'berth.services.task']),
    );
    const before = await fingerprint(engine, agent.instance);
    const again = await agent.apply(app());
    expect(TestAgent.steps(again.events)).toEqual([]);
    expect(again.result.outcome).toBe('converged');
    expect(again.result.generation).toBe(result.generation);
    expect(await fingerprint(engine, agent.instance)).toEqual(before);
  });

  test('a published port answers', async () => {
    const status = await agent.client.status();
    const port = /:(\d+)->/.exec(status.services.find(({ name }) => name === 'web')?.ports[0] ?? '')?.[1];
    // A service without a healthcheck counts as up before its program listens.
    let answer = '';
    for (let tries = 0; answer === '' && tries < 50; tries += 1) {
      const response = await fetch(`http://127.0.0.1:${port ?? ''}/index.html`).catch(() => undefined);
      answer = (await response?.text()) ?? '';
      if (answer === '') await new Promise((resolve) => setTimeout(resolve, 100));
    }
    expect(answer).toBe('hello\n');
  });

  test('only what changed is replaced, and why names the key', async () => {
    const plan = await agent.client.plan({ files: [{ file: 'test.yaml', text: `#cloud-config\n${app('two')}` }] });
    expect(plan.steps.map(({ id, cost, reasons }) => [id, cost, reasons])).toEqual([
      ['replace-service:web', 'restart-service', ['berth.services.web.environment changed']],
    ]);
    const { events, result } = await agent.apply(app('two'));
    expect(TestAgent.steps(events)).toEqual(['replace-service:web']);
    expect(result.keys.find(({ key }) => key === 'berth.services.web')).toMatchObject({ outcome: 'changed' });
    const why = await agent.client.why('web');
    expect(why.entries[0]).toMatchObject({
      kind: 'replace-service',
      outcome: 'done',
      reason: { kind: 'config', key: 'berth.services.web.environment' },
    });
    expect(why.declaredAt).toMatch(/^test\.yaml:\d+$/);
  });

  test('the agent killed and started again adopts what runs', async () => {
    await agent.until(
      ({ services }) => services.every(({ state }) => ['healthy', 'running', 'done'].includes(state)),
      'settled',
    );
    await agent.client.reconcile();
    // The previous container of the replaced service goes when the new one has settled.
    const deadline = Date.now() + 20_000;
    while ((await engine.listContainers(`${label.instance}=${agent.instance}`)).length > 3 && Date.now() < deadline)
      await agent.client.reconcile();
    const before = await fingerprint(engine, agent.instance);
    await agent.kill();
    await agent.start();
    await agent.client.reconcile();
    await agent.until((status) => stateOf(status, 'web') === 'running', 'adopted');
    expect(await fingerprint(engine, agent.instance)).toEqual(before);
  });

  test('every container of the engine removed: the declared ones come back', async () => {
    for (const { id } of await engine.listContainers(`${label.instance}=${agent.instance}`))
      await engine.removeContainer(id);
    await agent.until(
      (status) => stateOf(status, 'web') === 'running' && stateOf(status, 'db') === 'healthy',
      'repaired',
    );
    const why = await agent.client.why('db');
    expect(why.entries[0]).toMatchObject({ kind: 'start-service', reason: { kind: 'drift' } });
  });

  test('a container that dies is started again, with its exit code as the reason', async () => {
    const status = await agent.client.status();
    await engine.killContainer(status.services.find(({ name }) => name === 'web')?.containerId ?? '');
    await agent.until(
      ({ services }) =>
        services.some(({ name, restarts, state }) => name === 'web' && restarts === 1 && state === 'running'),
      'restarted',
    );
    expect((await agent.client.why('web')).entries[0]?.reason).toMatchObject({ kind: 'exited', exitCode: 137 });
  });

  test('an operator stops, starts and restarts; each is in the ledger', async () => {
    const operator = { who: 'ops', command: 'berth service stop web' };
    expect((await agent.client.setServiceWish('web', 'stop', operator)).state).toBe('stopped');
    await agent.client.reconcile();
    expect(stateOf(await agent.client.status(), 'web')).toBe('stopped');
    expect(
      (await agent.client.setServiceWish('web', 'start', { ...operator, command: 'berth service start web' })).state,
    ).toBe('running');
    expect(
      (await agent.client.setServiceWish('web', 'restart', { ...operator, command: 'berth service restart web' }))
        .state,
    ).toBe('running');
    const commands = (await agent.client.why('web')).entries
      .slice(0, 3)
      .map(({ reason }) => (reason.kind === 'operator' ? reason.command : reason.kind));
    expect(commands).toEqual(['berth service restart web', 'berth service start web', 'berth service stop web']);
  });

  test('an earlier generation comes back by number', async () => {
    const events: unknown[] = [];
    await agent.client.apply(
      { generation: 1 },
      { who: 'ops', command: 'berth apply --generation 1', timeoutMs: 60_000, wait: true },
      (event) => events.push(event),
    );
    const details = await engine.inspectContainer(`${agent.instance}-web`);
    expect(details?.state).toBe('running');
    const [newest, ...older] = await agent.client.generations();
    expect(newest?.changes).toEqual(['berth.services.web.environment changed']);
    expect(newest?.number).toBe(older.length + 1);
  });

  test('the images of a generation come back with it, whatever their names stand for by then', async () => {
    const reference = `berth-test/moved-${agent.instance}:1`;
    const load = async (version: string): Promise<string> => {
      await engine.loadImage(archiveOf(await buildImage({ version }), reference));
      return (await engine.inspectImage(reference))?.id ?? '';
    };
    const config = (tag: string): string => `
berth:
  services:
    moved: {image: "${reference}", environment: {TAG: ${tag}}, ${quick}}
`;
    const runs = async (): Promise<string | undefined> =>
      (await engine.inspectContainer(`${agent.instance}-moved`))?.imageId;
    const before = await load('before');
    const { result } = await agent.apply(config('one'));
    await until('the image is noted', async () =>
      (await agent.client.generations()).some(({ images }) => images['moved'] === before),
    );
    const after = await load('after');
    expect(after).not.toBe(before);
    await agent.apply(config('two'));
    expect(await runs()).toBe(after);

    const back = { generation: result.generation };
    const plan = await agent.client.plan(back);
    expect(plan.steps.map(({ id }) => id)).toEqual(['return-image:moved', 'replace-service:moved']);
    const options = { who: 'ops', command: 'berth apply --generation', timeoutMs: 60_000, wait: true };
    await agent.client.apply(back, options, () => undefined);
    expect(await runs()).toBe(before);
    expect((await engine.inspectImage(reference))?.id).toBe(before);

    // The name given to an image that is made of it: the engine lists what has no name then with the parents only.
    const made = await commit(socket, `${agent.instance}-moved`, reference);
    await until('the service follows', async () => (await runs()) === made);
    await agent.apply(config('three'));
    await agent.client.apply(back, options, () => undefined);
    expect(await runs()).toBe(before);

    // From now on the name is anybody's again.
    await engine.tagImage(after, reference);
    await until('the service follows', async () => (await runs()) === after);

    // What is not there any more cannot come back.
    const { id: idle = '' } = (await engine.inspectContainer(`${agent.instance}-moved.previous`)) ?? {};
    await engine.removeContainer(idle);
    for (const image of [made, before]) await engine.removeImage(image);
    await agent.client.apply(back, options, () => undefined);
    const lost = 'that image is not on the user engine any more';
    await until('the ledger says so', async () =>
      (await agent.client.ledger({ limit: 20, subject: 'moved' })).some(
        ({ error }) => error?.startsWith(lost) === true,
      ),
    );
    expect(await runs()).toBe(after);
  });

  test('a service with profiles runs when an operator enables it; the list shows what could run', async () => {
    const probe = `\n    probe: {image: ${image}, ${quick}, profiles: [debug]}\n  volumes:`;
    await agent.apply(app().replace('\n  volumes:', probe));
    const listed = async (name: string) => (await agent.client.services()).find((one) => one.name === name);
    expect(await listed('probe')).toMatchObject({
      state: 'available',
      origin: 'config',
      detail: 'has profiles: debug',
    });
    expect(await listed('ntp')).toMatchObject({ state: 'available', origin: 'catalogue', engine: 'system' });
    expect(stateOf(await agent.client.status(), 'probe')).toBeUndefined();
    const operator = { who: 'ops', command: 'berth service enable probe' };
    await expect(agent.client.setServiceWish('probe', 'start', operator)).rejects.toMatchObject({
      code: 'SERVICE_UNKNOWN',
      hint: 'berth service enable probe',
    });
    expect((await agent.client.setServiceWish('probe', 'enable', operator)).state).toBe('running');
    expect((await agent.client.why('probe')).entries[0]).toMatchObject({ reason: operator });
    expect(await agent.client.setServiceWish('probe', 'disable', operator)).toMatchObject({
      state: 'available',
      detail: 'disabled by an operator; has profiles: debug',
    });
    expect(await engine.inspectContainer(`${agent.instance}-probe`)).toBeUndefined();
  });

  test('a port goes to a service that the one which has it waits for', async () => {
    const port = await freePort();
    const service = (more: string): string => `{image: ${image}, command: [sleep, "1000"], ${quick}${more}}`;
    const open = service(`, ports: ["127.0.0.1:${port}:8080"]`);
    expect((await agent.apply(`berth: {services: {inner: ${open}}}`)).result.outcome).toBe('converged');
    const inner = service(', depends_on: [outer]');
    const { result, events } = await agent.apply(`berth: {services: {inner: ${inner}, outer: ${open}}}`);
    expect(result.outcome).toBe('converged');
    expect(events.filter(({ kind }) => kind === 'step-failed')).toEqual([]);
    // An engine's list may be behind its events, and then what has stopped is stopped once more.
    const steps = [...new Set(TestAgent.steps(events))];
    expect(steps).toEqual(['stop-service:inner', 'start-service:outer', 'replace-service:inner']);
  });

  test('a service that is no longer declared goes; its volume stays', async () => {
    const { result } = await agent.apply('berth: {services: {}}');
    expect(result.outcome).toBe('converged');
    expect(await engine.listContainers(`${label.instance}=${agent.instance}`)).toEqual([]);
    expect((await engine.listVolumes(`${label.instance}=${agent.instance}`)).map(({ name }) => name)).toEqual([
      `${agent.instance}_data`,
    ]);
  });

  test('what a config refers to on a server is taken in before it is stored', async () => {
    const other = '{"ignition": {"version": "3.4.0"}, "storage": {"files": [{"path": "/etc/other"}]}}';
    const server = createServer((request, response) => {
      if (request.url === '/other.ign') response.end(other);
      else response.writeHead(404).end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      const { port } = server.address() as AddressInfo;
      const request = (path: string) => {
        const source = `http://127.0.0.1:${port}${path}`;
        const text = JSON.stringify({ ignition: { version: '3.4.0', config: { merge: [{ source }] } } });
        return { files: [{ file: 'a.ign', text }] };
      };
      const operator = { who: 'ops', command: 'berth apply a.ign', timeoutMs: 60_000, wait: true };
      await agent.client.apply(request('/other.ign'), operator, () => undefined);
      const [newest] = await agent.client.generations();
      const [stored] = await agent.client.generationConfig(newest?.number ?? 0);
      expect(parseConfig([{ file: 'a.ign', text: stored?.text ?? '' }]).config).toMatchObject({
        files: [{ path: '/etc/other' }],
      });
      await expect(agent.client.apply(request('/none'), operator, () => undefined)).rejects.toMatchObject({
        code: 'CONFIG_INVALID',
      });
      expect((await agent.client.generations())[0]?.number).toBe(newest?.number);
    } finally {
      server.close();
    }
  });
});

/** Makes an image of a container, as `docker commit` does. @returns its id. */
async function commit(socketPath: string, container: string, reference: string): Promise<string> {
  const [repo = '', tag = ''] = reference.split(':');
  const path = `/commit?${new URLSearchParams({ container, repo, tag }).toString()}`;
  const headers = { 'content-type': 'application/json' };
  const asked = request({ socketPath, path, method: 'POST', headers }).end('{}');
  const [answer] = (await once(asked, 'response')) as [IncomingMessage];
  return ((await json(answer)) as { Id: string }).Id;
}
