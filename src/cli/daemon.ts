import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { mkdir, open, readFile, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { AgentOptions } from '../agent/agent-service.ts';
import type { HostStatus } from '../agent/model.ts';
import { BerthError, isBerthError } from '../core/errors.ts';
import { writeDurably } from '../engine/durable-file.ts';
import { daemonFiles } from './commands/agent.ts';
import type { Cli } from './context.ts';

/**
 * Mostly idle: a young generation of 1 MB and no threads to collect it take 13 MB less memory, and the old one is collected when it
 * has grown by 15 %. The launcher does the same.
 */
export const agentFlags: readonly string[] = [
  '--lite-mode',
  '--max-semi-space-size=1',
  '--heap-growing-percent=15',
  '--single-threaded-gc',
];

const startTimeoutMs = 120_000;
const stopTimeoutMs = 60_000;
const pollMs = 50;

/** The status of the agent behind the client; undefined when none answers. */
export async function askAgent(cli: Cli): Promise<HostStatus | undefined> {
  try {
    return await cli.client.status();
  } catch (error) {
    if (isBerthError(error, 'AGENT_UNREACHABLE')) return undefined;
    throw error;
  }
}

/** Starts `berth agent` as a process of its own, which outlives this one. @returns its process id. */
export async function startDaemon(cli: Cli, options: AgentOptions): Promise<number> {
  const { pid, log } = daemonFiles(options);
  await mkdir(options.stateDirectory, { recursive: true, mode: 0o700 });
  await mkdir(dirname(pid), { recursive: true });
  const [program = process.execPath, ...args] = cli.context.self;
  const output = openSync(log, 'a', 0o600);
  try {
    const child = spawn(program, [...agentFlags, ...args, ...daemonArguments(options)], {
      detached: true,
      stdio: ['ignore', output, output],
      cwd: '/',
    });
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', reject);
    });
    child.unref();
    const id = child.pid ?? 0;
    await writeDurably(pid, `${id}\n`, 0o644);
    return id;
  } finally {
    closeSync(output);
  }
}

/** Waits until the agent answers. Throws ENGINE_START_FAILED with the end of its log when it ends or takes too long. */
export async function awaitAgent(cli: Cli, options: AgentOptions, id: number): Promise<HostStatus> {
  const { clock, signal } = cli.context;
  const deadline = clock.now() + startTimeoutMs;
  while (clock.now() < deadline) {
    const status = await askAgent(cli);
    if (status !== undefined) return status;
    if (!isRunning(id)) break;
    await clock.sleep(pollMs, signal);
  }
  const { log } = daemonFiles(options);
  const said = await lastLines(log, 8);
  throw new BerthError('AGENT_UNREACHABLE', `the agent did not start${said === '' ? '' : `; it said:\n${said}`}`, {
    hint: `all it said is in ${log}`,
  });
}

/**
 * Ends the local instance with its services and engines. An agent that is gone is started again for it: it alone knows
 * what belongs to it. @returns false when there never was one.
 */
export async function stopInstance(cli: Cli, options: AgentOptions): Promise<boolean> {
  const { pid } = daemonFiles(options);
  let id = Number(await readFile(pid, 'utf8').catch(() => '0'));
  if ((await askAgent(cli)) === undefined) {
    if (id === 0) return false;
    if (!(await isOurs(id))) id = await startDaemon(cli, options);
    await awaitAgent(cli, options, id);
  }
  await cli.client.shutdown(cli.operator);
  const { clock, signal } = cli.context;
  const deadline = clock.now() + stopTimeoutMs;
  while (id > 0 && isRunning(id)) {
    if (clock.now() > deadline)
      throw new BerthError('BUSY', `the agent (process ${id}) does not end`, { hint: `kill -9 ${id}` });
    await clock.sleep(pollMs, signal);
  }
  await rm(pid, { force: true });
  return true;
}

function daemonArguments(options: AgentOptions): string[] {
  const { stateDirectory, runDirectory, socket, engine } = options;
  const args = ['agent', '--local', '--state', stateDirectory, '--run', runDirectory, '--socket', socket];
  return engine === undefined ? args : [...args, '--engine', engine];
}

function isRunning(id: number): boolean {
  try {
    process.kill(id, 0);
    return true;
  } catch {
    return false;
  }
}

/** A process id may have been given to another program since. */
async function isOurs(id: number): Promise<boolean> {
  const command = await readFile(`/proc/${id}/cmdline`, 'utf8').catch(() => '');
  return command.split('\0').includes('agent');
}

async function lastLines(path: string, count: number): Promise<string> {
  const file = await open(path, 'r').catch(() => undefined);
  if (file === undefined) return '';
  try {
    const { size } = await file.stat();
    const length = Math.min(size, 8192);
    const { buffer } = await file.read(Buffer.alloc(length), 0, length, size - length);
    return buffer.toString().trimEnd().split('\n').slice(-count).join('\n');
  } finally {
    await file.close();
  }
}
