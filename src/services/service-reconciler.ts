import type { EngineName } from '../config/service-spec.ts';
import type { Clock } from '../core/clock.ts';
import type { AbsentMount } from './absent-mounts.ts';
import type { ImageSource, Remembered } from './executor.ts';
import { endedReturns, lostReturn } from './image-returns.ts';
import { defaultLanes, type LaneLimits } from './lanes.ts';
import { type FreshLook, Lookout } from './lookout.ts';
import { MemoryKeeper, noFailures } from './memory-keeper.ts';
import type { Desired, DesiredChange, ImageReturn, Memory, Observed } from './model.ts';
import type { EngineHandle } from './observe.ts';
import { planServices, type ServicePlan } from './plan/plan-services.ts';
import type { MemoryStore, StepRecorder } from './ports.ts';
import { nextDue, takeNotes } from './round-notes.ts';
import { busyDebounceMs, debounceMs, Rounds } from './rounds.ts';
import { ScheduleTimer } from './schedule-timer.ts';
import { verdictOf } from './settled.ts';
import type { ServiceStatus } from './status.ts';
import { serviceStatuses } from './status-of.ts';
import { StepLauncher } from './step-launcher.ts';
import type { StepEvent } from './step-runner.ts';
import type { ServiceStep } from './steps.ts';

export interface ServiceReconcilerDependencies {
  readonly instance: string;
  readonly engines: readonly EngineHandle[];
  readonly images: ImageSource;
  readonly recorder: StepRecorder;
  readonly memory: MemoryStore;
  readonly clock: Clock;
  readonly random: () => number;
  readonly lanes?: LaneLimits;
  /** What is declared to be mounted on this host and is not, now. Who sees that change wakes this. */
  readonly absentMounts?: () => readonly AbsentMount[];
  /** Called when an engine stops or starts answering. */
  readonly onEngine?: (name: EngineName, isUp: boolean, why: string) => void;
  /** Called after every round that looked at the engines. */
  readonly onRound?: () => void;
}

const nothingDesired: Desired = { services: new Map(), networks: [], volumes: [] };
const resyncMs = 60_000;
/** When to look again at a list that is behind the events. */
const staleMs = 50;

/**
 * Keeps services as declared. Level-triggered: every round observes, plans and launches what can be done now; events,
 * finished steps and timers only say "look again". A service has at most one step under way.
 */
export class ServiceReconciler {
  readonly #deps: ServiceReconcilerDependencies;
  readonly #memory: MemoryKeeper;
  readonly #lookout: Lookout;
  readonly #launcher: StepLauncher;
  readonly #rounds: Rounds;
  readonly #schedules = new ScheduleTimer(() => this.wake(0));
  readonly #bootedAt: number;
  #desired: Desired = nothingDesired;
  #removals: DesiredChange['removals'] = {};
  #declaredAt = 0;
  /** Nothing is declared yet: looking is allowed, doing is not. */
  #isUndeclared = true;
  #observed: Observed = { engines: {} };
  #plan: ServicePlan = { steps: [] };
  #isBooting = true;
  #signal: AbortSignal = AbortSignal.abort();
  #lastRound: { readonly at: number; readonly durationMs: number } | undefined;

