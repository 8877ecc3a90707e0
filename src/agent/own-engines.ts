import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { emptyHostConfig } from '../config/host-config.ts';
import type { EngineName } from '../config/service-spec.ts';
import type { Clock } from '../core/clock.ts';
import { BerthError } from '../core/errors.ts';
import { Turns } from '../core/turns.ts';
import { type EngineBinaries, fetchEngineBinaries, findEngineBinaries } from '../engine/binaries.ts';
import { DockerEngine } from '../engine/docker.ts';
import { type EngineSettings, systemEngineSettings } from '../engine/engine-settings.ts';
import type { EngineSpec } from '../engine/engine-spec.ts';
import { type EngineStateChange, EngineSupervisor, type Quietly } from '../engine/engine-supervisor.ts';
import { findForeignDocker } from '../engine/foreign-docker.ts';
import type { ImageLoads } from '../engine/image-loads.ts';
import type { HostMode } from '../host/plan.ts';
import {
  makeLocalBridge,
  prepareUserEngineRoot,
  releaseUserEngineRoot,
  removeLocalBridges,
} from '../services/catalogue/user-engine-root.ts';
import { engineGroupId, localBridge, localSystemBridge, userEngineSockets } from '../services/catalogue/variables.ts';
import { userEngineService } from '../services/desired/declared.ts';
import type { Desired } from '../services/model.ts';
import type { EngineHandle } from '../services/observe.ts';
import type { EngineSet } from './engine-set.ts';
import { imageDirectories } from './image-directories.ts';
import { openImageLoads } from './image-load-file.ts';
import type { EngineStatus } from './model.ts';
import { UserEngineDemand } from './user-engine-demand.ts';

export interface OwnEngineOptions {
  readonly mode: HostMode;
  readonly stateDirectory: string;
  readonly runDirectory: string;
  /** `unix://…` of a running engine for the user's services; absent: the machine's own Docker, else our `docker` service. */
  readonly engine?: string;
  readonly clock: Clock;
  readonly random: () => number;
  /** What became of the system engine goes into the ledger. */
  readonly onChange: (change: EngineStateChange) => void;
  /** What goes wrong beside the engines, for the log. */
  readonly onProblem: (error: unknown) => void;
}

const flushing = 'a second engine that manages iptables would flush its rules';

interface UserEngine {
  /** Absent: it is a service of ours. */
  readonly externalSocket?: string | undefined;
  /** Why it cannot be a service of ours. */
  readonly problem?: string;
}

type Loads = Readonly<Record<EngineName, ImageLoads | undefined>>;

/** With these the system engine starts whatever the config says. */
const plainSettings = systemEngineSettings(emptyHostConfig);

/** Sockets and directories of the engines; also what the catalogue's services are told. */
export interface EnginePlaces {
  readonly systemSocket: string;
  readonly containerdSocket: string;
  readonly userSocket: string;
  readonly userEngine: { readonly root: string; readonly run: string };
}

/** The engines of this machine: a private system engine, started when something needs it, and a user engine. */
export class OwnEngines implements EngineSet {
  readonly handles: readonly EngineHandle[];
  readonly userEngineIsService: boolean;
  readonly ownUserEngineProblem: string | undefined;
  readonly places: EnginePlaces;
  readonly #options: OwnEngineOptions;
  readonly #needed = new Set<EngineName>();
  readonly #up = new Map<EngineName, { readonly isUp: boolean; readonly why: string }>();
  readonly #versions = new Map<EngineName, string>();
  readonly #end = new AbortController();
  /** Absent where the user engine is not ours. */
  readonly #demand: UserEngineDemand | undefined;
  #supervisor: EngineSupervisor | undefined;
  #settings: EngineSettings = plainSettings;
  #quietly: Quietly = (work) => work();
  /** One restart at a time. */
  readonly #configuring = new Turns();
  /** What each spec was made from. */
  readonly #settingsOf = new WeakMap<EngineSpec, EngineSettings>();
  /** Set once the system engine is needed. */
  #watching: Promise<void> | undefined;
  #systemState: EngineStateChange = { state: 'stopped', reason: 'nothing needs it yet', lastLogLines: [] };

