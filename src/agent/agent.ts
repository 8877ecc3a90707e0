import { diffConfigs } from '../config/diff.ts';
import { emptyHostConfig, type HostConfig } from '../config/host-config.ts';
import { nearMiss } from '../config/near-miss.ts';
import { type ParseResult, parseConfig } from '../config/parse.ts';
import { secretsOf } from '../config/redact.ts';
import type { ComposeModel, DependencyCondition, EngineName } from '../config/service-spec.ts';
import type { Clock } from '../core/clock.ts';
import { BerthError } from '../core/errors.ts';
import { highestCost, type Reason, reasonChain } from '../core/plan.ts';
import type { ContainerEngine } from '../engine/container-engine.ts';
import { skippedOnLocalHost } from '../host/plan.ts';
import { desiredServices } from '../services/desired.ts';
import type { ImageSource } from '../services/executor.ts';
import { graphEdges } from '../services/graph.ts';
import { collectOn } from '../services/image-collector.ts';
import type { Desired } from '../services/model.ts';
import type { StepRecord } from '../services/ports.ts';
import { type DesiredChange, ServiceReconciler } from '../services/service-reconciler.ts';
import { type ServiceStatus, settledStates } from '../services/status.ts';
import type { StepEvent } from '../services/step-runner.ts';
import type { ServiceStep } from '../services/steps.ts';
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
import type { EngineSet } from './engine-set.ts';
import { digestConfig, type GenerationStore } from './generation-store.ts';
import { reportKeys } from './key-report.ts';
import { keepLastGood } from './last-good.ts';
import type { Ledger } from './ledger.ts';
import type { MemoryFile } from './memory-file.ts';
import type { ApplyEvent, Generation, HostStatus, LedgerEntry, PlannedStep, PlanReport, WhyReport } from './model.ts';
import type { OverlayStore } from './operator-overlay.ts';
import { StepCounters } from './step-counters.ts';
import { berthVersion } from './version.ts';
import { explain } from './why.ts';

export interface AgentDependencies {
  /** Names what this agent creates on an engine. */
  readonly instance: string;
  readonly hostname: string;
  readonly filesDirectory: string;
  readonly engines: EngineSet;
  /** The catalogue as it is for a config on this host. */
  readonly catalogue: {
    readonly names: readonly string[];
    readonly modelsFor: (config: HostConfig) => ReadonlyMap<string, ComposeModel>;
  };
  readonly images: ImageSource;
  readonly generations: GenerationStore;
  readonly ledger: Ledger;
  readonly memory: MemoryFile;
  readonly overlay: OverlayStore;
  readonly clock: Clock;
  readonly random: () => number;
  readonly environment: Readonly<Record<string, string>>;
  /** Everything is stopped on an operator's word: end the engines and the process. */
  readonly onShutdown: () => void;
}

/** What is declared at present. */
interface Declared {
  readonly config: HostConfig;
  readonly sources: ParseResult['sources'];
  readonly generation: number;
  readonly secrets: readonly string[];
}

interface Prepared {
  readonly files: readonly ConfigText[];
  readonly source: string;
  readonly config: HostConfig;
  readonly parsed: ParseResult;
  readonly kept: readonly string[];
  readonly desired: Desired;
  readonly change: DesiredChange;
  readonly changes: ReturnType<typeof diffConfigs>;
}

const nothingDeclared: Declared = { config: emptyHostConfig, sources: new Map(), generation: 0, secrets: [] };
const conditionNames: Readonly<Record<string, DependencyCondition>> = {
  started: 'service_started',
  healthy: 'service_healthy',
  completed: 'service_completed_successfully',
};

/** The controller of a host: turns configs into generations and keeps the current one true. */
export class Agent implements AgentService {
  readonly #deps: AgentDependencies;
  readonly #reconciler: ServiceReconciler;
  readonly #sessions: ContainerSessions;
  readonly #listeners = new Set<(event: AgentEvent) => void>();
  readonly #counters = new StepCounters();
  readonly #startedAt: number;
  #declared = nothingDeclared;
  #lastStatuses = new Map<string, string>();
  #lastState = '';
  #imagesSaved: Promise<void> = Promise.resolve();
  /** Count of steps that bring images, when they were last collected. */
  #collectedAt = 0;
  #applying: Promise<unknown> = Promise.resolve();

