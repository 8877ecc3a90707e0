import { existsSync } from 'node:fs';
import { mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Clock } from '../core/clock.ts';
import { BerthError, messageOf } from '../core/errors.ts';
import {
  boundLog,
  type DetachedProcess,
  findDetached,
  findDetachedByArgument,
  forgetDetached,
  isAlive,
  spawnDetached,
  terminate,
} from './detached-process.ts';
import { tellingLines } from './engine-log.ts';
import { acceptsConnections, pingEngine } from './engine-presence.ts';
import {
  containerdArguments,
  containerdConfigText,
  daemonFile,
  dockerdArguments,
  type EnginePaths,
  type EngineSpec,
  engineEnvironment,
  enginePaths,
  startedText,
} from './engine-spec.ts';

/** One of the two programs of an engine. */
interface Program {
  readonly name: 'containerd' | 'dockerd';
  readonly command: string;
  readonly args: readonly string[];
  /** The one argument that no other engine's process has: tells it when its pidfile is lost. */
  readonly mark: string;
  readonly pidFile: string;
  readonly logFile: string;
  readonly socket: string;
  readonly answers: () => Promise<boolean>;
}

const startTimeoutMs = 60_000;
/** From one look whether a program answers to the next: more and more rarely, because looking takes from its processor. */
const firstPollMs = 20;
const longestPollMs = 200;
const pingTimeoutMs = 5_000;
const logLimitBytes = 8 * 2 ** 20;

/** Starts, adopts and ends the processes of one engine. They are detached: they outlive us, and we find them again. */
export class EngineProcesses {
  readonly paths: EnginePaths;
  #spec: EngineSpec;
  readonly #clock: Clock;

  constructor(spec: EngineSpec, clock: Clock) {
    this.#spec = spec;
    this.#clock = clock;
    this.paths = enginePaths(spec);
  }

  get spec(): EngineSpec {
    return this.#spec;
  }

  /** From the next start on: the same engine, in the same places, with other settings. */
  use(spec: EngineSpec): void {
    this.#spec = spec;
  }