  private constructor(options: OwnEngineOptions, user: UserEngine, loads: Loads) {
    const { runDirectory, stateDirectory } = options;
    this.#options = options;
    this.userEngineIsService = user.externalSocket === undefined;
    this.ownUserEngineProblem = user.problem;
    this.places = {
      systemSocket: join(runDirectory, 'system', 'docker.sock'),
      containerdSocket: join(runDirectory, 'system', 'containerd.sock'),
      userSocket: user.externalSocket ?? join(runDirectory, 'user', 'docker.sock'),
      userEngine: { root: dataDirectory(stateDirectory, 'user'), run: join(runDirectory, 'user') },
    };
    // On somebody's machine its image may not be at hand, and nobody looks for Docker there.
    if (this.userEngineIsService && options.mode === 'host')
      this.#demand = new UserEngineDemand({
        flagFile: join(runDirectory, 'user-engine-demanded'),
        sockets: userEngineSockets({ ...this.places, mode: options.mode }),
        target: this.places.userSocket,
        groupId: engineGroupId,
        onProblem: options.onProblem,
      });
    this.handles = [
      { name: 'system', engine: DockerEngine.connect(this.places.systemSocket, loads.system) },
      { name: 'user', engine: DockerEngine.connect(this.places.userSocket, loads.user) },
    ];
  }

  /** Looks which user engine there is. Throws USAGE for an engine address that is not a unix socket. */
  static async open(options: OwnEngineOptions): Promise<OwnEngines> {
    const user = await findUserEngine(options);
    const open = (name: EngineName): Promise<ImageLoads> =>
      openImageLoads({
        path: join(options.stateDirectory, `${name}-image-loads.json`),
        dataDirectory: dataDirectory(options.stateDirectory, name),
      });
    const isOurs = user.externalSocket === undefined;
    return new OwnEngines(options, user, {
      system: await open('system'),
      user: isOurs ? await open('user') : undefined,
    });
  }

  isOwn(name: EngineName): boolean {
    return name === 'system' || this.userEngineIsService;
  }

  statuses(): EngineStatus[] {
    return [this.#systemStatus(), this.#userStatus()].filter(({ name }) => this.#needed.has(name));
  }

  disturbSystemBy(quietly: Quietly): void {
    this.#quietly = quietly;
  }

  declared({ services }: Desired): void {
    for (const { engine } of services.values()) this.#need(engine);
    this.#demand?.noteDeclared(services.has(userEngineService));
  }

  get isUserEngineDemanded(): boolean {
    return this.#demand?.isDemanded === true;
  }

  onUserEngineDemand(listener: (socket: string) => boolean): void {
    this.#demand?.onDemand(listener);
  }

  #need(name: EngineName): void {
    if (this.#needed.has(name)) return;
    this.#needed.add(name);
    const isSystemNeeded = name === 'system' || (this.userEngineIsService && this.ownUserEngineProblem === undefined);
    if (isSystemNeeded) this.#watching ??= this.#superviseSystem();
  }

  get systemSettings(): EngineSettings | undefined {
    if (this.#supervisor === undefined || this.#systemState.state !== 'running') return undefined;
    return this.#settingsOf.get(this.#supervisor.spec);
  }

  configure(settings: EngineSettings): Promise<void> {
    this.#settings = settings;
    return this.#configuring.take(() => this.#reconfigure());
  }

  onConnection(name: EngineName, isUp: boolean, why: string): void {
    this.#up.set(name, { isUp, why });
    if (name === 'user') this.#demand?.noteConnection(isUp);
    if (isUp && !this.#versions.has(name)) void this.#askVersion(name);
  }

  /** Ends watching; engines and containers live on. */
  async release(): Promise<void> {
    this.#end.abort();
    await this.#demand?.end();
    await this.#watching;
  }

  /** Ends the engines that are ours, and the mounts made for them. Their data stays. */
  async stop(): Promise<void> {
    await this.release();
    await this.#demand?.forget();
    await this.#supervisor?.stop(20_000);
    if (this.#supervisor !== undefined && this.#options.mode === 'local') await removeLocalBridges();
    if (this.userEngineIsService)
      await releaseUserEngineRoot([this.places.userEngine.root, this.places.userEngine.run]);
  }

  async #superviseSystem(): Promise<void> {
    const { clock } = this.#options;
    while (!this.#end.signal.aborted) {
      try {
        // The boot started it before there was a config: no service is begun on it before it runs as declared.
        const { watching } = await this.#quietly(async () => {
          const supervisor = await this.#openSupervisor();
          const started = { watching: supervisor.watch(this.#end.signal) };
          // What goes wrong is reported by the watch, which tries again.
          await supervisor.ensureRunning(this.#end.signal).catch(() => undefined);
          return started;
        });
        await watching;
        return;
      } catch (error) {
        this.#onChange({
          state: 'failed',
          reason: error instanceof Error ? error.message : String(error),
          lastLogLines: [],
        });
        await clock.sleep(5000, this.#end.signal).catch(() => undefined);
      }
    }
  }

  async #openSupervisor(): Promise<EngineSupervisor> {
    const { clock, random, mode } = this.#options;
    const binaries = await this.#binaries();
    if (this.userEngineIsService)
      await prepareUserEngineRoot([this.places.userEngine.root, this.places.userEngine.run]);
    const supervisor = new EngineSupervisor(this.#spec(binaries, this.#settings), {
      clock,
      random,
      onChange: (change) => this.#onChange(change),
      fallback: this.#spec(binaries, plainSettings),
      quietly: (work) => this.#quietly(work),
      ...(mode === 'local' ? { prepare: () => makeLocalBridge() } : {}),
    });
    // At once: settings that come from now on are for it.
    this.#supervisor = supervisor;
    return supervisor;
  }

  async #binaries(): Promise<EngineBinaries> {
    if (this.#options.mode === 'host')
      return JSON.parse(await readFile(imageDirectories.engineBinaries, 'utf8')) as EngineBinaries;
    return (
      (await findEngineBinaries()) ??
      (await fetchEngineBinaries(this.#options.stateDirectory, () => undefined, this.#end.signal))
    );
  }

  async #reconfigure(): Promise<void> {
    const supervisor = this.#supervisor;
    if (supervisor === undefined || this.#end.signal.aborted) return;
    await supervisor.reconfigure(this.#spec(supervisor.spec.binaries, this.#settings), this.#end.signal);
  }

  #spec(binaries: EngineBinaries, settings: EngineSettings): EngineSpec {
    const spec: EngineSpec = {
      role: 'system',
      stateDir: dataDirectory(this.#options.stateDirectory, 'system'),
      runDir: join(this.#options.runDirectory, 'system'),
      socket: this.places.systemSocket,
      binaries,
      // No other Docker is here whose docker0 could be deleted.
      ...(this.#options.mode === 'local' ? { bridge: localSystemBridge.name } : {}),
      config: settings.daemon,
      proxy: settings.proxy,
      caCertificates: settings.caCertificates,
      containerd: { kind: 'own' },
    };
    this.#settingsOf.set(spec, settings);
    return spec;
  }

  #onChange(change: EngineStateChange): void {
    this.#systemState = change;
    this.#options.onChange(change);
  }

  #systemStatus(): EngineStatus {
    const { state, reason, lastLogLines } = this.#systemState;
    const isFine = state === 'running';
    const refusal = this.#supervisor?.refusal;
    const note =
      refusal === undefined
        ? ''
        : `it runs with earlier settings, for it did not start with those declared: ${refusal}`;
    return {
      name: 'system',
      state: state === 'down' ? 'unreachable' : state,
      version: this.#versions.get('system') ?? '',
      socket: this.places.systemSocket,
      detail: isFine ? note : [reason, ...lastLogLines].join('\n'),
    };
  }

  #userStatus(): EngineStatus {
    const problem = this.userEngineIsService ? this.ownUserEngineProblem : undefined;
    const { isUp, why } = this.#up.get('user') ?? { isUp: false, why: 'not asked yet' };
    return {
      name: 'user',
      state: isUp ? 'running' : this.userEngineIsService && problem === undefined ? 'starting' : 'unreachable',
      version: this.#versions.get('user') ?? '',
      socket: this.places.userSocket,
      detail: isUp ? '' : (problem ?? why),
    };
  }

  async #askVersion(name: EngineName): Promise<void> {
    const info = await this.handles
      .find((handle) => handle.name === name)
      ?.engine.info()
      .catch(() => undefined);
    if (info !== undefined) this.#versions.set(name, info.version);
  }
}

/** Which engine the user's services are for: a running one, else our service, unless something is in its way. */
async function findUserEngine({ mode, engine }: OwnEngineOptions): Promise<UserEngine> {
  const named = engine === undefined ? undefined : socketOf(engine);
  if (mode === 'host') return { externalSocket: named };
  const foreign = await findForeignDocker(localBridge.name);
  const externalSocket = named ?? (foreign.kind === 'running' ? foreign.socket : undefined);
  if (externalSocket !== undefined)
    return { externalSocket, problem: `the user engine is the Docker at ${externalSocket}, and ${flushing}` };
  if (foreign.kind !== 'stopped') return {};
  return {
    problem: `a Docker of this machine (bridge ${foreign.bridge}) does not run but still publishes ports, and ${flushing}: start it and then Berth again (berth down --local, berth up --local), or name an engine with --engine`,
  };
}

/** Where an engine of ours keeps what it has. */
export function dataDirectory(stateDirectory: string, engine: EngineName): string {
  return join(stateDirectory, `${engine}-engine`);
}

function socketOf(address: string): string {
  const path = address.replace(/^unix:\/\//, '');
  if (!path.startsWith('/'))
    throw new BerthError('USAGE', `--engine ${address}: only unix:///path/to/socket is understood`);
  return path;
}
