import { setImmediate } from 'node:timers/promises';
import type { HostConfig } from '../config/host-config.ts';
import { nearMiss } from '../config/near-miss.ts';
import type { DependencyCondition, EngineName } from '../config/service-spec.ts';
import type { Clock } from '../core/clock.ts';
import { BerthError } from '../core/errors.ts';
import { highestCost, type Reason } from '../core/plan.ts';
import type { ContainerEngine, ExecOptions } from '../engine/container-engine.ts';
import { systemEngineSettings } from '../engine/engine-settings.ts';
import type { ImageSource } from '../services/executor.ts';
import { graphEdges } from '../services/graph.ts';
import type { EngineView } from '../services/host-sources.ts';
import type { Desired } from '../services/model.ts';
import type { StepRecord } from '../services/ports.ts';
import { type DesiredChange, type FreshLook, ServiceReconciler } from '../services/service-reconciler.ts';
import { type ServiceStatus, settledStates } from '../services/status.ts';
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
import { explainChange } from './changes.ts';
import { ContainerSessions } from './container-sessions.ts';
import { Declaration, type HostCatalogue, type Prepared } from './declaration.ts';
import { type EngineStep, engineKeys, planEngine } from './engine-plan.ts';
import { configureEngine } from './engine-restart.ts';
import type { EngineSet } from './engine-set.ts';
import { EventFeed } from './event-feed.ts';
import type { GenerationStore } from './generation-store.ts';
import { Housekeeping } from './housekeeping.ts';
import { type KeyFacts, reportKeys } from './key-report.ts';
import type { Ledger } from './ledger.ts';
import type { Machine } from './machine.ts';
import type { MemoryFile } from './memory-file.ts';
import type { ApplyEvent, Generation, HostStatus, LedgerEntry, PlanReport, WhyReport } from './model.ts';
import type { OverlayStore } from './operator-overlay.ts';
import { applyEvent, shownStep } from './shown-steps.ts';
import { StepCounters } from './step-counters.ts';
import { berthVersion } from './version.ts';
import { explain } from './why.ts';

export interface AgentDependencies {
  /** Names what this agent creates on an engine. */
  readonly instance: string;
  /** May change with the config. */
  readonly hostname: () => string;
  readonly machine: Machine;
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
  /** This host's secret for the salts of clear-text passwords. */
  readonly passwordSeed: string;
  /** Everything is stopped on an operator's word: end the engines and the process. */
  readonly onShutdown: () => void;
}

const conditionNames = {
  started: 'service_started',
  healthy: 'service_healthy',
  completed: 'service_completed_successfully',
} as const satisfies Record<string, DependencyCondition>;

/** The controller of a host: turns configs into generations and keeps the current one true. */
export class Agent implements AgentService {
  readonly #deps: AgentDependencies;
  readonly #reconciler: ServiceReconciler;
  readonly #sessions: ContainerSessions;
  readonly #declaration: Declaration;
  readonly #housekeeping: Housekeeping;
  readonly #feed = new EventFeed();
  readonly #counters = new StepCounters();
  readonly #startedAt: number;
  #applying: Promise<unknown> = Promise.resolve();

