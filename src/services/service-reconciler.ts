import type { EngineName } from '../config/service-spec.ts';
import type { Clock } from '../core/clock.ts';
import { BerthError } from '../core/errors.ts';
import type { Reason } from '../core/plan.ts';
import type { EngineEvent } from '../engine/container-engine.ts';
import { Dying } from './dying.ts';
import { watchEngine } from './engine-watch.ts';
import { completionOf, type ImageSource, type Remembered, StepExecutor } from './executor.ts';
import type { LaneLimits } from './lanes.ts';
import { MemoryKeeper } from './memory-keeper.ts';
import type { Desired, Memory, Observed, ObservedEngine } from './model.ts';
import { label } from './names.ts';
import { type EngineHandle, EngineObserver } from './observe.ts';
import { nextRun } from './plan/jobs.ts';
import { planServices, type ServicePlan } from './plan/plan-services.ts';
import type { MemoryStore, StepRecorder } from './ports.ts';
import { containersByService } from './readiness.ts';
import { ScheduleTimer } from './schedule-timer.ts';
import { isStuck } from './settled.ts';
import { type ServiceStatus, settledStates } from './status.ts';
import { serviceStatuses } from './status-of.ts';
import { type StepEvent, StepRunner } from './step-runner.ts';
import type { ServiceStep } from './steps.ts';
import { Waker } from './waker.ts';

/** Why services are what they are after a config change, by name. */
export interface DesiredChange {
  readonly causes: Readonly<Record<string, Reason>>;
  readonly removals: Readonly<Record<string, Reason>>;
}

export interface ServiceReconcilerDependencies {
  readonly instance: string;
  readonly engines: readonly EngineHandle[];
  readonly images: ImageSource;
  readonly recorder: StepRecorder;
  readonly memory: MemoryStore;
  readonly clock: Clock;
  readonly random: () => number;
  readonly lanes?: LaneLimits;
  /** Called when an engine stops or starts answering. */
  readonly onEngine?: (name: EngineName, isUp: boolean, why: string) => void;
  /** Called after every round that looked at the engines. */
  readonly onRound?: () => void;
}

/**
 * Steps at a time, measured on Docker 26.1 (bench/RESULTS.md): starts on the host's network are best few at a time,
 * starts on a bridge wait for the kernel and gain from more.
 */
export const defaultLanes: LaneLimits = { host: 4, bridge: 24, stop: 8, pull: 3 };

const nothingDesired: Desired = { services: new Map(), networks: [], volumes: [] };
const resyncMs = 60_000;
/** A service that ran this long without trouble is forgiven its failures. */
const forgiveMs = 10_000;
/** How long a look for a plan serves the round that carries the plan out. */
const freshMs = 100;
const debounceMs = 5;
/** When to look again at a list that is behind the events. */
const staleMs = 50;
/** While steps are under way, looking again costs the engine time it needs for them. */
const busyDebounceMs = 40;

export interface FreshLook {
  readonly observed: Observed;
  /** What was under way when it began. */
  readonly busy: ReadonlyMap<string, string>;
  readonly at: number;
}

/**
 * Keeps services as declared. Level-triggered: every round observes, plans and launches what can be done now; events,
 * finished steps and timers only say "look again". A service has at most one step under way.
 */
export class ServiceReconciler {
  readonly #deps: ServiceReconcilerDependencies;
  readonly #observers: ReadonlyMap<EngineName, EngineObserver>;
  readonly #memory: MemoryKeeper;
  readonly #runner: StepRunner;
  readonly #schedules = new ScheduleTimer(() => this.wake(0));
  readonly #waker = new Waker(() => void this.#startRound());
  readonly #stepListeners = new Set<(event: StepEvent) => void>();
  readonly #roundListeners = new Set<() => void>();
  #desired: Desired = nothingDesired;
  #removals: DesiredChange['removals'] = {};
  #declaredAt = 0;
  #observed: Observed = { engines: {} };
  #plan: ServicePlan = { steps: [] };
  #isBooting = true;
  readonly #bootedAt: number;
  readonly #dying = new Dying();
  readonly #connected = new Map<EngineName, boolean>();
  /** Nothing is declared yet: looking is allowed, doing is not. */
  #isUndeclared = true;
  #round: Promise<void> | undefined;
  #signal: AbortSignal = AbortSignal.abort();
  #freshLook: FreshLook | undefined;
  /** Services to which something happened while a step of theirs was under way. */
  readonly #touched = new Set<string>();
  #lastRound: { readonly at: number; readonly durationMs: number } | undefined;

