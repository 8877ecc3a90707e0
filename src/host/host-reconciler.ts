import { isDeepStrictEqual } from 'node:util';
import { emptyHostConfig, type HostConfig } from '../config/host-config.ts';
import type { Clock } from '../core/clock.ts';
import { messageOf } from '../core/errors.ts';
import type { FinishedStep, KeyReport } from '../core/plan.ts';
import { HostExecutor } from './executor.ts';
import { observeHost } from './observe.ts';
import { planHost } from './plan.ts';
import type { HostPorts } from './ports.ts';
import type { HostPlanOptions } from './resource.ts';
import type { BlockedChange, HostPlan, HostStep } from './step.ts';

/** Some things can only be seen once others are done: what is on an array, after it was assembled. */
const maxRounds = 4;

/** A step as it happens. Durations are milliseconds. */
export type HostStepEvent =
  | { readonly kind: 'started'; readonly step: HostStep }
  | { readonly kind: 'finished'; readonly step: HostStep; readonly durationMs: number; readonly error?: string };

export interface HostReconcilerDependencies {
  readonly ports: HostPorts;
  readonly clock: Clock;
  /** Where finished steps go. Must not block. */
  readonly recorder: { record(step: FinishedStep & { readonly at: number }): void };
}

export interface HostReconcileOptions extends HostPlanOptions {
  /**
   * `early`: only what does not need the network; what does is left over. `offline`: also what a config has the host run late,
   * which is not held back for ever by a network that does not come.
   */
  readonly phase: 'early' | 'offline' | 'all';
  readonly onStep?: (event: HostStepEvent) => void;
  /** The steps that count; the others are not looked at. Absent: all of them. */
  readonly only?: (step: HostStep) => boolean;
  /** False for a failure that is not worth an entry: one that is in the ledger already. Absent: each is recorded. */
  readonly isNews?: (step: HostStep, error: string) => boolean;
}

export interface FailedStep {
  readonly step: HostStep;
  readonly error: string;
}

/** What came of bringing the machine to what a config says. */
export interface HostOutcome {
  readonly done: readonly HostStep[];
  readonly failed: readonly FailedStep[];
  /** Not tried: they need the network, or a step that failed. */
  readonly left: readonly HostStep[];
  readonly blocked: readonly BlockedChange[];
}

/** Brings the machine's own resources to what is declared: looks, plans, does, and looks again until nothing is left. */
export class HostReconciler {
  readonly #deps: HostReconcilerDependencies;
  readonly #executor: HostExecutor;

  constructor(deps: HostReconcilerDependencies) {
    this.#deps = deps;
    this.#executor = new HostExecutor(deps.ports, deps.clock);
  }

  /** What {@link reconcile} would do first. Changes nothing. */
  async plan(config: HostConfig, options: HostPlanOptions = {}): Promise<HostPlan> {
    const observed = await observeHost(config, this.#deps.ports, options.previous ?? emptyHostConfig);
    return planHost(config, observed, options);
  }

  /** A failed step stops only those that need it. Throws when the signal aborts, or the host cannot be looked at. */
  async reconcile(config: HostConfig, options: HostReconcileOptions, signal: AbortSignal): Promise<HostOutcome> {
    const done: HostStep[] = [];
    const failed = new Map<string, FailedStep>();
    for (let round = 1; ; round += 1) {
      const plan = await this.plan(config, options);
      // What was done and is asked for again as it was would never end: once was enough.
      const isOver = (step: HostStep): boolean =>
        failed.has(step.id) || done.some((one) => isDeepStrictEqual(one, step));
      const left = plan.steps.filter((step) => !isOver(step) && options.only?.(step) !== false);
      const next = await this.#run(left, options, failed, signal);
      done.push(...next);
      if (next.length === 0 || round === maxRounds) {
        const isOpen = ({ id }: HostStep): boolean => !failed.has(id) && !next.some((step) => step.id === id);
        return { done, failed: [...failed.values()], left: left.filter(isOpen), blocked: plan.blocked };
      }
    }
  }

  async #run(
    steps: readonly HostStep[],
    { phase, onStep, isNews }: HostReconcileOptions,
    failed: Map<string, FailedStep>,
    signal: AbortSignal,
  ): Promise<HostStep[]> {
    const done: HostStep[] = [];
    const open = new Set<string>();
    for (const step of steps) {
      const waits = step.after.some((id) => failed.has(id) || open.has(id));
      const needsNetwork = step.phase === 'online' && !(phase === 'offline' && step.kind === 'run-task');
      if (waits || (phase !== 'all' && needsNetwork)) {
        open.add(step.id);
        continue;
      }
      const error = await this.#execute(step, { onStep, isNews }, signal);
      if (error === undefined) done.push(step);
      else failed.set(step.id, { step, error });
    }
    return done;
  }

  async #execute(
    step: HostStep,
    { onStep, isNews }: { [K in 'onStep' | 'isNews']: HostReconcileOptions[K] | undefined },
    signal: AbortSignal,
  ): Promise<string | undefined> {
    onStep?.({ kind: 'started', step });
    const startedAt = this.#deps.clock.now();
    let error: string | undefined;
    try {
      await this.#executor.execute(step, signal);
    } catch (thrown) {
      signal.throwIfAborted();
      error = messageOf(thrown);
    }
    const at = this.#deps.clock.now();
    const { kind, subject, cost, reason, summary } = step;
    const outcome = error === undefined ? 'done' : 'failed';
    const result = { durationMs: at - startedAt, ...(error === undefined ? {} : { error }) };
    if (error === undefined || isNews?.(step, error) !== false)
      this.#deps.recorder.record({ at, kind, subject, cost, reason, summary, outcome, ...result });
    onStep?.({ kind: 'finished', step, ...result });
    return error;
  }
}

/** What became of the keys that are about the machine itself; keys that are as declared are not in it. Pure. */
export function reportHostKeys({ failed, left, blocked }: HostOutcome): KeyReport[] {
  const reports = new Map<string, KeyReport>();
  for (const { key, why, until, hint } of blocked) {
    const isWaiting = until === 'device' || until === 'boot';
    const text = hint === undefined ? why : `${why}: ${hint}`;
    reports.set(key, { key, outcome: isWaiting ? 'pending' : 'skipped', why: text });
  }
  for (const { key, summary, phase } of left) {
    const why =
      phase === 'online' ? `${summary}: once the network is there` : `${summary}: waits for a step that failed`;
    reports.set(key, { key, outcome: 'pending', why });
  }
  for (const { step, error } of failed) {
    // The host is fine without an optional one.
    const outcome = step.optional ? 'skipped' : 'failed';
    reports.set(step.key, { key: step.key, outcome, why: `${step.summary}: ${error}` });
  }
  return [...reports.values()];
}
