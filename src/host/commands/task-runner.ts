import { appendFile, chmod, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { CommandConfig, PowerConfig } from '../../config/commands-config.ts';
import type { Clock } from '../../core/clock.ts';
import { BerthError, messageOf } from '../../core/errors.ts';
import { Turns } from '../../core/turns.ts';
import { renderFinalMessage } from './final-message.ts';
import { perProgram, perVariables } from './per-program.ts';
import { phoneHome } from './phone-home.ts';
import { type LoggedResult, runLogged } from './run-logged.ts';
import { describeStatuses, readStatuses, shellScript } from './shell-script.ts';
import type { TaskMarks } from './task-marks.ts';
import type { TaskMark, TaskRunner } from './task-state.ts';
import type { CommandTask } from './tasks.ts';

export interface HostTaskRunnerDependencies {
  readonly marks: TaskMarks;
  readonly clock: Clock;
  /** Below /run: scripts on their way. */
  readonly directory: string;
  /** Where `cloud-init-per` keeps its marks; outlives the boot. */
  readonly perDirectory: string;
  /** Where all output goes. */
  readonly logFile: string;
  readonly hostKeyDirectory: string;
  readonly version: string;
  /** Where this boot's config is from. */
  readonly datasource: () => string;
  /** On the machine's console. */
  readonly say: (line: string) => void;
  /** Restarts or powers off once the host is set up; resolves when that is on its way. */
  readonly power: (power: PowerConfig) => Promise<void>;
  readonly limits?: { readonly earlyMs: number; readonly lateMs: number };
}

/** The boot waits for what runs early; what runs late may build or fetch things. */
const defaultLimits = { earlyMs: 5 * 60_000, lateMs: 60 * 60_000 };
const environment = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  LANG: 'C.UTF-8',
  HOME: '/root',
};

/** Runs what a config has this machine run, one task at a time, each no more often than it may. */
export class HostTaskRunner implements TaskRunner {
  readonly #deps: HostTaskRunnerDependencies;
  readonly #turns = new Turns();

  constructor(deps: HostTaskRunnerDependencies) {
    this.#deps = deps;
  }

  async marks(): Promise<ReadonlyMap<string, TaskMark>> {
    return await this.#deps.marks.all();
  }

  async run(task: CommandTask, signal: AbortSignal): Promise<void> {
    await this.#turns.take(() => this.#runOnce(task, signal));
  }

