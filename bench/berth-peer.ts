import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RoundReport } from '../src/agent/agent-service.ts';
import type { ApplyEvent } from '../src/agent/model.ts';
import type { PrivateEngine } from '../test/engine/support/private-engine.ts';
import { timedCommand } from './stopwatch.ts';
import { UnixHttp } from './unix-http.ts';
import { berthConfig, type Workload } from './workload.ts';

/** Starts the agent as users do, with the flags that go with it; makes the bundle first when it is out of date. */
const launcher = join(import.meta.dirname, '../berth');
/** The production bundle, as it is run on a host that has no sources to check it against. */
const bundle = join(import.meta.dirname, '../dist/berth.js');

const running = new Set<ChildProcess>();

/** The agent with a state of its own on the engine under test, and the command line that talks to it. */
export class BerthPeer {
  readonly #process: ChildProcess;
  readonly #directory: string;
  readonly #http: UnixHttp;

  private constructor(process: ChildProcess, directory: string) {
    this.#process = process;
    this.#directory = directory;
    this.#http = new UnixHttp(socketIn(directory));
  }

  /** Starts the agent and waits until it answers. */
  static async start(engine: PrivateEngine): Promise<BerthPeer> {
    const directory = await mkdtemp(join(engine.stateDir, 'berth-'));
    await mkdir(join(directory, 'run'));
    const log = openSync(join(directory, 'agent.log'), 'a');
    const args = ['agent', '--local', '--state', join(directory, 'state'), '--run', join(directory, 'run')];
    const child = spawn(launcher, [...args, '--engine', `unix://${engine.socket}`], {
      stdio: ['ignore', log, log],
      env: environment(directory),
    });
    closeSync(log);
    running.add(child);
    child.once('exit', () => running.delete(child));
    const peer = new BerthPeer(child, directory);
    await peer.#answers();
    return peer;
  }

  /** Writes the file that the next `berth apply` reads. */
  async declare(workload: Workload): Promise<void> {
    await writeFile(this.#configFile, berthConfig(workload));
  }

  /**
   * Applies a workload through the agent's socket.
   * @param onEvent sees every event, with the seconds since the request.
   * @returns seconds from the request to the result. Throws when the result is not `converged`.
   */
  async apply(
    workload: Workload,
    onEvent: (event: ApplyEvent, seconds: number) => void = () => undefined,
  ): Promise<number> {
    const body = {
      request: { files: [{ file: this.#configFile, text: berthConfig(workload) }] },
      who: 'bench',
      command: 'bench',
      timeoutMs: 120_000,
      wait: true,
    };
    let end: number | undefined;
    const start = performance.now();
    await this.#http.stream('POST', '/v1/apply', body, (line) => {
      const event = JSON.parse(line) as ApplyEvent;
      const now = performance.now();
      onEvent(event, (now - start) / 1000);
      if (event.kind !== 'result') return false;
      if (event.outcome !== 'converged') throw new Error(`Berth did not converge:\n${line.slice(0, 2000)}`);
      end = now;
      return true;
    });
    if (end === undefined) throw new Error(`the agent gave no result\n${this.#logTail()}`);
    return (end - start) / 1000;
  }

  async reconcile(): Promise<RoundReport> {
    return (await this.#http.call('POST', '/v1/reconcile')) as RoundReport;
  }

  /** `berth apply FILE` as a process. @returns seconds. */
  async applyCommand(): Promise<number> {
    return this.#command('apply', this.#configFile);
  }

  /** `berth status` as a process. @returns seconds. */
  async statusCommand(): Promise<number> {
    return this.#command('status');
  }

  /** Resident memory of the agent in MB (10^6 bytes). */
  residentMegabytes(): number {
    const match = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${this.#pid}/status`, 'utf8'));
    return (Number(match?.[1]) * 1024) / 1e6;
  }

  /** Processor time of the agent since its start, in seconds: the scheduler's own account of every thread. */
  cpuSeconds(): number {
    let nanoseconds = 0;
    for (const thread of readdirSync(`/proc/${this.#pid}/task`)) {
      const text = readFileSync(`/proc/${this.#pid}/task/${thread}/schedstat`, 'utf8');
      nanoseconds += Number(text.split(' ')[0]);
    }
    return nanoseconds / 1e9;
  }

  /** Ends the agent; its containers stay. */
  async stop(): Promise<void> {
    this.#http.close();
    await end(this.#process);
  }

  /** Ends every agent of this benchmark. */
  static async stopAll(): Promise<void> {
    await Promise.all([...running].map(end));
  }

  get #pid(): number {
    return this.#process.pid ?? 0;
  }

  get #configFile(): string {
    return join(this.#directory, 'bench.yaml');
  }

  async #command(...args: string[]): Promise<number> {
    const command = [process.execPath, bundle, ...args, '--socket', socketIn(this.#directory)];
    return timedCommand(command, environment(this.#directory));
  }

  async #answers(): Promise<void> {
    const deadline = performance.now() + 30_000;
    for (;;) {
      try {
        await this.#http.call('GET', '/healthz');
        return;
      } catch (error) {
        if (this.#process.exitCode !== null || performance.now() > deadline)
          throw new Error(`the agent does not answer\n${this.#logTail()}`, { cause: error });
        await sleep(20);
      }
    }
  }

  #logTail(): string {
    return readFileSync(join(this.#directory, 'agent.log'), 'utf8').slice(-2000);
  }
}

function socketIn(directory: string): string {
  return join(directory, 'run/api/berth.sock');
}

/** A compile cache that is warm from the second start on, as on any host. */
function environment(directory: string): NodeJS.ProcessEnv {
  return { ...process.env, XDG_CACHE_HOME: join(directory, '../cache') };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), 10_000);
  await exited;
  clearTimeout(timer);
}
