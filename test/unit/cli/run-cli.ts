import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import type { AgentOptions } from '../../../src/agent/agent-service.ts';
import { type ApiServer, serveApi } from '../../../src/api/server.ts';
import type { CliContext } from '../../../src/cli/context.ts';
import { runCli } from '../../../src/cli/program.ts';
import { FakeAgent, noon } from '../api/fake-agent.ts';

export interface Surroundings {
  readonly stdin?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** A terminal of this width. */
  readonly columns?: number;
  readonly signal?: AbortSignal;
  /** How the program was called. */
  readonly program?: string;
  /** What the clock says. */
  readonly now?: number;
}

export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A folder of its own with an agent behind a socket, and command lines run in it as in a process. */
export class Bench {
  readonly directory: string;
  readonly agent = new FakeAgent();
  readonly agentOptions: AgentOptions[] = [];
  readonly #server: ApiServer;

  private constructor(directory: string, server: ApiServer, agent: FakeAgent) {
    this.directory = directory;
    this.#server = server;
    this.agent = agent;
  }

  static async open(): Promise<Bench> {
    const directory = await mkdtemp(join(tmpdir(), 'berth-cli-'));
    const agent = new FakeAgent();
    return new Bench(directory, await serveApi(agent, join(directory, 'berth.sock')), agent);
  }

  async close(): Promise<void> {
    await this.#server.close();
    await rm(this.directory, { recursive: true });
  }

  async run(
    args: readonly string[],
    { stdin, env = {}, columns, signal, program = 'berth', now = noon }: Surroundings = {},
  ): Promise<Outcome> {
    const written = { stdout: '', stderr: '' };
    const output = (name: 'stdout' | 'stderr') => ({
      write: (text: string | Uint8Array) => void (written[name] += Buffer.from(text).toString()),
      ...(columns === undefined ? {} : { isTTY: true, columns, rows: 24 }),
    });
    const input = new PassThrough();
    input.end(stdin);
    const context: CliContext = {
      stdin: input,
      stdout: output('stdout'),
      stderr: output('stderr'),
      env: { BERTH_SOCKET: join(this.directory, 'berth.sock'), USER: 'ops', ...env },
      cwd: this.directory,
      clock: { now: () => now, sleep: async () => Promise.resolve() },
      signal: signal ?? new AbortController().signal,
      projectDirectory: this.directory,
      program,
      self: [],
      runAgent: async (options) => {
        this.agentOptions.push(options);
        return Promise.resolve(0);
      },
    };
    const code = await runCli(args, context);
    return { code, ...written };
  }
}
