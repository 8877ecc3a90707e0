import { spawn } from 'node:child_process';
import { open, readFile } from 'node:fs/promises';
import type { Clock } from '../../core/clock.ts';
import { BerthError } from '../../core/errors.ts';
import { isMissing } from '../../engine/durable-file.ts';

export interface LoggedRun {
  readonly program: string;
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** File that output is added to. */
  readonly logFile: string;
  /** File that descriptor 3 of the program writes to; it is made anew. */
  readonly statusFile: string;
  /** How long it may take; what still runs then is killed, with its children. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

export interface LoggedResult {
  /** 128 and more: ended by a signal. */
  readonly exitCode: number;
  readonly hasTimedOut: boolean;
  /** What was written to descriptor 3. */
  readonly status: string;
  /** The end of its output. */
  readonly tail: string;
}

const tailBytes = 2000;
/** Between asking a program to end and ending it. */
const graceMs = 5000;

/**
 * Runs a program with its output in a file, so that what it leaves running in the background can go on writing. Resolves when
 * the program itself has ended. Throws UNSUPPORTED when it cannot be started.
 */
export async function runLogged(run: LoggedRun, clock: Clock): Promise<LoggedResult> {
  const log = await open(run.logFile, 'a', 0o640);
  const status = await open(run.statusFile, 'w', 0o600);
  try {
    const { size } = await log.stat();
    const ending = await runToEnd(run, [log.fd, status.fd], clock);
    return { ...ending, status: await readFile(run.statusFile, 'utf8'), tail: await tailOf(run.logFile, size) };
  } finally {
    await log.close();
    await status.close();
  }
}

async function runToEnd(
  { program, args, environment, timeoutMs, signal }: LoggedRun,
  [log, status]: readonly [number, number],
  clock: Clock,
): Promise<Pick<LoggedResult, 'exitCode' | 'hasTimedOut'>> {
  const child = spawn(program, args, {
    ...{ env: environment, cwd: '/', stdio: ['ignore', log, log, status] },
    // A process group of its own: its children end with it when it takes too long.
    detached: true,
  });
  const ended = new AbortController();
  let hasTimedOut = false;
  const kill = (name: NodeJS.Signals): void => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, name);
    } catch (error) {
      if (Reflect.get(error as object, 'code') !== 'ESRCH') throw error;
    }
  };
  const limit = async (): Promise<void> => {
    await clock.sleep(timeoutMs, AbortSignal.any([signal, ended.signal]));
    hasTimedOut = true;
    kill('SIGTERM');
    await clock.sleep(graceMs, ended.signal);
    kill('SIGKILL');
  };
  // Rejects when the program ends first, or the agent does: then it is left to run on.
  limit().catch(() => undefined);
  try {
    const exitCode = await new Promise<number>((resolve, reject) => {
      child.once('error', (error) => reject(cannotStart(program, error)));
      child.once('exit', (code, name) => resolve(code ?? (name === null ? 128 : 137)));
      const leave = (): void => reject(signal.reason as Error);
      if (signal.aborted) leave();
      else signal.addEventListener('abort', leave, { once: true, signal: ended.signal });
    });
    return { exitCode, hasTimedOut };
  } finally {
    ended.abort();
    // An agent that ends does not wait for it.
    child.unref();
  }
}

function cannotStart(program: string, error: unknown): BerthError {
  const why = isMissing(error)
    ? `there is no ${program}, or not the interpreter that its first line names`
    : `${program} cannot be started: ${(error as Error).message}`;
  return new BerthError('UNSUPPORTED', why, { hint: 'run it in a container, as a service under berth.services' });
}

async function tailOf(path: string, from: number): Promise<string> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    const start = Math.max(from, size - tailBytes);
    const { buffer, bytesRead } = await file.read({ buffer: Buffer.alloc(Math.max(0, size - start)), position: start });
    return buffer.subarray(0, bytesRead).toString('utf8').trim();
  } finally {
    await file.close();
  }
}
