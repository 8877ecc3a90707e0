import type { EngineName } from '../config/service-spec.ts';
import type { Clock } from '../core/clock.ts';
import { messageOf } from '../core/errors.ts';
import { backoffMs } from './backoff.ts';
import type { Remembered, StepExecutor } from './executor.ts';
import type { LaneLimits } from './lanes.ts';
import { Lanes } from './lanes.ts';
import type { MemoryKeeper } from './memory-keeper.ts';
import type { Desired, DesiredService } from './model.ts';
import type { StepRecorder } from './ports.ts';
import { aboutService, imageKinds, memoryKeyOf, type ServiceStep } from './steps.ts';

export type StepEvent =
  | { readonly kind: 'step-started'; readonly step: ServiceStep }
  | { readonly kind: 'step-progress'; readonly id: string; readonly fraction: number }
  | { readonly kind: 'step-done'; readonly id: string; readonly durationMs: number }
  | { readonly kind: 'step-failed'; readonly id: string; readonly error: string; readonly retryAt: number | undefined };

export interface StepRunnerDependencies {
  readonly executor: StepExecutor;
  readonly memory: MemoryKeeper;
  readonly recorder: StepRecorder;
  readonly clock: Clock;
  readonly random: () => number;
  readonly lanes: LaneLimits;
  /** What is declared now, to restart dependents. */
  readonly desired: () => Desired;
  readonly onEvent: (event: StepEvent) => void;
  /** A step is over, well or not; `others` is false when nothing was waiting for it. */
  readonly onFinished: (step: ServiceStep, isFailed: boolean) => void;
}

/** Carries steps out beside each other, one a subject at a time, and keeps the books: memory, ledger, events. */
export class StepRunner {
  readonly #deps: StepRunnerDependencies;
  readonly #lanes: Lanes;
  readonly #inFlight = new Map<string, { readonly step: ServiceStep; readonly abort: AbortController }>();
  readonly #running = new Set<{ readonly engine: EngineName; readonly work: Promise<void> }>();

  constructor(deps: StepRunnerDependencies) {
    this.#deps = deps;
    this.#lanes = new Lanes(deps.lanes);
  }

  get size(): number {
    return this.#inFlight.size;
  }

