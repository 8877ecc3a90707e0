import type { HostConfig } from '../config/host-config.ts';
import type { EffectiveKey } from '../config/user-data/explain.ts';
import type { Clock } from '../core/clock.ts';
import type { Diagnostic } from '../core/diagnostic.ts';
import { BerthError } from '../core/errors.ts';
import type { Reason } from '../core/plan.ts';
import type { ExecOptions } from '../engine/container-engine.ts';
import { userEngineService } from '../services/desired/declared.ts';
import type { ImageSource } from '../services/executor.ts';
import type { EngineView } from '../services/host-sources.ts';
import type { Desired } from '../services/model.ts';
import type { StepRecord } from '../services/ports.ts';
import { ServiceReconciler } from '../services/service-reconciler.ts';
import type { ServiceStatus } from '../services/status.ts';
import type {
  AgentEvent,
  AgentService,
  ApplyOptions,
  ApplyRequest,
  ConfigText,
  DebugOptions,
  LedgerQuery,
  LogLine,
  MetricFamily,
  Operator,
  RoundReport,
  ServiceGraph,
  ServiceLogOptions,
  ServiceWish,
  SessionIo,
} from './agent-service.ts';
import { Applications } from './applications.ts';
import { explainChange } from './changes.ts';
import { completeTexts } from './complete-texts.ts';
import { ContainerSessions } from './container-sessions.ts';
import { Declaration, type HostCatalogue } from './declaration.ts';
import { declareServices } from './declare-services.ts';
import type { EngineSet } from './engine-set.ts';
import { EventFeed } from './event-feed.ts';
import type { GenerationStore } from './generation-store.ts';
import { HostView } from './host-view.ts';
import { Housekeeping } from './housekeeping.ts';
import type { KeyImports } from './key-imports.ts';
import type { Ledger } from './ledger.ts';
import type { Machine } from './machine.ts';
import type { MemoryFile } from './memory-file.ts';
import type { ApplyEvent, Generation, HostStatus, LedgerEntry, PlanReport, WhyReport } from './model.ts';
import type { OverlayStore } from './operator-overlay.ts';
import { OperatorWishes } from './operator-wishes.ts';
import type { OsService } from './os-service.ts';
import type { Os } from './own-os.ts';
import { RebootPreparation } from './reboot-preparation.ts';
import { Recollection } from './recollection.ts';
import type { ReleaseReturn } from './release-generation.ts';
import { StepBooks } from './step-books.ts';
import { StepCounters } from './step-counters.ts';
import type { UpdateService } from './update-service.ts';
import { serviceHolds } from './volumes/service-holds.ts';
import type { ServiceHolds } from './volumes/volume-keeper.ts';
import { explain } from './why.ts';

export interface AgentDependencies {
  /** Names what this agent creates on an engine. */
  readonly instance: string;
  /** May change with the config. */
  readonly hostname: () => string;
  readonly machine: Machine;
  /** Absent on somebody's own machine. */
  readonly os?: Os;
  readonly filesDirectory: string;
  readonly engines: EngineSet;
  readonly catalogue: HostCatalogue;
  readonly images: ImageSource;
  readonly engineView?: EngineView;
  readonly generations: GenerationStore;
  readonly ledger: Ledger;
  readonly memory: MemoryFile;
  readonly overlay: OverlayStore;
  readonly clock: Clock;
  readonly random: () => number;
  readonly environment: Readonly<Record<string, string>>;
  readonly keyImports?: KeyImports;
  /** This host's secret for the salts of clear-text passwords. */
  readonly passwordSeed: string;
  /** Everything is stopped on an operator's word: end the engines and the process. */
  readonly onShutdown: () => void;
}

/** The controller of a host: turns configs into generations and keeps the current one true. */
export class Agent implements AgentService {
  /** What services want to do before the host restarts. */
  readonly rebootPreparation: RebootPreparation;
  readonly #deps: AgentDependencies;
  readonly #reconciler: ServiceReconciler;
  readonly #declaration: Declaration;
  readonly #recollection: Recollection;
  readonly #view: HostView;
  readonly #applications: Applications;
  readonly #wishes: OperatorWishes;
  #isStopping = false;
  readonly #sessions: ContainerSessions;
  readonly #housekeeping: Housekeeping;
  readonly #books: StepBooks;
  readonly #feed = new EventFeed();
  readonly #counters = new StepCounters();

