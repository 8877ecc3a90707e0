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
  ServiceGraph,
  ServiceLogOptions,
  ServiceWish,
  SessionIo,
} from '../../../src/agent/agent-service.ts';
import type {
  ApplyEvent,
  Generation,
  HostStatus,
  LedgerEntry,
  PlannedStep,
  PlanReport,
  WhyReport,
} from '../../../src/agent/model.ts';
import type { OsService } from '../../../src/agent/os-service.ts';
import type { Cancelled, SlotCheck, UpdateOptions, UpdateService } from '../../../src/agent/update-service.ts';
import { concerns, explain } from '../../../src/agent/why.ts';
import { parseConfig } from '../../../src/config/parse.ts';
import type { ServiceSpec } from '../../../src/config/service-spec.ts';
import type { EffectiveKey } from '../../../src/config/user-data/explain.ts';
import { readUserData } from '../../../src/config/user-data/read-user-data.ts';
import { BerthError } from '../../../src/core/errors.ts';
import { describeReason, highestCost, type Reason } from '../../../src/core/plan.ts';
import type { ExecOptions } from '../../../src/engine/container-engine.ts';
import type { ServiceState, ServiceStatus } from '../../../src/services/status.ts';
import type { Pin } from '../../../src/update/machine/update-memory.ts';
import { planUpdate } from '../../../src/update/machine/update-plan.ts';
import type { UpdateEventLine, UpdateOffer, UpdateStatus } from '../../../src/update/machine/update-status.ts';
import type { OsEvent, OsStatus } from '../../../src/update/os-status.ts';

/** Noon on the day on which the fake's time stands still. */
export const noon = Date.UTC(2026, 4, 1, 12);

/** The catalogue's only service, which nobody enabled. */
const available: ServiceStatus = {
  name: 'ntp',
  engine: 'system',
  origin: 'catalogue',
  state: 'available',
  detail: 'Keeps the clock right.',
  image: 'berth/ntp:1',
  ports: [],
  restarts: 0,
  critical: false,
  essential: false,
};

interface Work {
  readonly step: PlannedStep;
  readonly reason: Reason;
  readonly name: string;
  /** undefined: it goes. */
  readonly spec: ServiceSpec | undefined;
}

const osChecks = [
  { name: 'engine', level: 'required', holds: false, detail: 'no answer' },
  { name: 'services', level: 'wanted', holds: false, detail: 'web is starting' },
  { name: 'disk', level: 'required', holds: true, detail: 'takes what is written' },
] as const;

const osEvents: readonly OsEvent[] = [
  { at: new Date(noon - 60_000).toISOString(), kind: 'booted', version: '1.1', reason: '' },
  { at: new Date(noon - 3_600_000).toISOString(), kind: 'rejected', version: '1.0.5', reason: 'it was not healthy' },
];

const offered = { version: '1.2', sequence: 3, digest: 'cd'.repeat(32), rootHash: 'ef'.repeat(32) };

function isoTime(ms: number | undefined): string | null {
  return ms === undefined ? null : new Date(ms).toISOString();
}

/**
 * An agent in memory: parses configs as the real one does, keeps generations and a ledger, and "runs" services whose
 * image is not `missing`. Commands it can execute: `echo`, `cat`, `tty`, `sleep`, and `exit`.
 */
export class FakeAgent implements AgentService, OsService, UpdateService {
  readonly os: OsService = this;
  readonly updates: UpdateService = this;
  readonly logLines = new Map<string, LogLine[]>();
  readonly operators: Operator[] = [];
  /** Devices that were named to be lost, of the last apply. */
  destroyed: readonly string[] = [];
  /** Services that went back, with why, by generation. */
  readonly rolledBack = new Map<number, Record<string, string>>();
  isShutDown = false;
  isBlessed = false;
  rollbackReason: string | undefined;
  pinned: Pin = {};
  /** Besides what is staged. */
  updating: Partial<UpdateStatus> = {};
  inhibitors: readonly { who: string; why: string; until: string }[] = [];
  damage: readonly { block: number; blocks: number }[] = [];
  readonly #specs = new Map<string, ServiceSpec>();
  readonly #stopped = new Set<string>();
  readonly #restarts = new Map<string, number>();
  readonly #entries: LedgerEntry[] = [];
  readonly #generations: { generation: Omit<Generation, 'state' | 'rolledBack'>; files: readonly ConfigText[] }[] = [];
  readonly #listeners = new Set<(event: AgentEvent) => void>();

