import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

/** A process that outlives us, told from a later one with the same pid by its start time and the boot it runs in. */
export interface DetachedProcess {
  readonly pid: number;
  /** Field 22 of /proc/PID/stat, proc_pid_stat(5): clock ticks since boot. */
  readonly startTicks: string;
  readonly bootId: string;
}

export interface DetachedCommand {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  /** stdout and stderr are appended here. */
  readonly logFile: string;
  readonly pidFile: string;
}

/** Starts a program in a session of its own, with its own stdio, and records it in the pidfile. Throws when it cannot be executed. */
export async function spawnDetached(command: DetachedCommand): Promise<DetachedProcess> {
  const log = openSync(command.logFile, 'a', 0o640);
  try {
    const child = spawn(command.command, command.args, {
      detached: true,
      stdio: ['ignore', log, log],
      env: command.env,
      cwd: '/',
    });
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', reject);
    });
    child.unref();
    // An 'error' may still come later (a signal that cannot be sent): it must not take us down.
    child.on('error', () => undefined);
    const spawned = identifyProcess(child.pid ?? 0);
    await writeFile(command.pidFile, recordOf(spawned));
    return spawned;
  } finally {
    closeSync(log);
  }
}

/** The process of a pidfile that {@link spawnDetached} wrote; undefined when there is none or it does not run any more. */
export async function findDetached(pidFile: string): Promise<DetachedProcess | undefined> {
  const text = await readFile(pidFile, 'utf8').catch(() => '');
  const [pid, startTicks, boot] = text.trim().split(' ');
  if (startTicks === undefined || boot === undefined) return undefined;
  const found = { pid: Number(pid), startTicks, bootId: boot };
  return isAlive(found) ? found : undefined;
}

/**
 * Looks for a process with this exact argument, and records it in the pidfile: we may have died between starting it and
 * writing that down. Reads all of /proc once.
 */
export async function findDetachedByArgument(argument: string, pidFile: string): Promise<DetachedProcess | undefined> {
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name) || Number(name) === process.pid) continue;
    const args = (await readFile(`/proc/${name}/cmdline`, 'utf8').catch(() => '')).split('\0');
    if (!args.includes(argument)) continue;
    const found = identifyProcess(Number(name));
    await writeFile(pidFile, recordOf(found));
    return found;
  }
  return undefined;
}

/** The identity of a process that runs now. */
export function identifyProcess(pid: number): DetachedProcess {
  return { pid, startTicks: statFields(pid)?.startTicks ?? '0', bootId: bootId() };
}

/** True while exactly that process runs; a zombie does not. */
export function isAlive(process: DetachedProcess): boolean {
  const fields = statFields(process.pid);
  return (
    fields !== undefined &&
    fields.state !== 'Z' &&
    fields.startTicks === process.startTicks &&
    process.bootId === bootId()
  );
}

/** Sends the signal when the process still runs. @returns whether it did. */
export function signalProcess(target: DetachedProcess, signal: NodeJS.Signals): boolean {
  if (!isAlive(target)) return false;
  try {
    return process.kill(target.pid, signal);
  } catch {
    // It ended between the two lines.
    return false;
  }
}

/** SIGTERM, then SIGKILL after the grace. Resolves when it is gone; safe to call twice. */
export async function terminate(target: DetachedProcess, graceMs: number): Promise<void> {
  if (!signalProcess(target, 'SIGTERM')) return;
  if (await isGoneWithin(target, graceMs)) return;
  signalProcess(target, 'SIGKILL');
  await isGoneWithin(target, 10_000);
}

/** Keeps the last half of a log that grew beyond `limitBytes`. The writer appends (O_APPEND), so cutting below it is safe. */
export async function boundLog(file: string, limitBytes: number): Promise<void> {
  const size = (await stat(file).catch(() => undefined))?.size ?? 0;
  if (size <= limitBytes) return;
  const tail = (await readFile(file)).subarray(-Math.floor(limitBytes / 2));
  await writeFile(`${file}.1`, tail);
  await truncate(file, 0);
}

/** Removes a pidfile. */
export async function forgetDetached(pidFile: string): Promise<void> {
  await rm(pidFile, { force: true });
}

function recordOf(process: DetachedProcess): string {
  return `${process.pid} ${process.startTicks} ${process.bootId}\n`;
}

async function isGoneWithin(target: DetachedProcess, ms: number): Promise<boolean> {
  const end = performance.now() + ms;
  while (isAlive(target)) {
    if (performance.now() >= end) return false;
    await sleep(20);
  }
  return true;
}

function statFields(pid: number): { state: string; startTicks: string } | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The command in parentheses may hold spaces and parentheses: count fields after its end.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return { state: fields[0] ?? '', startTicks: fields[19] ?? '' };
  } catch {
    return undefined;
  }
}

function bootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
}
