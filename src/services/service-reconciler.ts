import type { EngineName } from '../config/service-spec.ts';
import type { Clock } from '../core/clock.ts';
import { BerthError, messageOf } from '../core/errors.ts';
import type { Reason } from '../core/plan.ts';
import type { EngineEvent } from '../engine/container-engine.ts';
import { backoffMs } from './backoff.ts';
import { watchEngine } from './engine-watch.ts';
import { completionOf, type RegistryAccess, type Remembered, StepExecutor } from './executor.ts';
import { type LaneLimits, Lanes } from './lanes.ts';
import { MemoryKeeper } from './memory-keeper.ts';
import type { Desired, DesiredService, Memory, Observed, ObservedEngine } from './model.ts';
import { label } from './names.ts';
import { type EngineHandle, EngineObserver } from './observe.ts';
import { planServices, type ServicePlan } from './plan/plan-services.ts';
import type { MemoryStore, StepRecorder } from './ports.ts';
import { containersByService } from './readiness.ts';
import { isStuck } from './settled.ts';
import { type ServiceStatus, settledStates } from './status.ts';
import { serviceStatuses } from './status-of.ts';
import type { ServiceStep } from './steps.ts';

/** Why services are what they are after a config change, by name. */
export interface DesiredChange {
  readonly causes: Readonly<Record<string, Reason>>;
  readonly removals: Readonly<Record<string, Reason>>;
}

export type StepEvent =
  | { readonly kind: 'step-started'; readonly step: ServiceStep }
  | { readonly kind: 'step-progress'; readonly id: string; readonly fraction: number }
  | { readonly kind: 'step-done'; readonly id: string; readonly durationMs: number }
  | { readonly kind: 'step-failed'; readonly id: string; readonly error: string; readonly retryAt: number | undefined };

export interface ServiceReconcilerDependencies {
  readonly instance: string;
  readonly engines: readonly EngineHandle[];
  readonly registry: RegistryAccess;
  readonly recorder: StepRecorder;
  readonly memory: MemoryStore;
  readonly clock: Clock;
  readonly random: () => number;
  readonly lanes?: LaneLimits;
  /** Called when an engine stops or starts answering. */
  readonly onEngine?: (name: EngineName, isUp: boolean, why: string) => void;
}

/**
 * Steps at a time, measured on Docker 26.1 (bench/RESULTS.md): starts on the host's network are best few at a time,
 * starts on a bridge wait for the kernel and gain from more.
 */
export const defaultLanes: LaneLimits = { host: 4, bridge: 24, stop: 8, pull: 3 };

const nothingDesired: Desired = { services: new Map(), networks: [], volumes: [] };
const resyncMs = 60_000;
const settleFailuresMs = 10_000;
const debounceMs = 5;
/** While steps are under way, looking again costs the engine time it needs for them. */
const busyDebounceMs = 40;

/**
 * Keeps services as declared. Level-triggered: every round observes, plans and launches what can be done now; events,
 * finished steps and timers only say "look again". A service has at most one step under way.
 */
export class ServiceReconciler {
  readonly #deps: ServiceReconcilerDependencies;
  readonly #executor: StepExecutor;
  readonly #observers = new Map<EngineName, EngineObserver>();
  readonly #lanes: Lanes;
  readonly #memory: MemoryKeeper;
  readonly #inFlight = new Map<string, { readonly step: ServiceStep; readonly abort: AbortController }>();
  readonly #running = new Set<Promise<void>>();
  readonly #listeners = new Set<(event: StepEvent) => void>();
  readonly #roundListeners = new Set<() => void>();
  #desired: Desired = nothingDesired;
  #change: DesiredChange = { causes: {}, removals: {} };
  #observed: Observed = { engines: {} };
  #plan: ServicePlan = { steps: [] };
  #isBooting = true;
  #isPaused = true;
  #wakeTimer: NodeJS.Timeout | undefined;
  #wakeAt = Number.POSITIVE_INFINITY;
  #round: Promise<void> | undefined;
  #isWanted = false;
  #signal: AbortSignal = AbortSignal.abort();
  #lastRound: { readonly at: number; readonly durationMs: number } | undefined;