  constructor(deps: AgentDependencies) {
    this.#deps = deps;
    this.#startedAt = deps.clock.now();
    this.#reconciler = new ServiceReconciler({
      instance: deps.instance,
      engines: deps.engines.handles,
      images: deps.images,
      recorder: { record: (step) => this.#record(step) },
      memory: deps.memory,
      clock: deps.clock,
      random: deps.random,
      onEngine: (name, isUp, why) => deps.engines.onConnection(name, isUp, why),
      onRound: () => this.#afterRound(),
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
    return this.#declared.config;
  }

  /** Takes up the current generation. To be called once, before {@link run}. */
  async resume(): Promise<void> {
    await this.#reconciler.load();
    const current = this.#deps.generations.current();
    if (current === undefined) return;
    const prepared = this.#prepare({ generation: current.number });
    // Nothing changed: what differs from the declaration now is drift, or the boot's doing.
    this.#declare(prepared, current.number, { causes: {}, removals: prepared.change.removals });
  }

  /** Reconciles until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    await this.#reconciler.run(signal);
    await this.#imagesSaved;
  }

  async status(): Promise<HostStatus> {
    const services = this.#reconciler.statuses();
    const { lastRound } = this.#reconciler;
    return {
      hostname: this.#deps.hostname,
      mode: 'local',
      version: berthVersion,
      state: this.#hostState(services),
      generation: this.#declared.generation,
      startedAt: new Date(this.#startedAt).toISOString(),
      engines: this.#deps.engines.statuses(),
      services,
      skipped: skippedOnLocalHost(this.#declared.config),
      lastRound:
        lastRound === undefined ? null : { at: new Date(lastRound.at).toISOString(), durationMs: lastRound.durationMs },
    };
  }

  async plan(request: ApplyRequest): Promise<PlanReport> {
    return this.#planReport(this.#prepare(request));
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
      const prepared = this.#prepare(request);
      const plan = await this.#planReport(prepared);
      const generation = await this.#generationFor(prepared);
      this.#declare(prepared, generation, prepared.change);
      onEvent({ kind: 'plan', plan, generation });
      // What is declared may be superseded while this one waits.
      finish();
      const settled = options.wait ? await this.#reconciler.settled(options.timeoutMs, signal) : 'converged';
      const services = this.#reconciler.statuses();
      const { config, changes, kept, parsed } = prepared;
      const keys = reportKeys({
        config,
        changes,
        services,
        skipped: skippedOnLocalHost(config),
        diagnostics: parsed.diagnostics,
        kept,
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
    const declaredAt = (key: string): string | null => {
      const position = this.#declared.sources.get(key);
      return position === undefined ? null : `${position.file}:${position.line}`;
    };
    return explain(subject, { status: await this.status(), entries, declaredAt });
  }

  async ledger(query: LedgerQuery): Promise<readonly LedgerEntry[]> {
    return await this.#deps.ledger.read(query);
  }

  async generations(): Promise<readonly Generation[]> {
    return this.#deps.generations.list();
  }

  async generationConfig(number: number): Promise<readonly ConfigText[]> {
    const files = this.#deps.generations.files(number);
    const secrets = secretsOf(this.#parse(files).config);
    return files.map(({ file, text }) => ({ file, text: blank(text, secrets) }));
  }

  async services(): Promise<readonly ServiceStatus[]> {
    return this.#reconciler.statuses();
  }

  async graph(): Promise<ServiceGraph> {
    const { desired } = this.#reconciler;
    const nodes = this.#reconciler
      .statuses()
      .map(({ name, engine, origin, state }) => ({ name, engine, origin, state }));
    const edges = graphEdges(desired).map(({ from, to, condition }) => ({
      from,
      to,
      condition: conditionNames[condition] ?? 'service_started',
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
        await this.#reconciler.remember(name, { ...afresh, restart: reason });
      else await this.#reconciler.remember(name, afresh);
    }
    await this.#reconciler.settled(60_000, new AbortController().signal);
    return this.#reconciler.statuses().find((status) => status.name === name) ?? goneStatus(name);
  }

  async logs(
    name: string,
    options: ServiceLogOptions,
    onLine: (line: LogLine) => void,
    signal?: AbortSignal,
  ): Promise<void> {
    await this.#sessions.logs(name, options, onLine, signal);
  }

  async exec(
    name: string,
    options: Parameters<AgentService['exec']>[1],
    io: SessionIo,
    signal?: AbortSignal,
  ): Promise<number> {
    return await this.#sessions.exec(name, options, io, signal);
  }

  async debug(name: string, options: DebugOptions, io: SessionIo, signal?: AbortSignal): Promise<number> {
    return await this.#sessions.debug(name, options, io, signal);
  }

  async events(onEvent: (event: AgentEvent) => void, signal: AbortSignal): Promise<void> {
    this.#listeners.add(onEvent);
    await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
    this.#listeners.delete(onEvent);
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

  // -- declaring --------------------------------------------------------------------------------------------------

  #parse(files: readonly ConfigText[]): ParseResult {
    return parseConfig(files, { environment: this.#deps.environment, catalogue: this.#deps.catalogue.names });
  }

  /** Throws CONFIG_INVALID when a text cannot be read at all: then everything stays as it is. */
  #prepare(request: ApplyRequest): Prepared {
    const files = 'files' in request ? request.files : this.#deps.generations.files(request.generation);
    const source = 'files' in request ? files.map(({ file }) => file).join(', ') : `generation ${request.generation}`;
    const parsed = this.#parse(files);
    if (parsed.diagnostics.some(({ severity, path }) => severity === 'error' && path === '')) {
      throw new BerthError('CONFIG_INVALID', `${source} cannot be read as a config; nothing was changed`, {
        details: { diagnostics: parsed.diagnostics },
        hint: `berth validate ${source}`,
      });
    }
    const { config, kept } = keepLastGood(
      parsed.config,
      parsed.diagnostics,
      this.#declared.generation === 0 ? undefined : this.#declared.config,
    );
    const desired = this.#resolve(config);
    const changes = diffConfigs(this.#declared.config, config);
    const change = explainChange(this.#reconciler.desired, desired, changes, {
      kind: 'config',
      key: 'berth',
      change: 'changed',
    });
    return { files, source, config, parsed, kept, desired, change, changes };
  }

