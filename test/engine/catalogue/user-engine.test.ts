import { createReadStream, existsSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { DockerEngine } from '../../../src/engine/docker.ts';
import { type PrivateEngine, privateEngine } from '../support/private-engine.ts';
import { engineVersions } from '../support/shared-engines.ts';
import { plainContainer } from './plain-container.ts';
import {
  contextOf,
  loadSystemImage,
  prepareUserEngine,
  type SystemContainer,
  startSystemContainer,
  until,
} from './support.ts';

const port = '18080';

describe.each(engineVersions)('the user engine as a system container of Docker %s', (systemVersion) => {
  let rig: PrivateEngine;
  let docker: SystemContainer;
  let bystander = '';
  let inner: DockerEngine;
  let web = '';

  beforeAll(async () => {
    rig = await privateEngine({
      version: systemVersion,
      role: 'system',
      name: `userengine${systemVersion.replace('.', '')}`,
    });
    const context = contextOf(rig, 'local');
    await prepareUserEngine(rig, context);
    const busybox = await loadSystemImage(rig, 'busybox');
    // Its own network namespace, held by a container: two engines that manage one iptables flush each other's chains.
    bystander = await rig.engine.createContainer('bystander', {
      ...plainContainer,
      networkMode: 'none',
      command: ['sleep', '100000'],
    });
    await rig.engine.startContainer(bystander);
    docker = await startSystemContainer(rig, 'docker', { context, networkMode: `container:${bystander}` });
    await docker.healthy();
    inner = DockerEngine.connect(context.sockets.user);
    await inner.loadImage({ reference: busybox.reference, open: () => createReadStream(busybox.archive) });
  });
  afterAll(async () => {
    inner.close();
    await rig.stop();
  });

  /** What the published port answers. Asked by the bridge's address: the way through iptables, not through the engine's own proxy. */
  const answer = async (): Promise<string> =>
    (await docker.exec(['busybox', 'wget', '-q', '-T', '2', '-O', '-', `http://172.31.253.1:${port}/`])).output;

  test('runs containers with a bridge and a published port', async () => {
    const { version, rootDirectory } = await inner.info();
    expect(version).toMatch(/^26\.1/);
    expect(rootDirectory).toBe(contextOf(rig, 'local').userEngine.root);
    web = await inner.createContainer('web', {
      ...plainContainer,
      networkMode: 'bridge',
      init: true,
      ports: [{ containerPort: '80/tcp', hostPort: port }],
      exposedPorts: ['80/tcp'],
      command: ['sh', '-c', 'echo hello > /tmp/index.html; exec httpd -f -h /tmp -p 80'],
    });
    await inner.startContainer(web);
    await until('the published port answers', async () => (await answer()) === 'hello\n');
  });

  test('killed, it leaves its containers running, and adopts them when it is back', async () => {
    const before = await inner.inspectContainer(web);
    const pid = before?.pid ?? 0;
    await rig.engine.killContainer(docker.id, 'SIGKILL');
    await until('the engine is gone', async () => (await docker.inspect()).state === 'exited');
    expect(existsSync(`/proc/${pid}`)).toBe(true);
    await rig.engine.startContainer(docker.id);
    await docker.healthy();
    expect(await inner.inspectContainer(web)).toMatchObject({ pid, state: 'running', startedAt: before?.startedAt });
    expect(await answer()).toBe('hello\n');
  });

  test.each([
    ['the user engine', 'the system engine'],
    ['the system engine', 'the user engine'],
  ] as const)('%s killed and started again, then %s: the published port answers all the while', async (...order) => {
    const before = await inner.inspectContainer(web);
    const bystanderPid = (await rig.engine.inspectContainer(bystander))?.pid;
    for (const engine of order) {
      if (engine === 'the system engine') {
        await rig.kill9();
        expect(existsSync(`/proc/${before?.pid ?? 0}`)).toBe(true);
        await rig.restart();
      } else {
        await rig.engine.killContainer(docker.id, 'SIGKILL');
        await until('the engine is gone', async () => (await docker.inspect()).state === 'exited');
        await rig.engine.startContainer(docker.id);
        await docker.healthy();
      }
      const { pid, startedAt } = before ?? {};
      expect(await inner.inspectContainer(web)).toMatchObject({ pid, startedAt, state: 'running' });
      expect((await rig.engine.inspectContainer(bystander))?.pid).toBe(bystanderPid);
      expect(await answer()).toBe('hello\n');
    }
  });

  test('removing every container on it leaves the system side alone', async () => {
    await inner.removeContainer(web);
    expect(await inner.inspectContainer(web)).toBeUndefined();
    expect(await docker.inspect()).toMatchObject({ state: 'running' });
    expect(await rig.engine.inspectContainer(bystander)).toMatchObject({ state: 'running' });
  });

  test('has all capabilities but one, and is not privileged', async () => {
    const bounding = /CapBnd:\s*(\w+)/.exec((await docker.exec(['cat', '/proc/self/status'])).output)?.[1];
    const systemResource = 1n << 24n;
    expect(BigInt(`0x${bounding ?? ''}`) & systemResource).toBe(0n);
    expect((await docker.exec(['sh', '-c', '> /usr/bin/probe'])).exitCode).not.toBe(0);
  });
});