  constructor(deps: AgentDependencies) {
    this.#deps = deps;
    this.#startedAt = deps.clock.now();
    this.#reconciler = new ServiceReconciler({
      instance: deps.instance,
      engines: deps.engines.handles,
      images: deps.images,
      recorder: { record: (step) => this.record(step) },
      memory: deps.memory,
      clock: deps.clock,
      random: deps.random,
      onEngine: (name, isUp, why) => deps.engines.onConnection(name, isUp, why),
      onRound: () => this.#afterRound(),
    });
    this.#declaration = new Declaration(deps);
    this.#housekeeping = new Housekeeping({
      reconciler: this.#reconciler,
      generations: deps.generations,
      engines: deps.engines,
      recorder: { record: (step) => this.record(step) },
      clock: deps.clock,
      imageBudgetBytes: () => this.config.engines.imageBudgetBytes,
      imageSteps: () => this.#counters.of('pull-image') + this.#counters.of('replace-service'),
    });
    this.#sessions = new ContainerSessions({
      instance: deps.instance,
      engineOf: (name) => this.#engine(name),
      statusOf: (name) => this.#statusOf(name),
      provide: (reference, engine) => this.#provide(reference, engine),
    });
  }

  /** What is declared at present. */
  get config(): HostConfig {
    return this.#declaration.config;
  }

  /** Takes up the current generation. To be called once, before {@link run}. */
  async resume(): Promise<void> {
    await this.#reconciler.load();
    const current = this.#deps.generations.current();
    if (current === undefined) return;
    const prepared = this.#declaration.prepare({ generation: current.number }, this.#reconciler.desired);
    this.#declaration.take(prepared, current.number);
    await this.#deps.engines.configure(systemEngineSettings(prepared.config));
    await this.#deps.machine.bring(prepared.config, { previous: prepared.config, boot: true }, () => undefined);
    // Nothing changed: what differs from the declaration now is drift, or the boot's doing.
    this.#setDesired(prepared.desired, { causes: {}, removals: prepared.change.removals });
  }

  /** Reconciles until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    await this.#reconciler.run(signal);
    await this.#housekeeping.done();
  }

  async status(): Promise<HostStatus> {
    const services = this.#reconciler.statuses();
    const { lastRound } = this.#reconciler;
    return {
      hostname: this.#deps.hostname(),
      mode: this.#deps.machine.mode,
      version: berthVersion,
      state: this.#hostState(services),
      generation: this.#declaration.generation,
      startedAt: new Date(this.#startedAt).toISOString(),
      engines: this.#deps.engines.statuses(),
      services,
      skipped: this.#deps.machine.skipped(this.config),
      machine: this.#deps.machine.status(),
      lastRound:
        lastRound === undefined ? null : { at: new Date(lastRound.at).toISOString(), durationMs: lastRound.durationMs },
    };
  }

  async plan(request: ApplyRequest): Promise<PlanReport> {
    const { prepared, looking } = await this.#prepare(request);
    return this.#planReport(prepared, looking);
  }

  async apply(
    request: ApplyRequest,
    options: ApplyOptions,
    onEvent: (event: ApplyEvent) => void,
    signal: AbortSignal = new AbortController().signal,
  ): Promise<void> {
    let finish = (): void => undefined;
    const unsubscribe = this.#reconciler.onStep((event) => onEvent(applyEvent(event)));
    try {
      const before = this.#applying;
      this.#applying = new Promise<void>((resolve) => (finish = resolve));
      await before;
      const { prepared, looking } = await this.#prepare(request);
      const [plan, generation] = await Promise.all([
        this.#planReport(prepared, looking, options.destroy),
        this.#declaration.store(prepared, new Date(this.#deps.clock.now()).toISOString()),
      ]);
      onEvent({ kind: 'plan', plan, generation });
      const previous = this.config;
      this.#declaration.take(prepared, generation);
      const { destroy } = options;
      const bringOptions = { previous, ...(destroy === undefined ? {} : { destroy }) };
      const onMachine = await this.#deps.machine.bring(prepared.config, bringOptions, onEvent);
      const refused = await this.#configureEngine(prepared, onEvent);
      this.#setDesired(prepared.desired, prepared.change);
      // What is declared may be superseded while this one waits.
      finish();
      const settled = options.wait ? await this.#reconciler.settled(options.timeoutMs, signal) : 'converged';
      const services = this.#reconciler.statuses();
      const { config, changes, kept, parsed } = prepared;
      const keys = reportKeys({
        config,
        changes,
        services,
        skipped: this.#deps.machine.skipped(config),
        diagnostics: parsed.diagnostics,
        kept,
        onMachine,
        ...(refused === undefined ? {} : { refused }),
      });
      const isWhole = settled === 'converged' && !keys.some(({ outcome }) => outcome === 'failed');
      onEvent({ kind: 'result', outcome: isWhole ? 'converged' : 'incomplete', keys, services, generation });
    } finally {
      finish();
      unsubscribe();
    }
  }

  async reconcile(): Promise<RoundReport> {
    return await this.#reconciler.reconcile();
  }

  async why(subject: string): Promise<WhyReport> {
    const entries = await this.#deps.ledger.read({ limit: 200, subject });
    const declaredAt = (key: string): string | null => this.#declaration.placeOf(key);
    return explain(subject, { status: await this.status(), entries, declaredAt });
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

  async services(): Promise<readonly ServiceStatus[]> {
    return [...this.#reconciler.statuses(), ...this.#declaration.available(this.#reconciler.desired)];
  }

  async graph(): Promise<ServiceGraph> {
    const { desired } = this.#reconciler;
    const nodes = this.#reconciler
      .statuses()
      .map(({ name, engine, origin, state }) => ({ name, engine, origin, state }));
    const edges = graphEdges(desired).map(({ from, to, condition }) => ({
      from,
      to,
      condition: conditionNames[condition],
      required: desired.services.get(from)?.spec.depends_on?.[to]?.required ?? true,
    }));
    return { nodes, edges };
  }

  async setServiceWish(name: string, wish: ServiceWish, { who, command }: Operator): Promise<ServiceStatus> {
    const reason: Reason = { kind: 'operator', who, command };
    if (wish === 'enable' || wish === 'disable') {
      await this.#switch(name, wish === 'enable', reason);
    } else {
      this.#statusOf(name);
      const afresh = {
        wish: undefined,
        failures: undefined,
        retryAt: undefined,
        lastError: undefined,
        rejected: undefined,
      };
      if (wish === 'stop')
        await this.#reconciler.remember(name, { wish: { kind: 'stopped', reason }, restart: undefined });
      else if (wish === 'restart' || !this.#isUp(name))
        await this.#reconciler.remember(name, {
          ...afresh,
          restart: reason,
          restartAskedAt: this.#deps.clock.now(),
        });
      else await this.#reconciler.remember(name, afresh);
    }
    await this.#reconciler.settled(60_000, new AbortController().signal);
    const services = await this.services();
    return services.find((status) => status.name === name) ?? this.#statusOf(name);
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

  async shutdown({ who, command }: Operator): Promise<void> {
    const reason: Reason = { kind: 'operator', who, command };
    const { services } = this.#reconciler.desired;
    // User services first: the engine they run on may be a service itself.
    for (const stays of [(engine: EngineName) => engine === 'system', () => false]) {
      const kept = new Map([...services].filter(([, service]) => stays(service.engine)));
      const removals = Object.fromEntries(
        [...services.keys()].filter((name) => !kept.has(name)).map((name) => [name, reason]),
      );
      this.#reconciler.setDesired(
        { services: kept, networks: [], volumes: [] },
        { causes: {}, removals },
        { keepMemory: true },
      );
      await this.#reconciler.settled(60_000, new AbortController().signal);
    }
    this.#deps.onShutdown();
  }

  metrics(): readonly MetricFamily[] {
    return this.#counters.families();
  }

  #engineSteps({ config, changes }: Prepared): EngineStep[] {
    return planEngine(this.#deps.engines.systemSettings, systemEngineSettings(config), changes);
  }

  /** Before the services: what they run on. @returns what the system engine did not take. */
  async #configureEngine(
    prepared: Prepared,
    onEvent: (event: ApplyEvent) => void,
  ): Promise<KeyFacts['refused'] | undefined> {
    const dependencies = {
      engines: this.#deps.engines,
      recorder: { record: (step: StepRecord) => this.record(step) },
      clock: this.#deps.clock,
      redact: (text: string) => this.#declaration.redact(text),
    };
    const [step] = this.#engineSteps(prepared);
    const why = await configureEngine(systemEngineSettings(prepared.config), step, dependencies, onEvent);
    return why === undefined ? undefined : { keys: engineKeys(prepared.changes), why };
  }

  #setDesired(desired: Desired, change: DesiredChange): void {
    for (const { engine } of desired.services.values()) this.#deps.engines.need(engine);
    this.#reconciler.setDesired(desired, change);
  }

  async #switch(name: string, isEnabled: boolean, reason: Reason): Promise<void> {
    const known = this.#declaration.switchable;
    if (!known.includes(name)) throw unknownService(name, known);
    await this.#deps.overlay.set(name, isEnabled);
    const desired = this.#declaration.resolve();
    this.#setDesired(desired, explainChange(this.#reconciler.desired, desired, [], reason));
  }

  /** Works a request out while the engines are looked at. Throws CONFIG_INVALID. */
  async #prepare(request: ApplyRequest): Promise<{ prepared: Prepared; looking: Promise<FreshLook> }> {
    const looking = this.#reconciler.startLook();
    // Lets the question go out before this thread is busy with the config.
    await setImmediate();
    return { prepared: this.#declaration.prepare(request, this.#reconciler.desired), looking };
  }

  async #planReport(
    prepared: Prepared,
    looking: Promise<FreshLook>,
    destroy: readonly string[] = [],
  ): Promise<PlanReport> {
    const { desired, change, parsed, config } = prepared;
    const [onMachine, services] = await Promise.all([
      this.#deps.machine.plan(config, { previous: this.config, destroy }),
      this.#reconciler.planFor(desired, change, looking),
    ]);
    const steps = [...onMachine, ...this.#engineSteps(prepared), ...services.steps];
    return {
      steps: steps.map(shownStep),
      skipped: this.#deps.machine.skipped(config),
      diagnostics: parsed.diagnostics,
      cost: highestCost(steps) ?? null,
    };
  }

  /** Puts a finished step into the ledger and the metrics. */
  record(step: StepRecord): void {
    this.#counters.count(step);
    const { at, error, ...rest } = step;
    const entry = this.#deps.ledger.append({
      ...rest,
      at: new Date(at).toISOString(),
      generation: this.#declaration.generation,
      ...(error === undefined ? {} : { error: this.#declaration.redact(error) }),
    });
    this.#feed.emit({ kind: 'ledger', entry });
  }

  #afterRound(): void {
    this.#counters.countRound();
    if (this.#feed.isWatched) {
      const services = this.#reconciler.statuses();
      this.#feed.compare(services, this.#hostState(services), this.#declaration.generation);
    }
    this.#housekeeping.afterRound(this.#declaration.generation);
  }

  #hostState(services: readonly ServiceStatus[]): HostStatus['state'] {
    const open = services.filter(({ state }) => !settledStates.has(state));
    if (open.length === 0) return 'healthy';
    return open.every(({ state }) => ['starting', 'waiting', 'pulling', 'stopping'].includes(state))
      ? 'converging'
      : 'degraded';
  }

  #statusOf(name: string): ServiceStatus {
    const statuses = this.#reconciler.statuses();
    const status = statuses.find((one) => one.name === name);
    if (status !== undefined) return status;
    if (this.#declaration.switchable.includes(name))
      throw new BerthError('SERVICE_UNKNOWN', `${name} is not enabled`, { hint: `berth service enable ${name}` });
    throw unknownService(
      name,
      statuses.map((one) => one.name),
    );
  }

  #isUp(name: string): boolean {
    return ['healthy', 'running', 'starting', 'unhealthy'].includes(this.#statusOf(name).state);
  }

  #engine(name: EngineName): ContainerEngine {
    const handle = this.#deps.engines.handles.find((one) => one.name === name);
    if (handle === undefined) throw new BerthError('ENGINE_UNREACHABLE', `this host has no ${name} engine`);
    return handle.engine;
  }

  async #provide(reference: string, engine: ContainerEngine): Promise<void> {
    if ((await engine.inspectImage(reference)) !== undefined) return;
    const archive = await this.#deps.images.archiveOf(reference);
    if (archive !== undefined) await engine.loadImage(archive);
    else await engine.pullImage(reference, {});
  }
}

function unknownService(name: string, known: readonly string[]): BerthError {
  const close = nearMiss(name, known);
  return new BerthError('SERVICE_UNKNOWN', `there is no service "${name}"`, {
    hint: close === undefined ? 'berth service list shows them all' : `did you mean ${close}?`,
  });
}
