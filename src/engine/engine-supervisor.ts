import { backoffMs } from '../core/backoff.ts';
import type { Clock } from '../core/clock.ts';
import { BerthError, isBerthError, messageOf } from '../core/errors.ts';
import { type DetachedProcess, isAlive } from './detached-process.ts';
import { pingEngine, untilEngineGone } from './engine-presence.ts';
import { EngineProcesses } from './engine-process.ts';
import type { EnginePaths, EngineSpec } from './engine-spec.ts';

/** What became of an engine, and why. */
export interface EngineStateChange {
  /** `failed`: a start did not work, the next try comes after `retryInMs`. */
  readonly state: 'starting' | 'running' | 'down' | 'failed' | 'stopped';
  readonly reason: string;
  /** The telling ones, oldest first; empty when all is well. */
  readonly lastLogLines: readonly string[];
  readonly retryInMs?: number;
  /** Part of a restart that somebody asked for: no trouble. */
  readonly onRequest?: true;
}

/** Does what disturbs an engine, while nobody works there. */
export type Quietly = <Result>(work: () => Promise<Result>) => Promise<Result>;

export interface SupervisorOptions {
  readonly clock: Clock;
  /** In [0, 1). */
  readonly random: () => number;
  readonly onChange: (change: EngineStateChange) => void;
  /** Before every start: makes what the spec says is there. */
  readonly prepare?: () => Promise<void>;
  /** Tried when dockerd does not start with the spec given: the same engine with settings that are known to work. */
  readonly fallback?: EngineSpec;
  /**
   * Around a restart for other settings. A dockerd that is told to end while no container runs yet shuts down for good, and
   * kills the one whose start comes through meanwhile: live-restore is for those that run. Default: at once.
   */
  readonly quietly?: Quietly;
  /** How often to look whether the processes live and the engine still answers. Default: 10 s. */
  readonly checkIntervalMs?: number;
}

const defaultCheckIntervalMs = 10_000;
const pingTimeoutMs = 10_000;
/** A busy disk may make an engine slow; one that missed so many pings in a row hangs. */
const missedPings = 6;
/** For dockerd to end: then it is killed, which its containers outlive just as well. */
const endGraceMs = 20_000;
/** Running so long, a start counts as a success and the backoff begins anew. */
const settledMs = 60_000;

/** Keeps one engine running: adopts a live one or starts it, notices when it dies or hangs, and brings it back. */
export class EngineSupervisor {
  readonly paths: EnginePaths;
  readonly #processes: EngineProcesses;
  readonly #options: SupervisorOptions;
  #stopping = new AbortController();
  #ensuring: Promise<void> | undefined;
  /** Set while we end dockerd ourselves. */
  #onRequest: string | undefined;
  #fallback: EngineSpec | undefined;
  #refusal: string | undefined;
  /** Dockerd has run with it: when it does not start with it now, that is not for its settings. */
  #proven: EngineSpec | undefined;

  constructor(spec: EngineSpec, options: SupervisorOptions) {
    this.#options = options;
    this.#fallback = options.fallback;
    this.#processes = new EngineProcesses(spec, options.clock);
    this.paths = this.#processes.paths;
  }

  /** What the engine is run with: the spec last given, or the one it went back to. */
  get spec(): EngineSpec {
    return this.#processes.spec;
  }

  /** Why dockerd did not start with the spec last given; undefined when it did. */
  get refusal(): string | undefined {
    return this.#refusal;
  }