  constructor(deps: ServiceReconcilerDependencies) {
    this.#deps = deps;
    this.#lanes = new Lanes(deps.lanes ?? defaultLanes);
    this.#memory = new MemoryKeeper(deps.memory, deps.clock);
    for (const { name, engine } of deps.engines) this.#observers.set(name, new EngineObserver(engine, deps.instance));
    const engines = new Map(deps.engines.map(({ name, engine }) => [name, engine]));
    this.#executor = new StepExecutor({
      instance: deps.instance,
      engineOf: (name) => {
        const engine = engines.get(name);
        if (engine === undefined) throw new BerthError('ENGINE_UNREACHABLE', `this host has no ${name} engine`, { retryable: true });
        return engine;
      },
      registry: deps.registry,
      clock: deps.clock,
      onProgress: (id, fraction) => this.#emit({ kind: 'step-progress', id, fraction }),
    });
  }

  /** Runs until the signal aborts; then waits for the steps under way and saves what is remembered. */
  async run(signal: AbortSignal): Promise<void> {
    this.#signal = signal;
    await this.#memory.load();
    const watches = this.#deps.engines.map((handle) => this.#watch(handle, signal));
    await Promise.all(watches);
    clearTimeout(this.#wakeTimer);
    await this.#round;
    await Promise.allSettled(this.#running);
    await this.#memory.flush();
  }

  /** Declares what is to run, and why it changed. */
  setDesired(desired: Desired, change: DesiredChange): void {
    this.#desired = desired;
    this.#change = change;
    this.#isPaused = false;
    for (const [name, reason] of Object.entries(change.causes)) {
      // A changed configuration gets its first try at once, whatever failed before.
      this.#memory.remember(name, { cause: reason, failures: undefined, retryAt: undefined, lastError: undefined, restarts: undefined });
    }
    for (const name of Object.keys(change.removals)) this.#memory.forget(name);
    for (const { step, abort } of this.#inFlight.values()) {
      if (step.kind === 'pull-image' && desired.services.get(step.service.name)?.digest !== step.service.digest) {
        abort.abort(new BerthError('CANCELLED', 'the configuration changed'));
      }
    }
    this.wake();
  }

  /** What would be done for `desired`, from a fresh look. Changes nothing. */
  async planFor(desired: Desired, change: DesiredChange, signal?: AbortSignal): Promise<ServicePlan> {
    const observed = await this.#look(signal);
    const memory: Record<string, object> = { ...this.#memory.all };
    for (const [name, cause] of Object.entries(change.causes)) memory[name] = { ...memory[name], cause, retryAt: undefined };
    return planServices({ desired, observed, memory, now: this.#deps.clock.now(), booting: false, removals: change.removals });
  }

  /** Look again soon. */
  wake(afterMs: number = this.#inFlight.size > 0 ? busyDebounceMs : debounceMs): void {
    const at = this.#deps.clock.now() + afterMs;
    if (at >= this.#wakeAt && this.#wakeTimer !== undefined) return;
    clearTimeout(this.#wakeTimer);
    this.#wakeAt = at;
    this.#wakeTimer = setTimeout(() => {
      this.#wakeTimer = undefined;
      this.#wakeAt = Number.POSITIVE_INFINITY;
      void this.#runRound();
    }, afterMs);
  }

  /** One round now. @returns how long it took and how many steps its plan had. */
  async reconcile(): Promise<{ durationMs: number; steps: number }> {
    await this.#round;
    const started = performance.now();
    await this.#runRound();
    return { durationMs: performance.now() - started, steps: this.#plan.steps.length };
  }

  get desired(): Desired {
    return this.#desired;
  }

  get memory(): Memory {
    return this.#memory.all;
  }

  get observed(): Observed {
    return this.#observed;
  }

  get lastRound(): { readonly at: number; readonly durationMs: number } | undefined {
    return this.#lastRound;
  }

  get plannedSteps(): readonly ServiceStep[] {
    return this.#plan.steps;
  }

  statuses(): ServiceStatus[] {
    return serviceStatuses({
      desired: this.#desired,
      observed: this.#observed,
      memory: this.#memory.all,
      steps: this.#plan.steps,
      inFlight: new Map([...this.#inFlight].map(([subject, { step }]) => [subject, step.kind])),
      now: this.#deps.clock.now(),
    });
  }

  /** @returns a function that ends it. */
  onStep(listener: (event: StepEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Changes what is remembered of a service (an operator's wish) and looks again. Durable when it resolves. */
  async remember(name: string, change: Remembered): Promise<void> {
    this.#memory.remember(name, change);
    this.wake();
    await this.#memory.flush();
  }

  /**
   * Resolves when nothing is left to do: `converged` with every service where it should be, `incomplete` when what is
   * left needs a person or more time than `timeoutMs`.
   */
  async settled(timeoutMs: number, signal: AbortSignal): Promise<'converged' | 'incomplete'> {
    const deadline = this.#deps.clock.now() + timeoutMs;
    const before = this.#lastRound;
    for (;;) {
      if (this.#lastRound !== before && this.#inFlight.size === 0 && this.#round === undefined) {
        const statuses = this.statuses();
        const open = statuses.filter(({ state }) => !settledStates.has(state));
        const hasWork = this.#plan.steps.some((step) => step.waitsFor.length === 0 && step.notBefore === undefined);
        if (open.length === 0 && !hasWork) return 'converged';
        if (!hasWork && open.every((status) => isStuck(status, this.#memory.of(status.name), this.#desired, statuses))) return 'incomplete';
      }
      const remaining = deadline - this.#deps.clock.now();
      if (remaining <= 0) return 'incomplete';
      signal.throwIfAborted();
      await this.#nextChange(Math.min(remaining, 1000));
    }
  }

  #nextChange(maximumMs: number): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.#roundListeners.delete(done);
        resolve();
      };
      const timer = setTimeout(done, maximumMs);
      this.#roundListeners.add(done);
    });
  }

  async #watch(handle: EngineHandle, signal: AbortSignal): Promise<void> {
    const observer = this.#observers.get(handle.name);
    await watchEngine(
      handle,
      {
        onContainer: (event) => this.#onContainer(event),
        onResources: () => {
          observer?.forget();
          this.wake();
        },
        onConnection: (isUp, why) => {
          observer?.forget();
          this.#deps.onEngine?.(handle.name, isUp, why);
          this.wake();
        },
      },
      this.#deps.clock,
      signal,
    );
  }

  #onContainer(event: EngineEvent): void {
    if (event.attributes[label.instance] !== this.#deps.instance) return;
    // Our own starts and stops need no second look; a death or a change of health may come while a step is under way.
    const isOurs = this.#inFlight.has(`service/${event.attributes[label.service] ?? ''}`);
    if (isOurs && event.action !== 'die' && event.action !== 'health_status') return;
    this.wake();
  }

  async #look(signal?: AbortSignal): Promise<Observed> {
    const engines: Partial<Record<EngineName, ObservedEngine>> = {};
    await Promise.all(
      [...this.#observers].map(async ([name, observer]) => {
        try {
          engines[name] = await observer.look(signal);
        } catch {
          // It does not answer: its services wait; the watch tells when it is back.
          delete engines[name];
        }
      }),
    );
    return { engines };
  }

  #runRound(): Promise<void> {
    if (this.#round !== undefined) {
      this.#isWanted = true;
      return this.#round;
    }
    this.#round = this.#oneRound().finally(() => {
      this.#round = undefined;
      for (const listener of [...this.#roundListeners]) listener();
      if (this.#isWanted) {
        this.#isWanted = false;
        this.wake();
      }
    });
    return this.#round;
  }

  async #oneRound(): Promise<void> {
    if (this.#signal.aborted) return;
    const started = performance.now();
    const busyBefore = new Set(this.#inFlight.keys());
    this.#observed = await this.#look(this.#signal);
    if (this.#isPaused || isAborted(this.#signal)) return;
    const now = this.#deps.clock.now();
    this.#takeNote(now);
    this.#plan = planServices({
      desired: this.#desired,
      observed: this.#observed,
      memory: this.#memory.all,
      now,
      booting: this.#isBooting,
      removals: this.#change.removals,
    });
    this.#launch(now, busyBefore);
    if (this.#plan.steps.length === 0 && this.#inFlight.size === 0) this.#isBooting = false;
    this.#lastRound = { at: now, durationMs: performance.now() - started };
    this.wake(Math.min(resyncMs, Math.max((this.#plan.wakeAt ?? Number.POSITIVE_INFINITY) - now, debounceMs)));
  }

  /** Facts of this look that later plans rely on: tasks that ended well, failures that are over, schedules first seen. */
  #takeNote(now: number): void {
    const containers = containersByService(this.#observed);
    for (const service of this.#desired.services.values()) {
      const memory = this.#memory.of(service.name);
      const current = containers.get(service.name)?.current;
      if (service.kind === 'scheduled' && memory.lastDue === undefined) this.#memory.remember(service.name, { lastDue: now });
      if (current?.digest !== service.digest) continue;
      if (service.kind === 'one-shot' && current.state === 'exited' && current.exitCode === 0) {
        const completed = completionOf(service, current);
        if (memory.completed !== completed) this.#memory.remember(service.name, { completed, failures: undefined, retryAt: undefined, lastError: undefined });
      }
      const isFine = current.state === 'running' && (current.health === 'healthy' || (current.health === 'none' && now - (memory.startedAt ?? 0) > settleFailuresMs));
      if (isFine && memory.failures !== undefined) this.#memory.remember(service.name, { failures: undefined, retryAt: undefined, lastError: undefined });
    }
  }

  #launch(now: number, busyBefore: ReadonlySet<string>): void {
    const open = new Set(this.#plan.steps.map(({ id }) => id));
    for (const step of this.#plan.steps) {
      // What was under way during the look may be done by now: the plan may be about the past.
      if (this.#inFlight.has(step.subject)) continue;
      if (busyBefore.has(step.subject)) {
        this.wake();
        continue;
      }
      if (step.waitsFor.length > 0 || step.after.some((id) => open.has(id))) continue;
      if (step.notBefore !== undefined && step.notBefore > now) continue;
      this.#carryOut(step);
    }
  }

  #carryOut(step: ServiceStep): void {
    const abort = new AbortController();
    this.#inFlight.set(step.subject, { step, abort });
    const work = this.#lanes
      .run(laneOf(step), () => this.#runStep(step, AbortSignal.any([abort.signal, this.#signal])))
      .finally(() => {
        this.#inFlight.delete(step.subject);
        this.#running.delete(work);
        // With nothing left waiting, one look when the last is done is enough.
        const others = this.#plan.steps.some((other) => other.after.includes(step.id) || other.waitsFor.length > 0 || (other.subject === step.subject && other.id !== step.id));
        if (others || this.#inFlight.size === 0) this.wake(this.#inFlight.size === 0 ? 0 : busyDebounceMs);
      });
    this.#running.add(work);
  }

  async #runStep(step: ServiceStep, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    const started = performance.now();
    this.#emit({ kind: 'step-started', step });
    const name = 'service' in step && typeof step.service === 'object' ? step.service.name : undefined;
    try {
      if (step.kind === 'restore-service' && step.rejects !== undefined) await this.#reject(step.service.name, step.rejects);
      if (step.kind === 'discard-container' && step.rejects !== undefined) await this.#reject(step.rejects.service, step.rejects);
      const remembered = await this.#executor.run(step, signal);
      if (name !== undefined) this.#afterDone(name, step, remembered);
      if (resourceKinds.has(step.kind)) this.#observers.get(step.engine)?.forget();
      const durationMs = Math.round(performance.now() - started);
      this.#record(step, 'done', durationMs);
      this.#emit({ kind: 'step-done', id: step.id, durationMs });
    } catch (error) {
      if (this.#signal.aborted) return;
      this.#observers.get(step.engine)?.forget();
      const durationMs = Math.round(performance.now() - started);
      const message = messageOf(error);
      const retryAt = name === undefined ? undefined : this.#afterFailure(name, message);
      this.#record(step, 'failed', durationMs, message);
      this.#emit({ kind: 'step-failed', id: step.id, error: message, retryAt });
      this.wake(name === undefined ? 1000 : busyDebounceMs);
    }
  }

  /** Before the step that acts on it: a crash in between must not try the bad version again. */
  async #reject(name: string, { version, why }: { readonly version: string; readonly why: string }): Promise<void> {
    const rejected = [...(this.#memory.of(name).rejected ?? []).slice(-9), { version, why }];
    this.#memory.remember(name, { rejected });
    await this.#memory.flush();
  }

  #afterDone(name: string, step: ServiceStep, { rejected: _kept, ...remembered }: Remembered): void {
    const memory = this.#memory.of(name);
    const isRepair = step.reason.kind === 'exited' || step.reason.kind === 'health';
    if (isRepair && step.kind !== 'restore-service') {
      const failures = (memory.failures ?? 0) + 1;
      this.#memory.remember(name, {
        ...remembered,
        failures,
        restarts: (memory.restarts ?? 0) + 1,
        retryAt: this.#deps.clock.now() + backoffMs(failures, this.#deps.random),
      });
    } else {
      const isOver = step.kind !== 'discard-container' && step.kind !== 'pull-image';
      this.#memory.remember(name, isOver ? { ...remembered, retryAt: undefined, lastError: undefined } : remembered);
    }
    if (restartingKinds.has(step.kind)) this.#restartDependents(name, step);
  }

  #restartDependents(name: string, step: ServiceStep): void {
    for (const dependent of this.#desired.services.values()) {
      if (!dependent.conditions.some(({ service, restart }) => restart && service === name)) continue;
      this.#memory.remember(dependent.name, { restart: { kind: 'dependency', service: name, cause: step.reason } });
    }
    this.wake();
  }

  #afterFailure(name: string, message: string): number {
    const failures = (this.#memory.of(name).failures ?? 0) + 1;
    const retryAt = this.#deps.clock.now() + backoffMs(failures, this.#deps.random);
    this.#memory.remember(name, { failures, retryAt, lastError: message });
    return retryAt;
  }

  #record(step: ServiceStep, outcome: 'done' | 'failed', durationMs: number, error?: string): void {
    const { kind, subject, cost, reason, summary } = step;
    this.#deps.recorder.record({ at: this.#deps.clock.now(), kind, subject, cost, reason, summary, outcome, durationMs, ...(error === undefined ? {} : { error }) });
  }

  #emit(event: StepEvent): void {
    for (const listener of [...this.#listeners]) listener(event);
  }
}

const resourceKinds: ReadonlySet<string> = new Set(['pull-image', 'create-network', 'remove-network', 'create-volume']);
const restartingKinds: ReadonlySet<string> = new Set(['replace-service', 'restart-service', 'promote-next', 'restore-service']);

function laneOf(step: ServiceStep): string {
  switch (step.kind) {
    case 'pull-image':
      return 'pull';
    case 'stop-service':
    case 'remove-service':
    case 'discard-container':
      return 'stop';
    case 'start-service':
    case 'resume-service':
    case 'restart-service':
    case 'replace-service':
    case 'start-next':
    case 'promote-next':
    case 'restore-service':
    case 'run-job':
      return usesBridge(step.service) ? 'bridge' : 'host';
    case 'create-network':
    case 'remove-network':
    case 'create-volume':
      return 'resource';
  }
}

function usesBridge({ container }: DesiredService): boolean {
  return container.networkMode !== 'host' && container.networkMode !== 'none';
}

function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}