  /** Kind of the step under way, by subject. */
  get subjects(): ReadonlyMap<string, string> {
    return new Map([...this.#inFlight].map(([subject, { step }]) => [subject, step.kind]));
  }

  has(subject: string): boolean {
    return this.#inFlight.has(subject);
  }

  /** Begins a step; the caller has made sure that its subject is free. */
  launch(step: ServiceStep, signal: AbortSignal): void {
    const abort = new AbortController();
    this.#inFlight.set(step.subject, { step, abort });
    let isFailed = false;
    const work = this.#lanes
      .run(laneOf(step), async () => {
        isFailed = !(await this.#run(step, AbortSignal.any([abort.signal, signal])));
      })
      .finally(() => {
        this.#inFlight.delete(step.subject);
        this.#running.delete(running);
        this.#deps.onFinished(step, isFailed);
      });
    const running = { engine: step.engine, work };
    this.#running.add(running);
  }

  /** Breaks off the steps for which this is true. */
  abort(isObsolete: (step: ServiceStep) => boolean, reason: Error): void {
    for (const { step, abort } of this.#inFlight.values()) if (isObsolete(step)) abort.abort(reason);
  }

  /** Resolves when nothing of what is under way now is any more, on one engine or on all. */
  async drained(engine?: EngineName): Promise<void> {
    const awaited = [...this.#running].filter((one) => engine === undefined || one.engine === engine);
    await Promise.allSettled(awaited.map(({ work }) => work));
  }

  /** @returns false when it failed. */
  async #run(step: ServiceStep, signal: AbortSignal): Promise<boolean> {
    if (signal.aborted) return true;
    const started = performance.now();
    const name = memoryKeyOf(step);
    this.#deps.onEvent({ kind: 'step-started', step });
    try {
      await this.#rememberRejection(step);
      const remembered = await this.#deps.executor.run(step, signal);
      this.#afterDone(name, step, remembered);
      const durationMs = Math.round(performance.now() - started);
      this.#record(step, 'done', durationMs);
      this.#deps.onEvent({ kind: 'step-done', id: step.id, durationMs });
      return true;
    } catch (error) {
      // Told to stop: what is half done is found again by the next look.
      if (isAborted(signal)) return true;
      const durationMs = Math.round(performance.now() - started);
      const message = messageOf(error);
      const retryAt = this.#afterFailure(name, step, message);
      this.#record(step, 'failed', durationMs, message);
      this.#deps.onEvent({ kind: 'step-failed', id: step.id, error: message, retryAt });
      return false;
    }
  }

  /** Durable before the step that acts on it: a crash in between must not try the bad version again. */
  async #rememberRejection(step: ServiceStep): Promise<void> {
    if (step.kind !== 'restore-service' && step.kind !== 'discard-container') return;
    if (step.rejects === undefined) return;
    const name =
      step.kind === 'restore-service' ? step.service.name : (step.rejects as { readonly service: string }).service;
    const { version, why } = step.rejects;
    const rejected = [...(this.#deps.memory.of(name).rejected ?? []).slice(-9), { version, why }];
    this.#deps.memory.remember(name, { rejected });
    await this.#deps.memory.flush();
  }

  #afterDone(name: string, step: ServiceStep, remembered: Remembered): void {
    if (!aboutService(step)) {
      // Of networks, volumes and leftovers only trouble is remembered.
      this.#deps.memory.forget(name);
      return;
    }
    const memory = this.#deps.memory.of(name);
    const isRepair = step.reason.kind === 'exited' || step.reason.kind === 'health';
    if (isRepair) {
      const failures = (memory.failures ?? 0) + 1;
      const retryAt = this.#deps.clock.now() + backoffMs(failures, this.#deps.random);
      this.#deps.memory.remember(name, { ...remembered, failures, restarts: (memory.restarts ?? 0) + 1, retryAt });
    } else {
      const isOver = !imageKinds.has(step.kind);
      this.#deps.memory.remember(
        name,
        isOver ? { ...remembered, retryAt: undefined, lastError: undefined, failedStep: undefined } : remembered,
      );
    }
    if (restartingKinds.has(step.kind)) this.#restartDependents(name, step);
  }

  #restartDependents(name: string, step: ServiceStep): void {
    for (const dependent of this.#deps.desired().services.values()) {
      if (!dependent.conditions.some(({ service, restart }) => restart && service === name)) continue;
      this.#deps.memory.remember(dependent.name, {
        restart: { kind: 'dependency', service: name, cause: step.reason },
        restartAskedAt: this.#deps.clock.now(),
      });
    }
  }

  #afterFailure(name: string, { kind: failedStep }: ServiceStep, message: string): number {
    const failures = (this.#deps.memory.of(name).failures ?? 0) + 1;
    const retryAt = this.#deps.clock.now() + backoffMs(failures, this.#deps.random);
    this.#deps.memory.remember(name, { failures, retryAt, lastError: message, failedStep });
    return retryAt;
  }

  #record(step: ServiceStep, outcome: 'done' | 'failed', durationMs: number, error?: string): void {
    const { kind, subject, cost, reason, summary } = step;
    const at = this.#deps.clock.now();
    this.#deps.recorder.record({
      at,
      kind,
      subject,
      cost,
      reason,
      summary,
      outcome,
      durationMs,
      ...(error === undefined ? {} : { error }),
    });
  }
}

const restartingKinds: ReadonlySet<string> = new Set([
  'replace-service',
  'restart-service',
  'promote-next',
  'restore-service',
]);

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
    case 'return-image':
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
