import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ApplyEvent, HostStatus } from '../../../src/agent/model.ts';
import { AgentClient } from '../../../src/cli/client.ts';
import type { DockerEngine } from '../../../src/engine/docker.ts';
import { label } from '../../../src/services/names.ts';

export type ResultEvent = Extract<ApplyEvent, { kind: 'result' }>;

export interface TestAgentOptions {
  /** Socket of the engine that runs the user's services. */
  readonly engineSocket: string;
  /** Prefix of its containers, so that tests can share an engine. */
  readonly instance: string;
}

const root = join(import.meta.dirname, '../../..');
const operator = { who: 'test', command: 'test' };

/** A real `berth agent` process on a state directory of its own. */
export class TestAgent {
  readonly client: AgentClient;
  readonly stateDirectory: string;
  readonly instance: string;
  readonly #options: TestAgentOptions;
  #process: ChildProcess | undefined;
  #output = '';

  private constructor(options: TestAgentOptions, stateDirectory: string) {
    this.#options = options;
    this.instance = options.instance;
    this.stateDirectory = stateDirectory;
    this.client = new AgentClient(join(stateDirectory, 'run', 'api', 'berth.sock'));
  }

  static async start(options: TestAgentOptions): Promise<TestAgent> {
    const agent = new TestAgent(options, await mkdtemp('/tmp/bta-'));
    await agent.start();
    return agent;
  }

  get pid(): number {
    return this.#process?.pid ?? 0;
  }

  /** Starts it (again), on the same state. Resolves when it answers. */
  async start(): Promise<void> {
    const args = [
      'src/cli/main.ts',
      'agent',
      '--local',
      '--state',
      this.stateDirectory,
      '--run',
      join(this.stateDirectory, 'run'),
    ];
    const env = { ...process.env, BERTH_INSTANCE: this.instance, NODE_OPTIONS: '' };
    const child = spawn(
      process.execPath,
      ['--disable-warning=ExperimentalWarning', ...args, '--engine', `unix://${this.#options.engineSocket}`],
      { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] },
    );
    this.#process = child;
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => (this.#output = (this.#output + chunk.toString()).slice(-10_000)));
    for (;;) {
      const status = await this.client.status().catch(() => undefined);
      if (status !== undefined) return;
      if (child.exitCode !== null) throw new Error(`the agent ended with ${child.exitCode}:\n${this.#output}`);
      await sleep(20);
    }
  }

  /** SIGKILL. Resolves when it is gone. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  /** SIGTERM; services live on. */
  async stop(): Promise<void> {
    await this.#end('SIGTERM');
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#process;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    await gone;
  }

  /** Applies a config text and waits. @returns the result and all events before it. */
  async apply(text: string, timeoutMs = 60_000): Promise<{ result: ResultEvent; events: ApplyEvent[] }> {
    const events: ApplyEvent[] = [];
    await this.client.apply(
      { files: [{ file: 'test.yaml', text: `#cloud-config\n${text}` }] },
      { ...operator, timeoutMs, wait: true },
      (event) => events.push(event),
    );
    const result = events.at(-1);
    if (result?.kind !== 'result') throw new Error(`the apply ended without a result:\n${this.#output}`);
    return { result, events };
  }

  /** Applies without waiting for the end. */
  async declare(text: string): Promise<void> {
    await this.client.apply(
      { files: [{ file: 'test.yaml', text: `#cloud-config\n${text}` }] },
      { ...operator, timeoutMs: 0, wait: false },
      () => undefined,
    );
  }

  /** Ids of the steps of an apply, in the order in which they were started. */
  static steps(events: readonly ApplyEvent[]): string[] {
    return events.flatMap((event) => (event.kind === 'step-started' ? [event.step.id] : []));
  }

  /** Resolves when the status satisfies the condition; fails with the last status when that takes too long. */
  async until(condition: (status: HostStatus) => boolean, what: string, timeoutMs = 60_000): Promise<HostStatus> {
    const deadline = Date.now() + timeoutMs;
    let status = await this.client.status();
    while (!condition(status)) {
      if (Date.now() > deadline) throw new Error(`never ${what}: ${JSON.stringify(status, null, 1)}\n${this.#output}`);
      await sleep(50);
      status = await this.client.status().catch(() => status);
    }
    return status;
  }

  /** Ends it and removes everything it made. */
  async dispose(engine: DockerEngine): Promise<void> {
    await this.kill();
    for (const { id } of await engine.listContainers(`${label.instance}=${this.instance}`))
      await engine.removeContainer(id);
    for (const { name } of await engine.listNetworks(`${label.instance}=${this.instance}`))
      await engine.removeNetwork(name);
    for (const { name } of await engine.listVolumes(`${label.instance}=${this.instance}`))
      await engine.removeVolume(name);
    await rm(this.stateDirectory, { recursive: true, force: true });
  }

  /** What it wrote so far. */
  get output(): string {
    return this.#output;
  }

  /** A file of its state, as text. */
  async stateFile(path: string): Promise<string> {
    return await readFile(join(this.stateDirectory, path), 'utf8');
  }
}

/** State of a service in a status. */
export function stateOf(status: HostStatus, name: string): string | undefined {
  return status.services.find((service) => service.name === name)?.state;
}

/** Name, state and start of every container of an instance, sorted: equal texts mean that nothing was touched. */
export async function fingerprint(engine: DockerEngine, instance: string): Promise<string[]> {
  const containers = await engine.listContainers(`${label.instance}=${instance}`);
  const details = await Promise.all(containers.map(({ id }) => engine.inspectContainer(id)));
  return details
    .flatMap((detail) =>
      detail === undefined
        ? []
        : [`${detail.name} ${detail.state} ${detail.id.slice(0, 12)} ${detail.pid} ${detail.startedAt}`],
    )
    .sort();
}