  async status(): Promise<HostStatus> {
    const services = this.#running();
    return {
      hostname: 'web-1',
      mode: 'local',
      version: '0.1.0',
      state: services.some(({ state }) => state === 'failed') ? 'degraded' : 'healthy',
      generation: this.#generations.length,
      startedAt: new Date(noon - 7_200_000).toISOString(),
      engines: [{ name: 'user', state: 'running', version: '26.1.5', socket: '/run/user.sock', detail: '' }],
      services,
      skipped: [{ subject: 'host/hostname', key: 'hostname', why: 'a local instance leaves the hostname alone' }],
      machine: null,
      lastRound: { at: new Date(noon).toISOString(), durationMs: 12.5 },
    };
  }

  async osStatus(): Promise<OsStatus> {
    const tries = { left: 2, done: 1 };
    const trial = { file: 'berth_1.1+2-1.efi', name: 'berth_1.1', version: '1.1', tries, isRunning: true };
    const older = { file: 'berth_1.0.efi', name: 'berth_1.0', version: '1.0', isRunning: false };
    return Promise.resolve({
      ...{ version: '1.1', slot: 'b', device: '/dev/vda3', rootHash: 'ab'.repeat(32) },
      entries: this.isBlessed ? [{ ...older, isRunning: true }] : [trial, older],
      bless: this.isBlessed
        ? { kind: 'blessed' }
        : { kind: 'on-trial', checks: osChecks, blockers: ['engine'], secondsLeft: 190 },
      rejected: osEvents.filter(({ kind }) => kind === 'rejected'),
      state: { schema: 2, kept: [1] },
      volumes: {
        snapshot: { version: '1.0', volumes: ['user/berth_files'] },
        takenBack: { version: '1.0.5', volumes: ['user/berth_files'], directory: '/var/lib/berth/volumes/taken-back' },
        forwardOnly: ['user/berth_db'],
      },
    });
  }

  async osHistory(): Promise<readonly OsEvent[]> {
    return Promise.resolve(osEvents);
  }

  async blessOs({ manual }: { readonly manual: boolean }, operator: Operator): Promise<OsStatus> {
    if (!manual) throw new BerthError('BUSY', '1.1 has not proved itself: engine: no answer', { hint: 'wait' });
    this.operators.push(operator);
    this.isBlessed = true;
    return await this.osStatus();
  }

  async rollBackOs(
    { reason, force }: { readonly reason: string; readonly force: boolean },
    operator: Operator,
  ): Promise<void> {
    if (!force) throw new BerthError('HOST_REFUSED', 'volumes go forward only: user/berth_db', { hint: 'use --force' });
    this.operators.push(operator);
    this.rollbackReason = reason;
    return Promise.resolve();
  }

  async updateStatus(): Promise<UpdateStatus> {
    return Promise.resolve({
      ...{ state: 'staged', version: '1.2', since: new Date(noon).toISOString(), progress: null },
      ...{ feed: 'http://releases.example', channel: 'stable', strategy: 'window', nextLook: null },
      pin: { version: this.pinned.version ?? null, until: isoTime(this.pinned.untilMs) },
      lastLook: { at: new Date(noon).toISOString(), outcome: '1.2 is offered', failures: 0, warnings: ['soon'] },
      restart: 'waits for its window',
      inhibitors: this.inhibitors,
      ...this.updating,
    });
  }

  async lookForUpdate({ to }: UpdateOptions): Promise<UpdateOffer> {
    if (to === '9') throw new BerthError('NOT_FOUND', 'the channel stable has no 9', { hint: 'it has 1.2' });
    return Promise.resolve({
      target: offered,
      outcome: '1.2 is offered',
      warnings: ['soon'],
      steps: planUpdate({
        running: { name: 'berth_1.1', rootHash: 'ab'.repeat(32) },
        entries: [],
        target: offered,
        bytes: { slot: 3_100_000, kernel: 17_000_000 },
        reason: { kind: 'operator', who: 'ops', command: 'berth os check' },
      }),
    });
  }

  async updateOs(
    { stageOnly }: { readonly stageOnly: boolean },
    operator: Operator,
    onLine: (line: UpdateEventLine) => void,
  ): Promise<void> {
    this.operators.push(operator);
    onLine({ kind: 'state', state: 'looking', version: null });
    onLine({ kind: 'state', state: 'writing', version: '1.2' });
    onLine({ kind: 'progress', progress: { bytesFetched: 5, bytesWritten: 50, total: 100 } });
    const outcome = stageOnly ? 'staged' : 'restarting';
    const [version, why] = ['1.2', '1.2 is offered'];
    onLine({ kind: 'done', outcome, version, why, bytesFetched: 3_100_000, detours: [], images: ['web:1'] });
    return Promise.resolve();
  }