  /**
   * Adopts the engine when it runs as the spec says, starts it (again) otherwise; resolves when it answers. Safe to call at any
   * time. Throws ENGINE_START_FAILED.
   */
  ensureRunning(signal?: AbortSignal): Promise<void> {
    this.#ensuring ??= this.#ensure(signal).finally(() => {
      this.#ensuring = undefined;
    });
    return this.#ensuring;
  }

  /** Keeps the engine running until the signal aborts or {@link stop} is called; resolves then. Never throws for an engine that fails. */
  async watch(signal: AbortSignal): Promise<void> {
    const ending = AbortSignal.any([signal, this.#stopping.signal]);
    let failures = 0;
    while (!isAborted(ending)) {
      const since = this.#options.clock.now();
      try {
        await this.ensureRunning(ending);
        const reason = await this.#untilDown(ending);
        if (isAborted(ending)) return;
        await this.#report('down', this.#onRequest ?? reason);
        failures = this.#options.clock.now() - since > settledMs ? 0 : failures + 1;
        // The first restart comes at once: most deaths are a kill or an upgrade.
        if (failures > 1) await this.#pause(failures - 1, ending);
      } catch (error) {
        if (isAborted(ending)) return;
        failures += 1;
        const retryInMs = backoffMs(failures, this.#options.random());
        await this.#report('failed', messageOf(error), retryInMs);
        await this.#options.clock.sleep(retryInMs, ending).catch(() => undefined);
      }
    }
  }

  /** Ends dockerd and starts it again, so that it reads its configuration anew. Containers live on. */
  async restart(signal?: AbortSignal): Promise<void> {
    this.#onRequest = 'restarted on request';
    try {
      await this.#processes.endDockerd(endGraceMs);
      await this.ensureRunning(signal);
    } finally {
      this.#onRequest = undefined;
    }
  }

  /**
   * Makes the engine run as another spec of the same places says; dockerd is restarted when it runs with something else.
   * Throws ENGINE_START_FAILED when dockerd does not start with it: then it runs as before. Containers live on either way.
   */
  async reconfigure(spec: EngineSpec, signal?: AbortSignal): Promise<void> {
    await this.#ensuring?.catch(() => undefined);
    const before = this.#processes.spec;
    this.#refusal = undefined;
    this.#processes.use(spec);
    if ((await this.#processes.dockerd()) === undefined) return;
    if (await this.isCurrent()) {
      this.#proven = spec;
      return;
    }
    this.#fallback = before === spec ? this.#options.fallback : before;
    const { quietly = atOnce } = this.#options;
    await quietly(async () => {
      // It may have died meanwhile, and run as it should by now.
      if (signal?.aborted !== true && !(await this.isCurrent())) await this.restart(signal);
    });
    if (this.#processes.spec !== spec)
      throw new BerthError('ENGINE_START_FAILED', `${this.refusal ?? ''}; it runs with its earlier settings`);
  }

  /** Whether the running dockerd has the configuration of this supervisor's spec; false after adopting one that has another. */
  isCurrent(): Promise<boolean> {
    return this.#processes.isCurrent();
  }

  /** Ends {@link watch}, then dockerd and a containerd of our own. Containers live on; remove them first if they shall not. */
  async stop(graceMs: number): Promise<void> {
    this.#stopping.abort();
    await this.#ensuring?.catch(() => undefined);
    await this.#processes.end(graceMs);
    this.#stopping = new AbortController();
    await this.#report('stopped', 'stopped on request');
  }

  async #ensure(signal?: AbortSignal): Promise<void> {
    const isThere = (await this.#processes.dockerd()) !== undefined;
    const isStale = isThere && !(await this.isCurrent());
    if (isStale || !isThere) await this.#report('starting', isStale ? 'it runs with other settings' : 'no engine runs');
    if (isStale) await this.#processes.endDockerd(endGraceMs);
    if (isStale || !isThere) await this.#options.prepare?.();
    const how = await this.#start(signal);
    await this.#report('running', how === 'adopted' ? 'adopted the engine that runs' : 'started');
  }

  /** As the spec says; when dockerd does not start so but does with the fallback, as that says. */
  async #start(signal?: AbortSignal): Promise<'adopted' | 'started'> {
    const { spec } = this.#processes;
    try {
      const how = await this.#processes.ensure(signal);
      this.#proven = spec;
      return how;
    } catch (error) {
      const fallback = this.#fallback;
      const mayBeSettings = fallback !== undefined && fallback !== spec && this.#proven !== spec;
      if (!mayBeSettings || !isBerthError(error, 'ENGINE_START_FAILED')) throw error;
      this.#processes.use(fallback);
      try {
        await this.#processes.ensure(signal);
      } catch {
        this.#processes.use(spec);
        throw error;
      }
      this.#proven = fallback;
      this.#refusal = messageOf(error);
      return 'started';
    }
  }

  /** @returns why the engine is down now. */
  async #untilDown(signal: AbortSignal): Promise<string> {
    const dockerd = await this.#processes.dockerd();
    const containerd = await this.#processes.containerd();
    if (dockerd === undefined) return 'dockerd ended';
    const done = new AbortController();
    const watching = AbortSignal.any([signal, done.signal]);
    try {
      return await Promise.race([this.#untilClosed(dockerd, watching), this.#untilSick(dockerd, containerd, watching)]);
    } finally {
      done.abort();
    }
  }

  async #untilClosed(dockerd: DetachedProcess, signal: AbortSignal): Promise<string> {
    for (;;) {
      await untilEngineGone(this.paths.socket, signal);
      if (isAborted(signal)) return 'no longer watched';
      // The kernel closes a dying process's sockets a moment before the process is gone.
      await this.#options.clock.sleep(100, signal).catch(() => undefined);
      if (!isAlive(dockerd)) return `dockerd (pid ${dockerd.pid}) ended`;
      await this.#options.clock.sleep(1_000, signal).catch(() => undefined);
    }
  }

  async #untilSick(
    dockerd: DetachedProcess,
    containerd: DetachedProcess | undefined,
    signal: AbortSignal,
  ): Promise<string> {
    let missed = 0;
    while (!isAborted(signal)) {
      await this.#options.clock
        .sleep(this.#options.checkIntervalMs ?? defaultCheckIntervalMs, signal)
        .catch(() => undefined);
      if (isAborted(signal)) break;
      if (!isAlive(dockerd)) return `dockerd (pid ${dockerd.pid}) ended`;
      if (containerd !== undefined && !isAlive(containerd)) return `containerd (pid ${containerd.pid}) ended`;
      missed = (await pingEngine(this.paths.socket, pingTimeoutMs)) ? 0 : missed + 1;
      if (missed >= missedPings) {
        await this.#processes.endDockerd(0);
        return `dockerd (pid ${dockerd.pid}) hung: it missed ${missed} pings`;
      }
      await this.#processes.boundLogs();
    }
    return 'no longer watched';
  }

  async #pause(failures: number, signal: AbortSignal): Promise<void> {
    await this.#options.clock.sleep(backoffMs(failures, this.#options.random()), signal).catch(() => undefined);
  }

  async #report(state: EngineStateChange['state'], reason: string, retryInMs?: number): Promise<void> {
    const sick = state === 'down' || state === 'failed';
    const lastLogLines = sick ? await this.#processes.lastLogLines() : [];
    this.#options.onChange({
      state,
      reason,
      lastLogLines,
      ...(retryInMs === undefined ? {} : { retryInMs }),
      ...(this.#onRequest === undefined ? {} : { onRequest: true }),
    });
  }
}

const atOnce: Quietly = (work) => work();

function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}