  /** Makes sure of both programs. @returns whether dockerd was there already. Throws ENGINE_START_FAILED with its last words. */
  async ensure(signal?: AbortSignal): Promise<'adopted' | 'started'> {
    const directories = [
      this.#spec.stateDir,
      dirname(this.paths.socket),
      this.paths.execRoot,
      dirname(this.paths.dockerdPid),
    ];
    try {
      for (const directory of directories) await mkdir(directory, { recursive: true, mode: 0o711 });
    } catch (error) {
      throw new BerthError('ENGINE_START_FAILED', `cannot make the engine's directories: ${messageOf(error)}`, {
        cause: error,
      });
    }
    if (this.#spec.containerd.kind === 'own') {
      await writeFile(this.paths.containerdConfig, containerdConfigText);
      await this.#ensureProgram(this.#containerd(), signal);
    }
    await writeFile(this.paths.daemonConfig, `${JSON.stringify(daemonFile(this.#spec), null, 2)}\n`);
    if (this.#trusts()) await writeFile(this.paths.caCertificates, (this.#spec.caCertificates ?? []).join('\n'));
    return this.#ensureProgram(this.#dockerd(), signal);
  }

  /** dockerd's process; undefined when it does not run. */
  dockerd(): Promise<DetachedProcess | undefined> {
    return this.#find(this.#dockerd());
  }

  /** containerd's process; undefined when it does not run or is not ours. */
  async containerd(): Promise<DetachedProcess | undefined> {
    return this.#spec.containerd.kind === 'own' ? this.#find(this.#containerd()) : undefined;
  }

  /** Ends dockerd. Containers live on. */
  async endDockerd(graceMs: number): Promise<void> {
    await this.#end(this.#dockerd(), graceMs);
  }

  /** Ends dockerd, then a containerd of our own. Containers live on. */
  async end(graceMs: number): Promise<void> {
    await this.#end(this.#dockerd(), graceMs);
    if (this.#spec.containerd.kind === 'own') await this.#end(this.#containerd(), graceMs);
  }

  /** Whether the running dockerd was started as the spec says now; false asks for a restart. */
  async isCurrent(): Promise<boolean> {
    return (await readFile(this.paths.startedWith, 'utf8').catch(() => '')) === startedText(this.#spec);
  }

  /** The telling lines at the end of dockerd's log. */
  async lastLogLines(): Promise<string[]> {
    return tellingLines(await readFrom(this.paths.dockerdLog, -64 * 1024));
  }

  /** Cuts both logs when they grew too long. */
  async boundLogs(): Promise<void> {
    await Promise.all([this.paths.dockerdLog, this.paths.containerdLog].map((file) => boundLog(file, logLimitBytes)));
  }

  async #ensureProgram(program: Program, signal?: AbortSignal): Promise<'adopted' | 'started'> {
    const found = await this.#find(program);
    // One that runs may be on its way up: it gets as long as a new one.
    if (found !== undefined && (await this.#waitUntilAnswers(program, found, signal)) === 'answers') return 'adopted';
    if (found !== undefined) await this.#end(program, 0);
    await this.#start(program, signal);
    return 'started';
  }

  async #start(program: Program, signal?: AbortSignal): Promise<void> {
    await boundLog(program.logFile, logLimitBytes);
    // What a killed one left behind: dockerd refuses to start over a pidfile whose pid somebody else has by now.
    await rm(program.socket, { force: true });
    if (program.name === 'dockerd') await rm(this.paths.dockerdOwnPid, { force: true });
    const logStart = (await stat(program.logFile).catch(() => undefined))?.size ?? 0;
    const env = engineEnvironment(this.#spec, process.env, this.#trusts() ? this.paths.caCertificates : undefined);
    let started: DetachedProcess;
    try {
      started = await spawnDetached({ ...program, env });
    } catch (error) {
      throw new BerthError('ENGINE_START_FAILED', `cannot run ${program.command}: ${messageOf(error)}`, {
        cause: error,
      });
    }
    if (program.name === 'dockerd') await writeFile(this.paths.startedWith, startedText(this.#spec));
    const outcome = await this.#waitUntilAnswers(program, started, signal);
    if (outcome === 'answers') return;
    const said = tellingLines(await readFrom(program.logFile, logStart));
    await this.#end(program, 0);
    const how = outcome === 'ended' ? 'ended' : `did not answer within ${startTimeoutMs / 1000} s`;
    throw new BerthError('ENGINE_START_FAILED', `${program.name} ${how}: ${said.at(-1) ?? 'it said nothing'}`, {
      retryable: true,
      details: { program: program.name, lastLogLines: said },
      hint: `its whole log: ${program.logFile}`,
    });
  }

  async #waitUntilAnswers(
    program: Program,
    started: DetachedProcess,
    signal?: AbortSignal,
  ): Promise<'answers' | 'ended' | 'late'> {
    const end = this.#clock.now() + startTimeoutMs;
    for (let pollMs = firstPollMs; ; pollMs = Math.min(2 * pollMs, longestPollMs)) {
      if (await program.answers()) return 'answers';
      if (!isAlive(started)) return 'ended';
      if (this.#clock.now() >= end) return 'late';
      try {
        await this.#clock.sleep(pollMs, signal);
      } catch (error) {
        throw new BerthError('CANCELLED', `waiting for ${program.name} was cancelled`, { cause: error });
      }
    }
  }

  async #find(program: Program): Promise<DetachedProcess | undefined> {
    return (await findDetached(program.pidFile)) ?? (await findDetachedByArgument(program.mark, program.pidFile));
  }

  async #end(program: Program, graceMs: number): Promise<void> {
    const found = await this.#find(program);
    if (found !== undefined) await terminate(found, graceMs);
    await forgetDetached(program.pidFile);
  }

  /** Whether certificates are declared. */
  #trusts(): boolean {
    return (this.#spec.caCertificates ?? []).length > 0;
  }

  #containerd(): Program {
    const args = containerdArguments(this.#spec);
    const socket = this.paths.containerdSocket;
    return {
      name: 'containerd',
      command: this.#spec.binaries.containerd,
      args,
      mark: `--address=${socket}`,
      pidFile: this.paths.containerdPid,
      logFile: this.paths.containerdLog,
      socket,
      answers: () => acceptsConnections(socket),
    };
  }

  #dockerd(): Program {
    const args = dockerdArguments(this.#spec);
    const socket = this.paths.socket;
    return {
      name: 'dockerd',
      command: this.#spec.binaries.dockerd,
      args,
      mark: `--host=unix://${socket}`,
      pidFile: this.paths.dockerdPid,
      logFile: this.paths.dockerdLog,
      socket,
      // It listens long before it answers: from then on one ping waits for that.
      answers: async () => existsSync(socket) && pingEngine(socket, pingTimeoutMs),
    };
  }
}

/** A file's text from an offset (from its end when negative); empty when there is none. */
async function readFrom(file: string, offset: number): Promise<string> {
  const bytes = await readFile(file).catch(() => Buffer.alloc(0));
  // Cut since: the offset is of the old file.
  return bytes.subarray(offset > bytes.length ? 0 : offset).toString();
}
