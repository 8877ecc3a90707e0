import { setImmediate } from 'node:timers/promises';
import type { Clock } from '../core/clock.ts';
import { highestCost } from '../core/plan.ts';
import { systemEngineSettings } from '../engine/engine-settings.ts';
import type { FreshLook } from '../services/lookout.ts';
import type { Desired } from '../services/model.ts';
import type { StepRecorder } from '../services/ports.ts';
import type { ServiceReconciler } from '../services/service-reconciler.ts';
import type { ApplyOptions, ApplyRequest } from './agent-service.ts';
import type { Declaration, Prepared } from './declaration.ts';
import { declareServices } from './declare-services.ts';
import { type EngineStep, engineKeys, planEngine } from './engine-plan.ts';
import { configureEngine } from './engine-restart.ts';
import type { EngineSet } from './engine-set.ts';
import { type KeyFacts, reportKeys } from './key-report.ts';
import type { Machine } from './machine.ts';
import type { ApplyEvent, PlanReport } from './model.ts';
import { applyEvent, shownStep } from './shown-steps.ts';

export interface ApplicationsDependencies {
  readonly machine: Machine;
  readonly engines: EngineSet;
  readonly reconciler: ServiceReconciler;
  readonly declaration: Declaration;
  readonly recorder: StepRecorder;
  readonly clock: Clock;
  /** Called with what is declared before any of its services may run. */
  readonly beforeServices: (desired: Desired) => Promise<void>;
}

interface Working {
  readonly prepared: Prepared;
  readonly looking: Promise<FreshLook>;
}

/** Plans configs and makes them the declared state, one at a time: the machine, then the engines, then the services. */
export class Applications {
  readonly #deps: ApplicationsDependencies;
  #applying: Promise<unknown> = Promise.resolve();

  constructor(deps: ApplicationsDependencies) {
    this.#deps = deps;
  }

  /** What applying would do. Changes nothing. Throws CONFIG_INVALID. */
  async plan(request: ApplyRequest): Promise<PlanReport> {
    return this.#planReport(await this.#prepare(request));
  }

  /** Declares what is requested, and reports until it is as declared. Throws CONFIG_INVALID before the first event. */
  async apply(
    request: ApplyRequest,
    options: ApplyOptions,
    onEvent: (event: ApplyEvent) => void,
    signal: AbortSignal,
  ): Promise<void> {
    const { reconciler, declaration } = this.#deps;
    let finish = (): void => undefined;
    const unsubscribe = reconciler.onStep((event) => onEvent(applyEvent(event)));
    try {
      const before = this.#applying;
      this.#applying = new Promise<void>((resolve) => (finish = resolve));
      await before;
      const { generation, facts } = await this.#declare(request, options, onEvent);
      // What is declared may be superseded while this one waits.
      finish();
      const settled = options.wait ? await reconciler.settled(options.timeoutMs, signal) : 'converged';
      await declaration.settled();
      const services = reconciler.statuses();
      const keys = reportKeys({ ...facts, services });
      const isWhole = settled === 'converged' && !keys.some(({ outcome }) => outcome === 'failed');
      onEvent({ kind: 'result', outcome: isWhole ? 'converged' : 'incomplete', keys, services, generation });
    } finally {
      finish();
      unsubscribe();
    }
  }

  async #declare(
    request: ApplyRequest,
    { destroy, provisional = false }: ApplyOptions,
    onEvent: (event: ApplyEvent) => void,
  ): Promise<{ readonly generation: number; readonly facts: Omit<KeyFacts, 'services'> }> {
    const { machine, engines, reconciler, declaration, beforeServices } = this.#deps;
    const working = await this.#prepare(request);
    const { prepared } = working;
    const [plan, generation] = await Promise.all([this.#planReport(working, destroy), this.#store(prepared)]);
    onEvent({ kind: 'plan', plan, generation });
    const previous = declaration.config;
    declaration.take(prepared, generation);
    const { config, changes, kept, parsed } = prepared;
    const bringOptions = { previous, provisional, ...(destroy === undefined ? {} : { destroy }) };
    const onMachine = await machine.bring(config, bringOptions, onEvent);
    const refused = await this.#configureEngine(prepared, onEvent);
    await beforeServices(prepared.desired);
    declareServices(engines, reconciler, prepared.desired, prepared.change);
    const { diagnostics } = parsed;
    const skipped = machine.skipped(config);
    const facts = { config, changes, skipped, diagnostics, kept, onMachine };
    return { generation, facts: refused === undefined ? facts : { ...facts, refused } };
  }

  /** Stores the generation. What references are to stand for again is noted before that: a crash between the two loses nothing. */
  async #store(prepared: Prepared): Promise<number> {
    const { reconciler, declaration, clock } = this.#deps;
    const returns = prepared.change.imageReturns ?? {};
    await reconciler.returnImages(returns);
    try {
      return await declaration.store(prepared, new Date(clock.now()).toISOString());
    } catch (error) {
      await reconciler.returnImages(Object.fromEntries(Object.keys(returns).map((name) => [name, undefined])));
      throw error;
    }
  }

  /** Works a request out while the engines are looked at. Throws CONFIG_INVALID. */
  async #prepare(request: ApplyRequest): Promise<Working> {
    const { reconciler, declaration } = this.#deps;
    const looking = reconciler.startLook();
    // Lets the question go out before this thread is busy with the config.
    await setImmediate();
    return { prepared: declaration.prepare(request, reconciler.desired), looking };
  }

  async #planReport({ prepared, looking }: Working, destroy: readonly string[] = []): Promise<PlanReport> {
    const { machine, reconciler, declaration } = this.#deps;
    const { desired, change, parsed, config } = prepared;
    const [onMachine, services] = await Promise.all([
      machine.plan(config, { previous: declaration.config, destroy }),
      reconciler.planFor(desired, change, looking),
    ]);
    const steps = [...onMachine.steps, ...this.#engineSteps(prepared), ...services.steps];
    return {
      steps: steps.map(shownStep),
      skipped: [...machine.skipped(config), ...onMachine.skipped],
      diagnostics: parsed.diagnostics,
      cost: highestCost(steps) ?? null,
    };
  }

  #engineSteps({ config, changes }: Prepared): EngineStep[] {
    return planEngine(this.#deps.engines.systemSettings, systemEngineSettings(config), changes);
  }

  /** Before the services: what they run on. @returns what the system engine did not take. */
  async #configureEngine(
    prepared: Prepared,
    onEvent: (event: ApplyEvent) => void,
  ): Promise<KeyFacts['refused'] | undefined> {
    const { engines, recorder, clock, declaration } = this.#deps;
    const dependencies = { engines, recorder, clock, redact: (text: string) => declaration.redact(text) };
    const [step] = this.#engineSteps(prepared);
    const why = await configureEngine(systemEngineSettings(prepared.config), step, dependencies, onEvent);
    return why === undefined ? undefined : { keys: engineKeys(prepared.changes), why };
  }
}
