import type { HostConfig } from '../../src/config/host-config.ts';
import { emptyHostConfig } from '../../src/config/host-config.ts';
import type { ComposeModel, ServiceSpec } from '../../src/config/service-spec.ts';
import { BerthError } from '../../src/core/errors.ts';
import type { AbsentMount } from '../../src/services/absent-mounts.ts';
import type { DesiredContext } from '../../src/services/desired/context.ts';
import { desiredServices } from '../../src/services/desired.ts';
import { type Remembered, StepExecutor } from '../../src/services/executor.ts';
import type { Desired, Memory, ServiceMemory } from '../../src/services/model.ts';
import { EngineObserver } from '../../src/services/observe.ts';
import { type PlanInput, planServices, type ServicePlan } from '../../src/services/plan/plan-services.ts';
import { memoryKeyOf, type ServiceStep } from '../../src/services/steps.ts';
import { FakeEngine } from '../fakes/fake-engine.ts';

const emptyModel: ComposeModel = { services: {}, networks: {}, volumes: {}, secrets: {}, configs: {} };

/** A host config with these services and nothing else. */
export function configOf(services: Record<string, ServiceSpec>, more: Partial<ComposeModel> = {}): HostConfig {
  return { ...emptyHostConfig, compose: { ...emptyModel, ...more, services } };
}

export const context: DesiredContext = {
  instance: 'berth',
  filesDirectory: '/nowhere',
  catalogue: new Map(),
  userEngineIsService: false,
  overlay: { enabled: [], disabled: [] },
  environment: {},
};

/**
 * A host in memory: the real planner and the real executor on engines that behave like Docker, one step at a time.
 * What the reconciler adds (events, parallelism, backoff) is left out, so a plan's effect can be seen step by step.
 */
export class SimulatedHost {
  readonly user = new FakeEngine();
  readonly system = new FakeEngine();
  memory: Memory = {};
  now = 1_000_000;
  absentMounts: readonly AbsentMount[] = [];
  desired: Desired = { services: new Map(), networks: [], volumes: [] };
  /** Steps in the order in which they were done. */
  readonly done: ServiceStep[] = [];
  /** Steps that an engine refused, each with what it said. */
  readonly failed: string[] = [];
  readonly #executor: StepExecutor;

  constructor() {
    this.#executor = new StepExecutor({
      instance: 'berth',
      engineOf: (name) => this[name],
      images: { authFor: () => undefined, archiveOf: async () => ({ kind: 'none', problems: [] }) },
      // Time passes only where a test says so.
      clock: { now: () => this.now, sleep: () => new Promise(() => undefined) },
    });
  }

  /** Declares services; every image of theirs can be pulled. */
  declare(config: HostConfig, more: Partial<DesiredContext> = {}): void {
    this.desired = desiredServices(config, { ...context, ...more });
    for (const { container } of this.desired.services.values()) {
      const reference = container.image.includes(':') ? container.image : `${container.image}:latest`;
      for (const engine of [this.user, this.system]) {
        engine.registry.set(container.image, `sha256:${reference}`);
        engine.images.set(container.image, `sha256:${reference}`);
      }
    }
  }

  /** What is there now; an engine that is down is absent. */
  async look(): Promise<Pick<PlanInput, 'observed'>> {
    const look = async (engine: FakeEngine) =>
      engine.isUp ? await new EngineObserver(engine, 'berth').look() : undefined;
    const [user, system] = await Promise.all([look(this.user), look(this.system)]);
    return {
      observed: { engines: { ...(user === undefined ? {} : { user }), ...(system === undefined ? {} : { system }) } },
    };
  }

  async plan(): Promise<ServicePlan> {
    const { observed } = await this.look();
    return planServices({
      desired: this.desired,
      observed,
      memory: this.memory,
      now: this.now,
      booting: false,
      absentMounts: this.absentMounts,
    });
  }

  /** Does the first step of the plan that can be done. @returns it, or undefined when there is none. */
  async step(): Promise<ServiceStep | undefined> {
    const { steps } = await this.plan();
    const open = new Set(steps.map(({ id }) => id));
    const next = steps.find(
      ({ waitsFor, after, notBefore }) =>
        waitsFor.length === 0 && !after.some((id) => open.has(id)) && (notBefore ?? 0) <= this.now,
    );
    if (next === undefined) return undefined;
    try {
      const remembered = await this.#executor.run(next, new AbortController().signal);
      this.remember(memoryKeyOf(next), { ...remembered, retryAt: undefined, failedStep: undefined });
      this.done.push(next);
    } catch (error) {
      // What an engine says is an answer; anything else is the end of the process.
      if (!(error instanceof BerthError)) throw error;
      this.failed.push(`${next.id}: ${error.message}`);
      this.remember(memoryKeyOf(next), { retryAt: this.now + 1000, failedStep: next.kind, lastError: error.message });
    }
    return next;
  }

  /** Fields set to undefined are forgotten. */
  remember(name: string, change: Remembered): void {
    this.memory = { ...this.memory, [name]: { ...this.memory[name], ...change } as ServiceMemory };
  }

  /** Steps until nothing can be done. Throws when that takes more steps than anything sensible. */
  async converge(limit = 500): Promise<ServiceStep[]> {
    const from = this.done.length;
    for (let count = 0; (await this.step()) !== undefined; count++) {
      if (count > limit)
        throw new Error(
          `no end after ${limit} steps: ${this.done
            .slice(-5)
            .map(({ id }) => id)
            .join(', ')}`,
        );
      this.now += 10;
      this.user.now = this.now;
      this.system.now = this.now;
    }
    return this.done.slice(from);
  }

  /** Name and state of every container on the user engine. */
  containers(): string[] {
    return [...this.user.containers.values()].map(({ name, state }) => `${name} ${state}`).sort();
  }
}