  constructor(deps: AgentDependencies) {
    this.#deps = deps;
    const declaration = new Declaration({ ...deps, release: () => deps.os?.summary.version ?? null });
    const recorder = new StepBooks({ ...deps, declaration, counters: this.#counters, feed: this.#feed });
    const reconciler = new ServiceReconciler({
      instance: deps.instance,
      engines: deps.engines.handles,
      images: deps.images,
      recorder,
      memory: deps.memory,
      clock: deps.clock,
      random: deps.random,
      absentMounts: () => deps.machine.absentMounts,
      onEngine: (name, isUp, why) => {
        if (isUp) void deps.os?.volumes.engineCameUp(name);
        deps.engines.onConnection(name, isUp, why);
      },
      onRound: () => this.#afterRound(),
    });
    deps.machine.onMounts(() => reconciler.wake(0));
    deps.engines.disturbSystemBy((work) => reconciler.whileQuiet('system', work));
    deps.engines.onUserEngineDemand((socket) => this.#wakeUserEngine(socket));
    // The console gets the keys that another site has given.
    deps.keyImports?.onChange(() => this.#resolveAnew({ kind: 'config', key: 'ssh_import_id', change: 'changed' }));
    this.#declaration = declaration;
    this.#books = recorder;
    this.#reconciler = reconciler;
    this.#recollection = new Recollection({ ...deps, reconciler, declaration });
    this.#view = new HostView({ ...deps, reconciler, declaration, startedAt: deps.clock.now() });
    const beforeServices = async (desired: Desired): Promise<void> => deps.os?.volumes.declare(desired);
    this.#applications = new Applications({ ...deps, reconciler, declaration, recorder, beforeServices });
    this.#wishes = new OperatorWishes({ ...deps, reconciler, declaration, view: this.#view, beforeServices });
    this.#sessions = new ContainerSessions({ ...deps, statusOf: (name) => this.#view.statusOf(name) });
    this.rebootPreparation = new RebootPreparation({ declaration, reconciler, sessions: this.#sessions });
    this.#housekeeping = new Housekeeping({
      ...deps,
      reconciler,
      recorder,
      imageBudgetBytes: () => this.config.engines.imageBudgetBytes,
      imageSteps: () => this.#counters.of('pull-image') + this.#counters.of('replace-service'),
    });
  }

  /** What is declared at present. */
  get config(): HostConfig {
    return this.#declaration.config;
  }

  /** Of what is declared at present; 0 when nothing is. */
  get generation(): number {
    return this.#declaration.generation;
  }

  /** What is wrong with what is declared at present. */
  get configProblems(): readonly Diagnostic[] {
    return this.#declaration.problems;
  }

  /** A text without the secrets of what is declared. */
  redact(text: string): string {
    return this.#declaration.redact(text);
  }

  /** Remembers what was declared last, and does nothing about it. To be called once, before anything else. */
  async recall(): Promise<void> {
    await this.#recollection.recall();
  }

  /** What the place gives this machine: whatever is applied from now on goes over it. */
  stand(place: readonly ConfigText[]): void {
    this.#declaration.stand(place);
  }

  /** What is declared belongs to an OS release that was taken back: where to return to. To be asked after {@link recall}. */
  async releaseReturn(): Promise<ReleaseReturn | undefined> {
    return this.#recollection.releaseReturn();
  }

  /** Takes up the current generation, after {@link recall}. */
  async resume(): Promise<void> {
    await this.#recollection.resume();
  }

  /** Reconciles until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    await this.#reconciler.run(signal);
    await this.#housekeeping.done();
  }

  /** The system engine answers (again): its services need not wait until it is asked the next time. */
  systemEngineCameUp(): void {
    this.#reconciler.engineCameUp('system');
  }

  /** Puts a finished step into the ledger and the metrics. */
  record(step: StepRecord): void {
    this.#books.record(step);
  }

  async status(): Promise<HostStatus> {
    return this.#view.status();
  }

  async plan(request: ApplyRequest): Promise<PlanReport> {
    return await this.#applications.plan(await this.#complete(request));
  }

  async apply(
    request: ApplyRequest,
    options: ApplyOptions,
    onEvent: (event: ApplyEvent) => void,
    signal: AbortSignal = new AbortController().signal,
  ): Promise<void> {
    await this.#applications.apply(await this.#complete(request, signal), options, onEvent, signal);
  }

  /** What a config refers to on servers is taken in first: what is stored is complete. */
  async #complete(request: ApplyRequest, signal: AbortSignal = new AbortController().signal): Promise<ApplyRequest> {
    return 'files' in request ? { files: await completeTexts(request.files, this.#deps, signal) } : request;
  }

  async reconcile(): Promise<RoundReport> {
    return await this.#reconciler.reconcile();
  }

  async why(subject: string): Promise<WhyReport> {
    const entries = await this.#deps.ledger.read({ limit: 200, subject });
    const declaredAt = (key: string): string | null => this.#declaration.placeOf(key);
    return explain(subject, { status: this.#view.status(), entries, declaredAt });
  }

  async ledger(query: LedgerQuery): Promise<readonly LedgerEntry[]> {
    return await this.#deps.ledger.read(query);
  }

  async generations(): Promise<readonly Generation[]> {
    return this.#deps.generations.list();
  }

  async generationConfig(number: number): Promise<readonly ConfigText[]> {
    return this.#declaration.redactedFiles(number);
  }

  async configKeys(key?: string): Promise<readonly EffectiveKey[]> {
    return this.#declaration.explain(key);
  }

  async services(): Promise<readonly ServiceStatus[]> {
    return this.#view.services();
  }

  async graph(): Promise<ServiceGraph> {
    return this.#view.graph();
  }

  async setServiceWish(name: string, wish: ServiceWish, operator: Operator): Promise<ServiceStatus> {
    return await this.#wishes.set(name, wish, operator);
  }

  async logs(
    name: string,
    options: ServiceLogOptions,
    onLine: (line: LogLine) => void,
    signal?: AbortSignal,
  ): Promise<void> {
    await this.#sessions.logs(name, options, onLine, signal);
  }

  async exec(name: string, options: ExecOptions, io: SessionIo, signal?: AbortSignal): Promise<number> {
    return await this.#sessions.exec(name, options, io, signal);
  }

  async debug(name: string, options: DebugOptions, io: SessionIo, signal?: AbortSignal): Promise<number> {
    return await this.#sessions.debug(name, options, io, signal);
  }

  async events(onEvent: (event: AgentEvent) => void, signal: AbortSignal): Promise<void> {
    await this.#feed.follow(onEvent, signal);
  }

  get os(): OsService {
    return this.#os;
  }

  get updates(): UpdateService {
    if (this.#os.updates === undefined)
      throw new BerthError('UNSUPPORTED', 'no boot loader started this system: it has no other release to go to');
    return this.#os.updates;
  }

  /** Services that a rollback keeps from running. */
  get holds(): ServiceHolds {
    return serviceHolds(this.#reconciler);
  }

  /** All is being stopped: what is left of the services is no host that is well. */
  get isStopping(): boolean {
    return this.#isStopping;
  }

  async shutdown(operator: Operator): Promise<void> {
    this.#isStopping = true;
    await this.#wishes.stopAll(operator);
    this.#deps.onShutdown();
  }

  metrics(): readonly MetricFamily[] {
    return [...this.#counters.families(), ...(this.#deps.os?.metrics() ?? [])];
  }

  get #os(): Os {
    if (this.#deps.os === undefined)
      throw new BerthError('UNSUPPORTED', "this machine's operating system is not Berth's");
    return this.#deps.os;
  }

  /** Somebody waits at this socket for the user engine, which nothing declared needs. @returns false when it must not run. */
  #wakeUserEngine(socket: string): boolean {
    return this.#resolveAnew({ kind: 'demand', socket }).services.has(userEngineService);
  }

  /** What is declared is the same, but not what follows from it. @returns that. */
  #resolveAnew(reason: Reason): Desired {
    const desired = this.#declaration.resolve();
    const change = explainChange(this.#reconciler.desired, desired, [], reason);
    declareServices(this.#deps.engines, this.#reconciler, desired, change);
    return desired;
  }

  #afterRound(): void {
    this.#counters.countRound();
    const { generation } = this.#declaration;
    if (this.#feed.isWatched) {
      const services = this.#reconciler.statuses();
      this.#feed.compare(services, this.#view.stateOf(services), generation);
    }
    this.#housekeeping.afterRound(generation);
  }
}