  constructor(deps: ServiceReconcilerDependencies) {
    this.#deps = deps;
    this.#bootedAt = deps.clock.now();
    this.#observers = new Map(
      deps.engines.map(({ name, engine }) => [name, new EngineObserver(engine, deps.instance)]),
    );
    this.#memory = new MemoryKeeper(deps.memory, deps.clock);
    const engines = new Map(deps.engines.map(({ name, engine }) => [name, engine]));
    const executor = new StepExecutor({
      instance: deps.instance,
      engineOf: (name) => {
        const engine = engines.get(name);
        if (engine === undefined)
          throw new BerthError('ENGINE_UNREACHABLE', `this host has no ${name} engine`, { retryable: true });
        return engine;
      },
      images: deps.images,
      clock: deps.clock,
      onProgress: (id, fraction) => this.#emit({ kind: 'step-progress', id, fraction }),
    });
    this.#runner = new StepRunner({
      executor,
      memory: this.#memory,
      recorder: deps.recorder,
      clock: deps.clock,
      random: deps.random,
      lanes: deps.lanes ?? defaultLanes,
      desired: () => this.#desired,
      onEvent: (event) => this.#emit(event),
      onFinished: (step, isFailed) => this.#onFinished(step, isFailed),
    });
  }

  /** Reads what was remembered. To be called once, before anything else. */
  async load(): Promise<void> {
    await this.#memory.load();
  }

  /** Runs until the signal aborts; then waits for the steps under way and saves what is remembered. */
  async run(signal: AbortSignal): Promise<void> {
    this.#signal = signal;
    await Promise.all(this.#deps.engines.map((handle) => this.#watch(handle, signal)));
    this.#waker.cancel();
    this.#schedules.arm(undefined);
    await this.#round;
    await this.#runner.drained();
    await this.#memory.flush();
  }

  /** Declares what is to run, and why it changed. With `keepMemory`, services that go are expected to come back. */
  setDesired(desired: Desired, change: DesiredChange, { keepMemory = false } = {}): void {
    this.#desired = desired;
    this.#removals = change.removals;
    this.#declaredAt = this.#deps.clock.now();
    this.#isUndeclared = false;
    for (const [name, cause] of Object.entries(change.causes)) {
      // A changed configuration gets its first try at once, whatever failed before.
      this.#memory.remember(name, {
        cause,
        failures: undefined,
        retryAt: undefined,
        lastError: undefined,
        restarts: undefined,
      });
    }
    if (!keepMemory) for (const name of Object.keys(change.removals)) this.#memory.forget(name);
    this.#runner.abort(
      (step) => step.kind === 'pull-image' && desired.services.get(step.service.name)?.digest !== step.service.digest,
      new BerthError('CANCELLED', 'the configuration changed'),
    );
    this.wake(0);
  }

  /** Begins to look at the engines for a plan, so that a caller can work out what is desired meanwhile. */
  async startLook(signal?: AbortSignal): Promise<FreshLook> {
    const busy = this.#runner.subjects;
    const observed = await this.#look(signal);
    return { observed, busy, at: performance.now() };
  }

  /** What would be done for `desired`, from what a look just saw. Changes nothing. */
  async planFor(
    desired: Desired,
    change: DesiredChange,
    looking: Promise<FreshLook> = this.startLook(),
  ): Promise<ServicePlan> {
    const look = await looking;
    const { observed } = look;
    this.#freshLook = look;
    const memory: Record<string, object> = { ...this.#memory.all };
    for (const [name, cause] of Object.entries(change.causes))
      memory[name] = { ...memory[name], cause, retryAt: undefined };
    return planServices({
      desired,
      observed,
      memory,
      now: this.#deps.clock.now(),
      declaredAt: this.#deps.clock.now(),
      booting: false,
      removals: change.removals,
    });
  }

  /** Look again soon. */
  wake(afterMs: number = this.#runner.size > 0 ? busyDebounceMs : debounceMs): void {
    this.#waker.wake(afterMs);
  }

  /** One round now. @returns how long it took and how many steps its plan had. */
  async reconcile(): Promise<{ durationMs: number; steps: number }> {
    await this.#round;
    const started = performance.now();
    await this.#startRound();
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
      inFlight: this.#runner.subjects,
      now: this.#deps.clock.now(),
    });
  }

  /** @returns a function that ends it. */
  onStep(listener: (event: StepEvent) => void): () => void {
    this.#stepListeners.add(listener);
    return () => this.#stepListeners.delete(listener);
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
      const verdict = this.#lastRound === before ? undefined : this.#verdict();
      if (verdict !== undefined) return verdict;
      const remaining = deadline - this.#deps.clock.now();
      if (remaining <= 0) return 'incomplete';
      signal.throwIfAborted();
      await this.#nextRound(Math.min(remaining, 1000));
    }
  }

  #verdict(): 'converged' | 'incomplete' | undefined {
    if (this.#runner.size > 0 || this.#round !== undefined) return undefined;
    if (this.#plan.steps.some(({ waitsFor, notBefore }) => waitsFor.length === 0 && notBefore === undefined))
      return undefined;
    const statuses = this.statuses();
    const open = statuses.filter(({ state }) => !settledStates.has(state));
    if (open.length === 0) return 'converged';
    return open.every((status) => isStuck(status, this.#memory.of(status.name), this.#desired, statuses))
      ? 'incomplete'
      : undefined;
  }

  #nextRound(maximumMs: number): Promise<void> {
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
    const onResources = (): void => {
      this.#freshLook = undefined;
      observer?.forget();
      this.wake();
    };
    const onConnection = (isUp: boolean, why: string): void => {
      this.#deps.onEngine?.(handle.name, isUp, why);
      this.#recordConnection(handle.name, isUp, why);
      onResources();
    };
    await watchEngine(
      handle,
      { onContainer: (event) => this.#onContainer(event), onResources, onConnection },
      this.#deps.clock,
      signal,
    );
  }

  /** An engine that went away, and that it is back: part of a host's story, though no step of ours. */
  #recordConnection(name: EngineName, isUp: boolean, why: string): void {
    const wasUp = this.#connected.get(name);
    this.#connected.set(name, isUp);
    if (wasUp === undefined || wasUp === isUp) return;
    this.#deps.recorder.record({
      at: this.#deps.clock.now(),
      kind: isUp ? 'engine-found' : 'engine-lost',
      subject: `engine/${name}`,
      cost: 'live',
      reason: { kind: 'drift', detail: isUp ? `the ${name} engine answers again` : `the ${name} engine went away` },
      summary: isUp ? `look at the ${name} engine again` : `wait for the ${name} engine`,
      outcome: isUp ? 'done' : 'failed',
      durationMs: 0,
      ...(isUp ? {} : { error: why }),
    });
  }

  #onContainer(event: EngineEvent): void {
    if (event.attributes[label.instance] !== this.#deps.instance) return;
    this.#freshLook = undefined;
    this.#dying.note(event, this.#deps.clock.now());
    const subject = `service/${event.attributes[label.service] ?? ''}`;
    if (!this.#runner.has(subject)) {
      this.wake();
      return;
    }
    // Our own starts and stops need no second look; a death or a change of health is looked at when the step is done.
    if (event.action === 'die' || event.action === 'health_status') this.#touched.add(subject);
  }

  #onFinished(step: ServiceStep, isFailed: boolean): void {
    const observer = this.#observers.get(step.engine);
    if (isFailed || resourceKinds.has(step.kind)) observer?.forget();
    this.#freshLook = undefined;
    const isTouched = this.#touched.delete(step.subject);
    if (this.#runner.size === 0) {
      this.wake(isFailed ? debounceMs : 0);
      return;
    }
    // With nothing left waiting for it, one look when the last is done is enough.
    const isAwaited = this.#plan.steps.some(
      ({ after, waitsFor, subject, id }) =>
        waitsFor.length > 0 || after.includes(step.id) || (subject === step.subject && id !== step.id),
    );
    if (isAwaited || isFailed || isTouched) this.wake(busyDebounceMs);
  }

  async #look(signal?: AbortSignal): Promise<Observed> {
    const engines: Partial<Record<EngineName, ObservedEngine>> = {};
    await Promise.all(
      [...this.#observers].map(async ([name, observer]) => {
        // One that does not answer is absent: its services wait, and the watch tells when it is back.
        const seen = await observer.look(signal).catch(() => undefined);
        if (seen !== undefined) engines[name] = seen;
      }),
    );
    return { engines };
  }

  /** The look of a plan that was made just now, unless something happened since. */
  #takeFreshLook(): FreshLook | undefined {
    const look = this.#freshLook;
    this.#freshLook = undefined;
    return look !== undefined && performance.now() - look.at < freshMs ? look : undefined;
  }

  #startRound(): Promise<void> {
    if (this.#round !== undefined) {
      // This one may have looked already: look again after it.
      void this.#round.then(() => this.wake());
      return this.#round;
    }
    this.#round = this.#oneRound().finally(() => {
      this.#round = undefined;
      for (const listener of [...this.#roundListeners]) listener();
      this.#deps.onRound?.();
    });
    return this.#round;
  }

  async #oneRound(): Promise<void> {
    if (this.#signal.aborted) return;
    const started = performance.now();
    const { observed, busy: busyBefore } = this.#takeFreshLook() ?? {
      busy: this.#runner.subjects,
      observed: await this.#look(this.#signal),
    };
    this.#observed = observed;
    if (this.#isUndeclared || isAborted(this.#signal)) return;
    const now = this.#deps.clock.now();
    this.#takeNote(now);
    this.#plan = planServices({
      desired: this.#desired,
      observed: this.#observed,
      memory: this.#memory.all,
      now,
      booting: this.#isBooting,
      bootedAt: this.#bootedAt,
      declaredAt: this.#declaredAt,
      removals: this.#removals,
    });
    this.#launch(now, busyBefore);
    if (this.#plan.steps.length === 0 && this.#runner.size === 0) this.#isBooting = false;
    this.#lastRound = { at: now, durationMs: performance.now() - started };
    this.#schedules.arm(this.#nextDue(now));
    if (this.#dying.isAwaited(this.#observed, now)) this.wake(staleMs);
    this.wake(Math.min(resyncMs, Math.max((this.#plan.wakeAt ?? Number.POSITIVE_INFINITY) - now, debounceMs)));
  }

  #nextDue(now: number): number | undefined {
    const due = [...this.#desired.services.values()].flatMap((service) => nextRun(service, now) ?? []);
    return due.length === 0 ? undefined : Math.min(...due);
  }

  /** Facts of this look that later plans rely on: tasks that ended well, failures that are over, schedules first seen. */
  #takeNote(now: number): void {
    const containers = containersByService(this.#observed);
    for (const service of this.#desired.services.values()) {
      const memory = this.#memory.of(service.name);
      const current = containers.get(service.name)?.current;
      if (service.kind === 'scheduled' && memory.lastDue === undefined)
        this.#memory.remember(service.name, { lastDue: now });
      if (current?.digest !== service.digest) continue;
      const isComplete = service.kind === 'one-shot' && current.state === 'exited' && current.exitCode === 0;
      if (isComplete && memory.completed !== completionOf(service, current)) {
        this.#memory.remember(service.name, {
          completed: completionOf(service, current),
          failures: undefined,
          retryAt: undefined,
          lastError: undefined,
        });
      }
      const isFine =
        current.state === 'running' &&
        (current.health === 'healthy' || (current.health === 'none' && now - (memory.startedAt ?? 0) > forgiveMs));
      if (isFine && memory.failures !== undefined)
        this.#memory.remember(service.name, { failures: undefined, retryAt: undefined, lastError: undefined });
    }
  }

  #launch(now: number, busyBefore: ReadonlyMap<string, string>): void {
    const open = new Set(this.#plan.steps.map(({ id }) => id));
    for (const step of this.#plan.steps) {
      if (step.waitsFor.length > 0 || step.after.some((id) => open.has(id))) continue;
      if ((step.notBefore !== undefined && step.notBefore > now) || this.#runner.has(step.subject)) continue;
      // What was under way during the look is done by now: this part of the plan may be about the past.
      if (busyBefore.has(step.subject)) this.wake();
      else this.#runner.launch(step, this.#signal);
    }
  }

  #emit(event: StepEvent): void {
    for (const listener of [...this.#stepListeners]) listener(event);
  }
}

const resourceKinds: ReadonlySet<string> = new Set(['pull-image', 'create-network', 'remove-network', 'create-volume']);

function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}