  #resolve(config: HostConfig): Desired {
    return desiredServices(config, {
      instance: this.#deps.instance,
      filesDirectory: this.#deps.filesDirectory,
      catalogue: this.#deps.catalogue.modelsFor(config),
      userEngineIsService: this.#deps.engines.userEngineIsService,
      overlay: this.#deps.overlay.current,
      environment: this.#deps.environment,
    });
  }

  async #generationFor({ files, source, changes }: Prepared): Promise<number> {
    const current = this.#deps.generations.current();
    if (current?.configDigest === digestConfig(files)) return current.number;
    const createdAt = new Date(this.#deps.clock.now()).toISOString();
    const lines = changes.map(({ key, change }) => `${key} ${change}`);
    return (await this.#deps.generations.create({ createdAt, source, files, changes: lines })).number;
  }

  #declare({ config, parsed, desired }: Prepared, generation: number, change: DesiredChange): void {
    this.#declared = { config, sources: parsed.sources, generation, secrets: secretsOf(config) };
    this.#setDesired(desired, change);
  }

  #setDesired(desired: Desired, change: DesiredChange): void {
    for (const { engine } of desired.services.values()) this.#deps.engines.need(engine);
    this.#reconciler.setDesired(desired, change);
  }

  async #switch(name: string, isEnabled: boolean, reason: Reason): Promise<void> {
    const known = [...this.#deps.catalogue.names, ...Object.keys(this.#declared.config.compose.services)];
    if (!known.includes(name)) throw unknownService(name, known);
    await this.#deps.overlay.set(name, isEnabled);
    const desired = this.#resolve(this.#declared.config);
    this.#setDesired(desired, explainChange(this.#reconciler.desired, desired, [], reason));
  }

  async #planReport({ desired, change, parsed, config }: Prepared): Promise<PlanReport> {
    const { steps } = await this.#reconciler.planFor(desired, change);
    return {
      steps: steps.map(shownStep),
      skipped: skippedOnLocalHost(config),
      diagnostics: parsed.diagnostics,
      cost: highestCost(steps) ?? null,
    };
  }

  // -- looking on -------------------------------------------------------------------------------------------------

  #record(step: StepRecord): void {
    this.#counters.count(step);
    const { at, error, ...rest } = step;
    const entry = this.#deps.ledger.append({
      ...rest,
      at: new Date(at).toISOString(),
      generation: this.#declared.generation,
      ...(error === undefined ? {} : { error: blank(error, this.#declared.secrets) }),
    });
    this.#emit({ kind: 'ledger', entry });
  }

  #afterRound(): void {
    this.#counters.countRound(this.#reconciler.lastRound?.durationMs ?? 0);
    if (this.#listeners.size > 0) this.#emitChanges();
    this.#saveImages();
    this.#collectImages();
  }

  #emitChanges(): void {
    const services = this.#reconciler.statuses();
    const seen = new Map<string, string>();
    for (const service of services) {
      const text = `${service.state} ${service.detail} ${service.containerId ?? ''}`;
      seen.set(service.name, text);
      if (this.#lastStatuses.get(service.name) !== text) this.#emit({ kind: 'service', service });
    }
    this.#lastStatuses = seen;
    const state = this.#hostState(services);
    if (state === this.#lastState) return;
    this.#lastState = state;
    this.#emit({ kind: 'host', state, generation: this.#declared.generation });
  }

  /** Notes with the generation which images ran under it, once things are quiet. */
  #saveImages(): void {
    const { generation } = this.#declared;
    if (generation === 0 || this.#reconciler.plannedSteps.length > 0) return;
    const images: Record<string, string> = {};
    for (const engine of Object.values(this.#reconciler.observed.engines)) {
      for (const { role, service, imageId } of engine.containers) if (role === 'current') images[service] = imageId;
    }
    this.#imagesSaved = this.#imagesSaved
      .then(() => this.#deps.generations.updateImages(generation, images))
      .catch(() => undefined);
  }

  /** Once things are quiet after images came: those beyond the declared budget go. Never on an engine that is not ours. */
  #collectImages(): void {
    const imageSteps = this.#counters.of('pull-image') + this.#counters.of('replace-service');
    if (imageSteps === this.#collectedAt || this.#reconciler.plannedSteps.length > 0) return;
    this.#collectedAt = imageSteps;
    const { desired, memory, observed } = this.#reconciler;
    const generations = this.#deps.generations.list();
    const lastUsed = new Map(
      generations
        .toReversed()
        .flatMap(({ number, images }) => Object.values(images).map((id) => [id, number] as const)),
    );
    const rollbackImages = generations.slice(0, 2).flatMap(({ images }) => Object.values(images));
    const budgetBytes = this.#declared.config.engines.imageBudgetBytes;
    for (const handle of this.#deps.engines.handles) {
      const seen = observed.engines[handle.name];
      if (seen === undefined || !this.#deps.engines.isOwn(handle.name)) continue;
      const facts = { observed: seen, desired, memory, rollbackImages, lastUsed, budgetBytes };
      const collecting = this.#imagesSaved.then(() =>
        collectOn(handle, facts, { record: (step) => this.#record(step) }, this.#deps.clock),
      );
      // An engine that went away in between is tried again when the next image has come.
      this.#imagesSaved = collecting.catch(() => undefined);
    }
  }

  #emit(event: AgentEvent): void {
    for (const listener of [...this.#listeners]) listener(event);
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
    if (status === undefined)
      throw unknownService(
        name,
        statuses.map((one) => one.name),
      );
    return status;
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

function applyEvent(event: StepEvent): ApplyEvent {
  switch (event.kind) {
    case 'step-started':
      return { kind: 'step-started', step: shownStep(event.step) };
    case 'step-failed':
      return {
        kind: 'step-failed',
        id: event.id,
        error: event.error,
        retryAt: event.retryAt === undefined ? null : new Date(event.retryAt).toISOString(),
      };
    case 'step-progress':
    case 'step-done':
      return event;
  }
}

function shownStep({ id, kind, subject, cost, summary, reason, after, waitsFor }: ServiceStep): PlannedStep {
  return { id, kind, subject, cost, summary, reasons: reasonChain(reason), after, waitsFor };
}

function unknownService(name: string, known: readonly string[]): BerthError {
  const close = nearMiss(name, known);
  return new BerthError('SERVICE_UNKNOWN', `there is no service "${name}"`, {
    hint: close === undefined ? 'berth service list shows them all' : `did you mean ${close}?`,
  });
}

function goneStatus(name: string): ServiceStatus {
  return {
    name,
    engine: 'user',
    origin: 'config',
    state: 'stopped',
    detail: 'disabled',
    image: '',
    ports: [],
    restarts: 0,
    critical: false,
    essential: false,
  };
}

/** Secrets out of a text. Very short ones would blank half of it. */
function blank(text: string, secrets: readonly string[]): string {
  return secrets.reduce((result, secret) => (secret.length < 4 ? result : result.replaceAll(secret, '********')), text);
}