  async cancelUpdate(operator: Operator): Promise<Cancelled> {
    this.operators.push(operator);
    const times = this.operators.length;
    return Promise.resolve({ cancelled: times === 1, permitGoesBack: times === 2 });
  }

  async pinUpdates(pin: Pin, operator: Operator): Promise<UpdateStatus> {
    this.operators.push(operator);
    this.pinned = pin;
    return this.updateStatus();
  }

  async inhibitRestart({ who, why, forMs }: { who: string; why: string; forMs: number }): Promise<UpdateStatus> {
    this.inhibitors = [{ who, why, until: new Date(noon + forMs).toISOString() }];
    return this.updateStatus();
  }

  async allowRestart(who: string): Promise<UpdateStatus> {
    this.inhibitors = this.inhibitors.filter((one) => one.who !== who);
    return this.updateStatus();
  }

  async verifyOs(): Promise<SlotCheck> {
    return Promise.resolve({
      ...{ version: '1.1', device: '/dev/vda3', rootHash: 'ab'.repeat(32), blocks: 4096 },
      ...{ differs: this.damage, unknown: [] },
    });
  }

  async plan(request: ApplyRequest): Promise<PlanReport> {
    const { work, diagnostics } = this.#planWork(this.#filesOf(request));
    const steps = work.map(({ step }) => step);
    return { steps, skipped: (await this.status()).skipped, diagnostics, cost: highestCost(steps) ?? null };
  }