  async #runOnce(task: CommandTask, signal: AbortSignal): Promise<void> {
    const { marks, clock } = this.#deps;
    if ((await marks.all()).has(task.id)) return;
    const mark = (outcome: TaskMark['outcome'], detail?: string): Promise<void> =>
      marks.set(task.id, task.frequency, {
        ...{ at: clock.now(), digest: task.digest, outcome },
        ...(detail === undefined ? {} : { detail }),
      });
    // Before it runs: a command that crashes the machine must not do so at every boot.
    await mark('started');
    try {
      await this.#act(task, signal);
    } catch (error) {
      // The agent ends; what runs goes on without it.
      signal.throwIfAborted();
      await mark('failed', messageOf(error));
      throw error;
    }
    await mark('done');
  }

  async #act(task: CommandTask, signal: AbortSignal): Promise<void> {
    const { action } = task;
    switch (action.kind) {
      case 'shell':
        await this.#runShell(task, action.commands, signal);
        return;
      case 'script':
        await this.#runScript(task, action, signal);
        return;
      case 'phone-home': {
        const { clock, hostKeyDirectory } = this.#deps;
        const { hostname, fqdn } = action;
        const caller = { instance: await this.#instance(), hostname, fqdn, hostKeyDirectory };
        await phoneHome(action.to, caller, clock, signal);
        return;
      }
      case 'message':
        await this.#sayFinally(action.text);
        return;
      case 'power':
        await this.#power(task, action.power, signal);
    }
  }

  async #runShell(task: CommandTask, commands: readonly CommandConfig[], signal: AbortSignal): Promise<void> {
    const result = await this.#runText(task, shellScript(commands), [], signal);
    const statuses = readStatuses(result.status, commands.length);
    this.#check(task, result, describeStatuses(task.key, statuses, result.exitCode));
  }

  async #runScript(
    task: CommandTask,
    { contentBase64, prefix }: Extract<CommandTask['action'], { kind: 'script' }>,
    signal: AbortSignal,
  ): Promise<void> {
    const result = await this.#runText(task, Buffer.from(contentBase64, 'base64'), prefix, signal);
    this.#check(task, result, result.exitCode === 0 ? [] : [`it ended with ${result.exitCode}`]);
  }

  #check(task: CommandTask, { hasTimedOut, tail }: LoggedResult, failures: readonly string[]): void {
    const lines = hasTimedOut ? [`it took more than ${this.#limitMs(task) / 1000} s, and was ended`] : failures;
    if (lines.length === 0) return;
    const { logFile } = this.#deps;
    const said = tail === '' ? 'it said nothing' : tail.slice(-500);
    throw new BerthError('HOST_REFUSED', `${lines.join('; ')}: ${said}`, {
      hint: `all that was said is in ${logFile}`,
    });
  }

  /** Runs a text as a program of its own, `prefix` before it; a list of commands is run by /bin/sh. */
  async #runText(
    task: CommandTask,
    content: string | Uint8Array,
    prefix: readonly string[],
    signal: AbortSignal,
  ): Promise<LoggedResult> {
    const { directory, logFile, clock, perDirectory } = this.#deps;
    const programs = join(directory, 'bin');
    await mkdir(programs, { recursive: true, mode: 0o700 });
    await writeFile(join(programs, 'cloud-init-per'), perProgram, { mode: 0o755 });
    await mkdir(dirname(logFile), { recursive: true });
    const path = join(directory, task.id.replaceAll('/', '-'));
    const statusFile = `${path}.status`;
    await writeFile(path, content, { mode: 0o700 });
    await chmod(path, 0o700);
    await appendFile(logFile, `${new Date(clock.now()).toISOString()} ${task.summary}\n`, { mode: 0o640 });
    const words = task.action.kind === 'script' ? [...prefix, path] : ['/bin/sh', path];
    const program = words[0] ?? path;
    const args = words.slice(1);
    try {
      return await runLogged(
        {
          ...{ program, args, logFile, statusFile, signal, timeoutMs: this.#limitMs(task) },
          environment: {
            ...environment,
            PATH: `${environment.PATH}:${programs}`,
            [perVariables.instance]: await this.#instance(),
            [perVariables.directory]: perDirectory,
          },
        },
        clock,
      );
    } finally {
      // Whoever still runs it has it open.
      await rm(statusFile, { force: true });
    }
  }

  #limitMs({ stage }: CommandTask): number {
    const { earlyMs, lateMs } = this.#deps.limits ?? defaultLimits;
    return stage === 'early' ? earlyMs : lateMs;
  }

  async #instance(): Promise<string> {
    return (await this.#deps.marks.instance()) ?? 'local';
  }

  async #sayFinally(text: string): Promise<void> {
    const { clock, version, datasource, say } = this.#deps;
    const [uptime = ''] = (await readFile('/proc/uptime', 'utf8')).split(' ');
    const timestamp = new Date(clock.now()).toUTCString().replace('GMT', '+0000');
    const message = renderFinalMessage(text, { version, uptime, timestamp, datasource: datasource() });
    for (const line of message.trimEnd().split('\n')) say(line);
  }

  async #power(task: CommandTask, power: PowerConfig, signal: AbortSignal): Promise<void> {
    const { condition } = power;
    if (typeof condition !== 'boolean') {
      const { exitCode } = await this.#runText(task, conditionScript(condition), [], signal);
      if (exitCode !== 0) return;
    }
    await this.#deps.power(power);
  }
}

/** Ends as its only command does. */
function conditionScript(condition: CommandConfig): string {
  return `${shellScript([condition])
    .trimEnd()
    .replace(/exit 0$/, 'exit "$berth_status"')}\n`;
}