  constructor(deps: ServiceReconcilerDependencies) {
    this.#deps = deps;
    this.#bootedAt = deps.clock.now();
    this.#memory = new MemoryKeeper(deps.memory, deps.clock);
    this.#rounds = new Rounds({
      round: () => this.#round(),
      onRound: () => deps.onRound?.(),
      onOverlap: () => this.wake(),
    });
    this.#lookout = new Lookout({
      ...deps,
      busy: () => this.#launcher.subjects,
      onEngine: (name, isUp, why) => deps.onEngine?.(name, isUp, why),
      onResources: () => this.wake(),
      onContainer: (service, event) => this.#launcher.noteContainer(service, event),
    });
    this.#launcher = new StepLauncher({
      ...deps,
      memory: this.#memory,
      lanes: deps.lanes ?? defaultLanes,
      lookout: this.#lookout,
      desired: () => this.#desired,
      wake: (afterMs) => this.wake(afterMs),
    });
  }

  /** Reads what was remembered. To be called once, before anything else. */
  async load(): Promise<void> {
    await this.#memory.load();
  }

  /** Runs until the signal aborts; then waits for the steps under way and saves what is remembered. */
  async run(signal: AbortSignal): Promise<void> {
    this.#signal = signal;
    await this.#lookout.watch(signal);
    this.#rounds.cancel();
    this.#schedules.arm(undefined);
    await this.#rounds.drained();
    await this.#launcher.drained();
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
      const imageReturn = change.imageReturns?.[name];
      this.#memory.remember(name, { cause, ...noFailures, restarts: undefined, imageReturn });
    }
    if (!keepMemory) for (const name of Object.keys(change.removals)) this.#memory.forget(name);
    this.#launcher.abortPulls(desired);
    this.wake(0);
  }

  /**
   * Has references stand for the images that they stood for, by service; undefined takes the wish back. To be called before what
   * is returned to is declared. Durable when it resolves, unless the disk is full: that keeps no host from going back.
   */
  async returnImages(wishes: Readonly<Record<string, ImageReturn | undefined>>): Promise<void> {
    const entries = Object.entries(wishes);
    // Most configs return to nothing: no save for them.
    if (entries.length === 0) return;
    for (const [name, imageReturn] of entries) this.#memory.remember(name, { imageReturn });
    await this.#memory.flush().catch(() => undefined);
  }

  /** Begins to look at the engines for a plan, so that a caller can work out what is desired meanwhile. */
  async startLook(signal?: AbortSignal): Promise<FreshLook> {
    return await this.#lookout.look(signal);
  }

  /** What would be done for `desired`, from what a look just saw. Changes nothing. */
  async planFor(
    desired: Desired,
    change: DesiredChange,
    looking: Promise<FreshLook> = this.startLook(),
  ): Promise<ServicePlan> {
    const look = await looking;
    this.#lookout.keep(look);
    const memory: Record<string, object> = { ...this.#memory.all };
    for (const [name, cause] of Object.entries(change.causes))
      memory[name] = { ...memory[name], cause, retryAt: undefined };
    for (const [name, imageReturn] of Object.entries(change.imageReturns ?? {}))
      memory[name] = { ...memory[name], imageReturn };
    const now = this.#deps.clock.now();
    const { removals } = change;
    return planServices({
      ...{ desired, observed: look.observed, memory, now, declaredAt: now, booting: false, removals },
      absentMounts: this.#absentMounts,
    });
  }

  /** Look again soon. */
  wake(afterMs: number = this.#launcher.size > 0 ? busyDebounceMs : debounceMs): void {
    this.#rounds.wake(afterMs);
  }

  /** One round now. @returns how long it took and how many steps its plan had. */
  async reconcile(): Promise<{ durationMs: number; steps: number }> {
    await this.#rounds.drained();
    const started = performance.now();
    await this.#rounds.start();
    return { durationMs: performance.now() - started, steps: this.#plan.steps.length };
  }

  /** Does `work`, which disturbs an engine, while no step is under way there; bounded. */
  async whileQuiet<Result>(engine: EngineName, work: () => Promise<Result>): Promise<Result> {
    return await this.#launcher.whileQuiet(engine, work);
  }

  /** Somebody saw that an engine answers. */
  engineCameUp(engine: EngineName): void {
    this.#lookout.engineCameUp(engine);
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
      inFlight: this.#launcher.subjects,
      now: this.#deps.clock.now(),
      absentMounts: this.#absentMounts,
    });
  }

  /** @returns a function that ends it. */
  onStep(listener: (event: StepEvent) => void): () => void {
    return this.#launcher.onStep(listener);
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
      const isBusy = this.#launcher.size > 0 || this.#rounds.isUnderWay || this.#lastRound === before;
      const verdict = isBusy ? undefined : this.#verdict();
      if (verdict !== undefined) return verdict;
      const remaining = deadline - this.#deps.clock.now();
      if (remaining <= 0) return 'incomplete';
      signal.throwIfAborted();
      await this.#rounds.next(Math.min(remaining, 1000));
    }
  }

  /** Forgets which references were to have their images back, where they have, and tells where they cannot. */
  #endReturns(now: number): void {
    for (const ended of endedReturns(this.#desired, this.#observed, this.#memory.all)) {
      if (ended.isLost) this.#deps.recorder.record(lostReturn(ended, now));
      this.#memory.remember(ended.service.name, { imageReturn: undefined });
    }
  }

  get #absentMounts(): readonly AbsentMount[] {
    return this.#deps.absentMounts?.() ?? [];
  }

  #verdict(): 'converged' | 'incomplete' | undefined {
    if (this.#plan.steps.some(({ waitsFor, notBefore }) => waitsFor.length === 0 && notBefore === undefined))
      return undefined;
    return verdictOf(this.statuses(), this.#memory.all, this.#desired);
  }

  async #round(): Promise<void> {
    if (this.#signal.aborted) return;
    const started = performance.now();
    const { observed, busy } = await this.#lookout.freshLook(this.#signal);
    this.#observed = observed;
    if (this.#isUndeclared || isAborted(this.#signal)) return;
    const now = this.#deps.clock.now();
    takeNotes(this.#desired, observed, this.#memory, now);
    this.#endReturns(now);
    this.#plan = planServices({
      desired: this.#desired,
      observed,
      memory: this.#memory.all,
      now,
      booting: this.#isBooting,
      bootedAt: this.#bootedAt,
      declaredAt: this.#declaredAt,
      removals: this.#removals,
      absentMounts: this.#absentMounts,
    });
    this.#launcher.launch(this.#plan.steps, now, busy, this.#signal);
    if (this.#plan.steps.length === 0 && this.#launcher.size === 0) this.#isBooting = false;
    this.#lastRound = { at: now, durationMs: performance.now() - started };
    this.#schedules.arm(nextDue(this.#desired, now));
    if (this.#lookout.isBehind(observed, now)) this.wake(staleMs);
    this.wake(Math.min(resyncMs, Math.max((this.#plan.wakeAt ?? Number.POSITIVE_INFINITY) - now, debounceMs)));
  }
}

function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}