  async apply(request: ApplyRequest, options: ApplyOptions, onEvent: (event: ApplyEvent) => void): Promise<void> {
    const files = this.#filesOf(request);
    const { work, diagnostics } = this.#planWork(files);
    if (diagnostics.some(({ severity }) => severity === 'error')) {
      throw new BerthError('CONFIG_INVALID', 'the config has errors', { details: { diagnostics } });
    }
    this.operators.push({ who: options.who, command: options.command });
    this.destroyed = options.destroy ?? [];
    const plan = await this.plan(request);
    if (work.length > 0 || 'set' in request)
      this.#addGeneration(
        files,
        'generation' in request ? `generation ${request.generation}` : (files[0]?.file ?? ''),
        work,
      );
    const generation = this.#generations.length;
    onEvent({ kind: 'plan', plan, generation });
    let outcome: 'converged' | 'incomplete' = 'converged';
    for (const { step, reason, name, spec } of work) {
      onEvent({ kind: 'step-started', step });
      const isMissing = spec?.image === 'missing';
      if (spec?.image !== undefined && !isMissing) onEvent({ kind: 'step-progress', id: step.id, fraction: 0.5 });
      if (spec === undefined) this.#specs.delete(name);
      else this.#specs.set(name, spec);
      this.#stopped.delete(name);
      this.#record(step, reason, isMissing ? 'no such image: missing' : undefined);
      if (isMissing) {
        outcome = 'incomplete';
        onEvent({
          kind: 'step-failed',
          id: step.id,
          error: 'no such image: missing',
          retryAt: new Date(noon + 5000).toISOString(),
        });
      } else onEvent({ kind: 'step-done', id: step.id, durationMs: 400 });
    }
    const keys = [...this.#specs.keys()].map((name) => {
      const changed = work.find((one) => one.name === name);
      const key = `berth.services.${name}`;
      if (changed === undefined) return { key, outcome: 'unchanged' as const };
      if (changed.spec?.image === 'missing') return { key, outcome: 'failed' as const, why: 'no such image: missing' };
      return { key, outcome: 'changed' as const, why: changed.step.summary };
    });
    onEvent({ kind: 'result', outcome, keys, services: this.#running(), generation });
  }

  async reconcile(): Promise<{ durationMs: number; steps: number }> {
    return { durationMs: 3.5, steps: 0 };
  }

  async why(subject: string): Promise<WhyReport> {
    return explain(subject, {
      status: await this.status(),
      entries: this.#entries.toReversed(),
      declaredAt: (key) => (this.#specs.has(key.replace('berth.services.', '')) ? 'web.yaml:3' : null),
    });
  }

  async ledger({ limit, subject, since = 0 }: LedgerQuery): Promise<readonly LedgerEntry[]> {
    const matching = this.#entries.filter(
      (entry) => Date.parse(entry.at) >= since && (subject === undefined || concerns(entry, subject)),
    );
    return matching.toReversed().slice(0, limit);
  }

  async generations(): Promise<readonly Generation[]> {
    return this.#generations
      .map(({ generation }) => {
        const rolledBack = this.rolledBack.get(generation.number) ?? {};
        const isCurrent = generation.number === this.#generations.length;
        const isRejected = Object.keys(rolledBack).length > 0;
        const state = isCurrent ? ('current' as const) : isRejected ? ('rejected' as const) : ('previous' as const);
        return { ...generation, rolledBack, state };
      })
      .toReversed();
  }

  async generationConfig(number: number): Promise<readonly ConfigText[]> {
    return this.#filesOf({ generation: number });
  }

  async configKeys(key?: string): Promise<readonly EffectiveKey[]> {
    const current = this.#generations.at(-1)?.files ?? [];
    return readUserData(current, () => undefined)?.explain(key === undefined ? undefined : [key]) ?? [];
  }

  async services(): Promise<readonly ServiceStatus[]> {
    return [...this.#running(), available];
  }

  async graph(): Promise<ServiceGraph> {
    const services = this.#running();
    return {
      nodes: services.map(({ name, engine, origin, state }) => ({ name, engine, origin, state })),
      edges: [...this.#specs].flatMap(([from, { depends_on = {} }]) =>
        Object.entries(depends_on).map(([to, { condition, required }]) => ({ from, to, condition, required })),
      ),
    };
  }

  async setServiceWish(name: string, wish: ServiceWish, operator: Operator): Promise<ServiceStatus> {
    const spec = this.#spec(name);
    this.operators.push(operator);
    if (wish === 'stop' || wish === 'disable') this.#stopped.add(name);
    else this.#stopped.delete(name);
    if (wish === 'restart') this.#restarts.set(name, (this.#restarts.get(name) ?? 0) + 1);
    const status = this.#describe(name, spec);
    for (const listener of this.#listeners) listener({ kind: 'service', service: status });
    return status;
  }

  async logs(
    name: string,
    { follow, tail, since = 0 }: ServiceLogOptions,
    onLine: (line: LogLine) => void,
    signal?: AbortSignal,
  ): Promise<void> {
    this.#spec(name);
    const lines = (this.logLines.get(name) ?? []).filter(({ time }) => time === null || Date.parse(time) >= since);
    for (const line of lines.slice(tail === undefined ? 0 : lines.length - tail)) onLine(line);
    if (follow) await aborted(signal);
  }

  async exec(name: string, { command, tty }: ExecOptions, io: SessionIo, signal?: AbortSignal): Promise<number> {
    this.#spec(name);
    const [program, ...args] = command;
    switch (program) {
      case 'echo':
        io.onOutput('stdout', Buffer.from(`${args.join(' ')}\n`));
        return 0;
      case 'cat':
        for await (const chunk of io.stdin ?? []) io.onOutput('stdout', Buffer.from(chunk));
        return 0;
      case 'tty':
        io.onOutput(
          'stderr',
          Buffer.from(`${tty ? 'a terminal' : 'not a terminal'} ${io.size?.columns ?? 0}x${io.size?.rows ?? 0}\n`),
        );
        return 0;
      case 'sleep':
        await aborted(signal);
        return 130;
      case 'exit':
        return Number(args[0]);
      default:
        throw new BerthError('ENGINE_REFUSED', `${program ?? ''}: no such program`);
    }
  }

  async debug(
    name: string,
    { image = 'berth/tools', ...options }: DebugOptions,
    io: SessionIo,
    signal?: AbortSignal,
  ): Promise<number> {
    io.onOutput('stderr', Buffer.from(`tools from ${image}\n`));
    return this.exec(name, options, io, signal);
  }

  async events(onEvent: (event: AgentEvent) => void, signal: AbortSignal): Promise<void> {
    this.#listeners.add(onEvent);
    await aborted(signal);
    this.#listeners.delete(onEvent);
  }

  async shutdown(operator: Operator): Promise<void> {
    this.operators.push(operator);
    this.isShutDown = true;
  }

  metrics(): readonly MetricFamily[] {
    return [
      {
        name: 'berth_steps_total',
        help: 'Steps.',
        type: 'counter',
        samples: [{ labels: { kind: 'create' }, value: this.#entries.length }],
      },
    ];
  }

  #filesOf(request: ApplyRequest): readonly ConfigText[] {
    if ('files' in request) return request.files;
    if ('set' in request) {
      const { key, value } = request.set;
      return [{ file: 'berth config set', text: `#cloud-config\n${JSON.stringify({ [key]: value })}` }];
    }
    const files = this.#generations[request.generation - 1]?.files;
    if (files === undefined)
      throw new BerthError('NOT_FOUND', `there is no generation ${request.generation}`, { hint: 'berth generations' });
    return files;
  }

  #planWork(files: readonly ConfigText[]): { work: Work[]; diagnostics: PlanReport['diagnostics'] } {
    const { config, diagnostics } = parseConfig(files);
    if (diagnostics.some(({ severity }) => severity === 'error')) return { work: [], diagnostics };
    const wanted = config.compose.services;
    const work: Work[] = [];
    for (const name of this.#specs.keys()) {
      if (!(name in wanted)) work.push(makeWork('remove-container', name, undefined, 'removed', 'live'));
    }
    for (const [name, spec] of Object.entries(wanted)) {
      const before = this.#specs.get(name);
      if (before === undefined) work.push(makeWork('create-container', name, spec, 'added', 'live'));
      else if (JSON.stringify(before) !== JSON.stringify(spec))
        work.push(makeWork('replace-container', name, spec, 'changed', 'restart-service'));
    }
    return { work, diagnostics };
  }

  #addGeneration(files: readonly ConfigText[], source: string, work: readonly Work[]): void {
    const generation = {
      number: this.#generations.length + 1,
      createdAt: new Date(noon - 3_600_000).toISOString(),
      source,
      configDigest: 'a'.repeat(64),
      images: {},
      release: null,
      changes: work.map(({ reason }) => describeReason(reason)),
    };
    this.#generations.push({ generation, files });
  }

  #record(step: PlannedStep, reason: Reason, error: string | undefined): void {
    const entry: LedgerEntry = {
      sequence: this.#entries.length + 1,
      at: new Date(noon - 60_000).toISOString(),
      generation: this.#generations.length,
      kind: step.kind,
      subject: step.subject,
      cost: step.cost,
      reason,
      summary: step.summary,
      outcome: error === undefined ? 'done' : 'failed',
      durationMs: 400,
      ...(error === undefined ? {} : { error }),
    };
    this.#entries.push(entry);
    for (const listener of this.#listeners) listener({ kind: 'ledger', entry });
  }

  #running(): ServiceStatus[] {
    return [...this.#specs].map(([name, spec]) => this.#describe(name, spec));
  }

  #spec(name: string): ServiceSpec {
    const spec = this.#specs.get(name);
    if (spec === undefined)
      throw new BerthError('SERVICE_UNKNOWN', `there is no service "${name}"`, { hint: 'berth service list' });
    return spec;
  }

  #describe(name: string, spec: ServiceSpec): ServiceStatus {
    const state: ServiceState = this.#stopped.has(name) ? 'stopped' : spec.image === 'missing' ? 'failed' : 'running';
    return {
      name,
      engine: 'user',
      origin: 'config',
      state,
      detail: state === 'failed' ? 'no such image: missing' : '',
      image: spec.image ?? '',
      ports: (spec.ports ?? []).map(({ published = '', target }) => `0.0.0.0:${published}->${target}/tcp`),
      ...(state === 'running'
        ? {
            createdAt: new Date(noon - 180_000).toISOString(),
            containerId: 'c1',
            containerName: `berth-${name}`,
            imageId: 'sha256:1',
          }
        : {}),
      ...(state === 'failed' ? { retryAt: new Date(noon + 5000).toISOString() } : {}),
      restarts: this.#restarts.get(name) ?? 0,
      critical: false,
      essential: false,
    };
  }
}

function makeWork(
  kind: string,
  name: string,
  spec: ServiceSpec | undefined,
  change: 'added' | 'changed' | 'removed',
  cost: PlannedStep['cost'],
): Work {
  const reason: Reason = { kind: 'config', key: `berth.services.${name}`, change };
  const verb = kind.split('-')[0] ?? kind;
  const summary = spec === undefined ? `${verb} ${name}` : `${verb} and start ${name} (${spec.image ?? 'no image'})`;
  const needs = Object.keys(spec?.depends_on ?? {});
  const step: PlannedStep = {
    id: `${kind}:${name}`,
    kind,
    subject: `service/${name}`,
    cost,
    summary,
    reasons: [describeReason(reason)],
    after: [],
    waitsFor: needs.map((need) => `${need} to be healthy`),
  };
  return { step, reason, name, spec };
}

async function aborted(signal: AbortSignal | undefined): Promise<void> {
  if (signal?.aborted === true) return;
  await new Promise<void>((resolve) => signal?.addEventListener('abort', () => resolve()));
}
