import { setTimeout as sleep } from 'node:timers/promises';
import { parseConfig } from '../../../src/config/parse.ts';
import type { ContainerDetails } from '../../../src/engine/container-engine.ts';
import type { DockerEngine } from '../../../src/engine/docker.ts';
import { desiredServices } from '../../../src/services/desired.ts';
import { label } from '../../../src/services/names.ts';
import { context } from '../../support/simulate.ts';
import { TestAgent } from './agent-process.ts';

/** What came of one converge with the agent killed in it: empty lists mean that nothing was wrong. */
export interface KilledConverge {
  readonly delayMs: number;
  /** Containers of ours right after the kill, as `name state`: what it was in the middle of. */
  readonly atKill: readonly string[];
  /** Containers that are missing, too many, or of another configuration than declared. */
  readonly wrong: readonly string[];
  /** Containers that ran as declared at the kill and have another process now. */
  readonly restarted: readonly string[];
  /** How often the task ran, over both configs: 2. */
  readonly taskRuns: number;
}

/** Eight services, a network, a volume; half of them differ by `version`, one goes and one comes. */
export function killConfig(image: string, version: 1 | 2): string {
  const quick = `image: ${image}, stop_signal: SIGKILL`;
  const change = `environment: {V: "${version}"}`;
  const health = 'healthcheck: {test: [CMD, "true"], interval: 500ms}';
  return `
berth:
  services:
    keep: {${quick}, network_mode: host, volumes: ["runs:/runs"]}
    stay: {${quick}, ${health}}
    swap: {${quick}, ${change}, ${health}, x-berth: {settle: 200ms}}
    pass: {${quick}, ${change}, ${health}, network_mode: host, x-berth: {update: hand-over}}
    drop: {${quick}, ${change}, network_mode: none, x-berth: {update: delete-then-create}}
    wait: {${quick}, ${change}, x-berth: {settle: 200ms}, depends_on: {swap: {condition: service_healthy}, task: {condition: service_completed_successfully}}}
    task: {${quick}, ${change}, network_mode: host, volumes: ["runs:/runs"], command: [sh, -c, "echo $$V >> /runs/task"], x-berth: {one_shot: true}}
    ${version === 1 ? 'old' : 'new'}: {${quick}, depends_on: [stay]}
  volumes: {runs: {}}
`;
}

/** Converges config 1, then kills the agent `delayMs` into config 2, starts it again, and looks at what came of it. */
export async function killedConverge(
  engine: DockerEngine,
  engineSocket: string,
  image: string,
  instance: string,
  delayMs: number,
): Promise<KilledConverge> {
  const agent = await TestAgent.start({ engineSocket, instance });
  try {
    const second = killConfig(image, 2);
    const { result } = await agent.apply(killConfig(image, 1));
    if (result.outcome !== 'converged') throw new Error(`the first config: ${JSON.stringify(result.services)}`);
    await untilQuiet(engine, agent, killConfig(image, 1));
    const declaring = agent.declare(second).catch(() => undefined);
    await sleep(delayMs);
    await agent.kill();
    await declaring;
    const wanted = new Map(
      [...desiredOf(second, instance)].map(({ containerName, digest }) => [containerName, digest]),
    );
    const atKill = await containersOf(engine, instance);
    await agent.start();
    // A kill before the config was stored: nobody was told that it was taken, so it is sent again.
    await agent.declare(second);
    await untilQuiet(engine, agent, second);
    const after = await containersOf(engine, instance);
    const found = after.map(({ name, labels, state }) => `${name} ${labels[label.digest] ?? ''} ${state}`);
    const expected = [...wanted].map(
      ([name, digest]) => `${name} ${digest} ${name.endsWith('-task') ? 'exited' : 'running'}`,
    );
    const digests = new Set(wanted.values());
    const ranWell = atKill.filter(
      ({ state, labels, name }) =>
        state === 'running' && digests.has(labels[label.digest] ?? '') && !name.endsWith('-task'),
    );
    const keeper = after.find(({ name }) => name === `${instance}-keep`);
    return {
      delayMs,
      atKill: atKill.map(({ name, state }) => `${name} ${state}`).sort(),
      wrong: [
        ...found.filter((text) => !expected.includes(text)).map((text) => `is there: ${text}`),
        ...expected.filter((text) => !found.includes(text)).map((text) => `is missing: ${text}`),
      ],
      restarted: ranWell
        .filter(
          ({ id, pid, startedAt }) =>
            !after.some((now) => now.id === id && now.pid === pid && now.startedAt === startedAt),
        )
        .map(({ name }) => name),
      taskRuns: (await linesOf(engine, keeper?.id ?? '', '/runs/task')).length,
    };
  } finally {
    await agent.dispose(engine);
  }
}

function desiredOf(text: string, instance: string) {
  const { config } = parseConfig([{ file: 'test.yaml', text: `#cloud-config\n${text}` }]);
  return desiredServices(config, { ...context, instance }).services.values();
}

async function containersOf(engine: DockerEngine, instance: string): Promise<ContainerDetails[]> {
  const listed = await engine.listContainers(`${label.instance}=${instance}`);
  return (await Promise.all(listed.map(({ id }) => engine.inspectContainer(id)))).flatMap((one) => one ?? []);
}

/**
 * Until everything is settled, no replaced container waits for the new one to prove itself, and planning the same config
 * again gives nothing.
 */
export async function untilQuiet(engine: DockerEngine, agent: TestAgent, text: string): Promise<void> {
  const deadline = Date.now() + 60_000;
  for (;;) {
    const { steps } = await agent.client.plan({ files: [{ file: 'test.yaml', text: `#cloud-config\n${text}` }] });
    const { state } = await agent.client.status();
    const names = (await engine.listContainers(`${label.instance}=${agent.instance}`)).map(({ name }) => name);
    const isRollout = names.some((name) => /\.(next|previous)$/.test(name));
    if (steps.length === 0 && state === 'healthy' && !isRollout) return;
    if (Date.now() > deadline)
      throw new Error(`never quiet: ${state}, ${steps.map(({ id }) => id).join()}, ${names.join()}\n${agent.output}`);
    await agent.client.reconcile();
  }
}

async function linesOf(engine: DockerEngine, id: string, path: string): Promise<string[]> {
  let text = '';
  const onOutput = (stream: string, chunk: Buffer): void => {
    if (stream === 'stdout') text += chunk.toString();
  };
  await engine.exec(id, { command: ['cat', path], tty: false, stdin: false }, { onOutput });
  return text.split('\n').filter((line) => line !== '');
}
