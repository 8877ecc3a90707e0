import type { EngineName } from '../config/service-spec.ts';
import type { Clock } from '../core/clock.ts';
import { BerthError } from '../core/errors.ts';
import type { EngineEvent } from '../engine/container-engine.ts';
import { type ImageSource, StepExecutor } from './executor.ts';
import type { LaneLimits } from './lanes.ts';
import type { Lookout } from './lookout.ts';
import type { MemoryKeeper } from './memory-keeper.ts';
import type { Desired } from './model.ts';
import type { EngineHandle } from './observe.ts';
import type { StepRecorder } from './ports.ts';
import { busyDebounceMs, debounceMs } from './rounds.ts';
import { type StepEvent, StepRunner } from './step-runner.ts';
import { imageKinds, type ServiceStep, type ServiceStepKind } from './steps.ts';

export interface StepLauncherDependencies {
  readonly instance: string;
  readonly engines: readonly EngineHandle[];
  readonly images: ImageSource;
  readonly recorder: StepRecorder;
  readonly memory: MemoryKeeper;
  readonly clock: Clock;
  readonly random: () => number;
  readonly lanes: LaneLimits;
  readonly lookout: Lookout;
  /** What is declared now. */
  readonly desired: () => Desired;
  /** Look again within so many milliseconds; absent: soon. */
  readonly wake: (afterMs?: number) => void;
}

const resourceKinds: ReadonlySet<ServiceStepKind> = new Set([
  ...imageKinds,
  'create-network',
  'remove-network',
  'create-volume',
]);

/** A container's end takes as long as its grace, a start on a slow machine seconds; what takes longer must not keep an engine as it is. */
export const quietPatienceMs = 60_000;

/** Begins what a plan says can be done now, and tells when its end calls for another look. */
export class StepLauncher {
  readonly #deps: StepLauncherDependencies;
  readonly #runner: StepRunner;
  readonly #listeners = new Set<(event: StepEvent) => void>();
  /** Services to which something happened while a step of theirs was under way. */
  readonly #touched = new Set<string>();
  /** Engines on which nothing is begun now: for how many reasons. */
  readonly #quiet = new Map<EngineName, number>();
  /** The plan that was launched last. */
  #steps: readonly ServiceStep[] = [];

  constructor(deps: StepLauncherDependencies) {
    this.#deps = deps;
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
      memory: deps.memory,
      recorder: deps.recorder,
      clock: deps.clock,
      random: deps.random,
      lanes: deps.lanes,
      desired: deps.desired,
      onEvent: (event) => this.#emit(event),
      onFinished: (step, isFailed) => this.#onFinished(step, isFailed),
    });
  }

  /** How many steps are under way. */
  get size(): number {
    return this.#runner.size;
  }

  /** Kind of the step under way, by subject. */
  get subjects(): ReadonlyMap<string, string> {
    return this.#runner.subjects;
  }

  /** @param busyBefore what was under way when the look behind the plan began. */
  launch(
    steps: readonly ServiceStep[],
    now: number,
    busyBefore: ReadonlyMap<string, string>,
    signal: AbortSignal,
  ): void {
    this.#steps = steps;
    const open = new Set(steps.map(({ id }) => id));
    for (const step of steps) {
      if (step.waitsFor.length > 0 || step.after.some((id) => open.has(id)) || this.#quiet.has(step.engine)) continue;
      if ((step.notBefore !== undefined && step.notBefore > now) || this.#runner.has(step.subject)) continue;
      // What was under way during the look is done by now: this part of the plan may be about the past.
      if (busyBefore.has(step.subject)) this.#deps.wake();
      else this.#runner.launch(step, signal);
    }
  }

  /** Something happened to a container of a service. */
  noteContainer(service: string, { action }: EngineEvent): void {
    const subject = `service/${service}`;
    if (!this.#runner.has(subject)) {
      this.#deps.wake();
      return;
    }
    // Our own starts and stops need no second look; a death or a change of health is looked at when the step is done.
    if (action === 'die' || action === 'health_status') this.#touched.add(subject);
  }

  /** Breaks off the pulls for services that are no longer as they were. */
  abortPulls(desired: Desired): void {
    this.#runner.abort(
      (step) => step.kind === 'pull-image' && desired.services.get(step.service.name)?.digest !== step.service.digest,
      new BerthError('CANCELLED', 'the configuration changed'),
    );
  }

  /**
   * Does `work` while no step is under way on an engine: begins none from now on, and lets those that are end, for a minute
   * at most. Pulls are broken off: they go on from where they were, and may hang for just what `work` is about to mend.
   */
  async whileQuiet<Result>(engine: EngineName, work: () => Promise<Result>): Promise<Result> {
    this.#quiet.set(engine, (this.#quiet.get(engine) ?? 0) + 1);
    const enough = new AbortController();
    try {
      this.#runner.abort(
        (step) => step.kind === 'pull-image' && step.engine === engine,
        new BerthError('CANCELLED', `the ${engine} engine restarts`),
      );
      await Promise.race([
        this.#runner.drained(engine),
        this.#deps.clock.sleep(quietPatienceMs, enough.signal).catch(() => undefined),
      ]);
      enough.abort();
      return await work();
    } finally {
      const others = (this.#quiet.get(engine) ?? 1) - 1;
      if (others > 0) this.#quiet.set(engine, others);
      else this.#quiet.delete(engine);
      this.#deps.wake(0);
    }
  }

  /** Resolves when nothing is under way. */
  async drained(): Promise<void> {
    await this.#runner.drained();
  }

  /** @returns a function that ends it. */
  onStep(listener: (event: StepEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #onFinished(step: ServiceStep, isFailed: boolean): void {
    const { lookout, wake } = this.#deps;
    const service = resourceKinds.has(step.kind) ? undefined : serviceOf(step);
    if (service === undefined || isFailed) lookout.outdateAll(step.engine);
    else lookout.outdate(service);
    const isTouched = this.#touched.delete(step.subject);
    if (this.#runner.size === 0) {
      wake(isFailed ? debounceMs : 0);
      return;
    }
    // With nothing left waiting for it, one look when the last is done is enough.
    const isAwaited = this.#steps.some(
      ({ after, waitsFor, subject, id }) =>
        waitsFor.length > 0 || after.includes(step.id) || (subject === step.subject && id !== step.id),
    );
    if (isAwaited || isFailed || isTouched) wake(busyDebounceMs);
  }

  #emit(event: StepEvent): void {
    for (const listener of [...this.#listeners]) listener(event);
  }
}

/** The service whose containers a step changes. */
function serviceOf(step: ServiceStep): string | undefined {
  if ('service' in step) return step.service.name;
  return 'container' in step ? step.container.service : undefined;
}
