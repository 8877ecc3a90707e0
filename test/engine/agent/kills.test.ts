import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { seededRandom } from '../../support/random.ts';
import { fingerprint, stateOf, TestAgent } from '../support/agent-process.ts';
import { killedConverge } from '../support/killed-converge.ts';
import { type PrivateEngine, privateEngine } from '../support/private-engine.ts';
import { sharedEngine } from '../support/shared-engines.ts';
import { testImage } from '../support/test-image.ts';

describe('dockerd is killed', () => {
  let docker: PrivateEngine;
  let agent: TestAgent;

  beforeAll(async () => {
    docker = await privateEngine({ version: '26.1', name: 'kills', role: 'system' });
    const image = await testImage(docker.engine);
    agent = await TestAgent.start({ engineSocket: docker.socket, instance: 'kills' });
    const service = `{image: "${image}", network_mode: host, stop_signal: SIGKILL}`;
    const { result } = await agent.apply(`berth: {services: {a: ${service}, b: ${service}, c: ${service}}}`);
    expect(result.outcome).toBe('converged');
  });
  afterAll(async () => {
    await agent.dispose(docker.engine);
    docker.engine.close();
    await docker.stop();
  });

  const isBack = (): Promise<unknown> =>
    agent.until(
      ({ state, services }) => state === 'healthy' && services.every((one) => one.state === 'running'),
      'all back',
    );

  test('the containers keep their processes, the status and the ledger tell', async () => {
    const before = await fingerprint(docker.engine, 'kills');
    await docker.kill9();
    const down = await agent.until((status) => stateOf(status, 'a') === 'waiting', 'noticed');
    expect(down.services.map(({ detail }) => detail)).toEqual(Array(3).fill('the user engine does not answer'));
    expect(down.engines.find(({ name }) => name === 'user')?.state).toBe('unreachable');
    await docker.restart();
    await isBack();
    expect(await fingerprint(docker.engine, 'kills')).toEqual(before);
    const kinds = (await agent.client.why('engine/user')).entries.map(({ kind, outcome }) => `${kind} ${outcome}`);
    expect(kinds).toEqual(['engine-found done', 'engine-lost failed']);
  });

  test('what was lost meanwhile is repaired, each with its reason, and nothing else is touched', async () => {
    const ids = Object.fromEntries(
      (await agent.client.status()).services.map(({ name, containerId = '' }) => [name, containerId]),
    );
    const [gone, ended, stays] = await Promise.all(
      ['a', 'b', 'c'].map((name) => docker.engine.inspectContainer(ids[name] ?? '')),
    );
    await docker.kill9();
    for (const { pid = 0 } of [gone ?? {}, ended ?? {}]) process.kill(pid, 'SIGKILL');
    await rm(join(docker.stateDir, 'data', 'containers', gone?.id ?? 'none'), { recursive: true });
    await docker.restart();
    await isBack();
    expect((await agent.client.why('a')).entries[0]).toMatchObject({
      kind: 'start-service',
      reason: { kind: 'drift', detail: 'the container of a was removed' },
    });
    expect((await agent.client.why('b')).entries[0]).toMatchObject({
      kind: 'resume-service',
      reason: { kind: 'exited', exitCode: 137 },
    });
    expect((await docker.engine.inspectContainer(ids['c'] ?? ''))?.pid).toBe(stays?.pid);
  });
});

describe('the agent is killed in the middle of a converge', () => {
  const { engine, socket } = sharedEngine('26.1');
  const random = seededRandom(8);
  const delays = Array.from({ length: 5 }, () => Math.round(50 + random() * 1500));

  test.each(
    delays,
  )('after %i ms: the same end state, nothing twice, nothing left over, nothing restarted', async (delayMs) => {
    const outcome = await killedConverge(engine, socket, await testImage(engine), `killed${delayMs}`, delayMs);
    expect(outcome).toMatchObject({ wrong: [], restarted: [], taskRuns: 2 });
  });
});
