import type { EngineName } from '../../config/service-spec.ts';
import type { Reason } from '../../core/plan.ts';
import { type AbsentMount, mountsMissedBy } from '../absent-mounts.ts';
import { desiredOrder } from '../graph.ts';
import { imagesAfterReturn, returnState } from '../image-returns.ts';
import type { Desired, DesiredService, Memory, Observed, ObservedEngine, ServiceMemory } from '../model.ts';
import { normalizeReference } from '../names.ts';
import { type Containers, containersByService, isOnItsWay, unmetCondition } from '../readiness.ts';
import { imageKinds, memoryKeyOf, type ServiceStep } from '../steps.ts';
import { decideService } from './decide.ts';
import type { Decision, Draft } from './decision.ts';
import { returnImage } from './drafts.ts';
import { decideJob } from './jobs.ts';
import { portHolders } from './ports.ts';
import { type ResourceSteps, resourceSteps } from './resources.ts';

export interface PlanInput {
  readonly desired: Desired;
  readonly observed: Observed;
  readonly memory: Memory;
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly booting: boolean;
  /** When this agent started: milliseconds since the epoch. Needed while `booting`. */
  readonly bootedAt?: number;
  /** When `desired` was declared: an engine may need a while to start for it. Milliseconds since the epoch. */
  readonly declaredAt?: number;
  /** Why services that are no longer declared went, by name. */
  readonly removals?: Readonly<Record<string, Reason>>;
  readonly absentMounts?: readonly AbsentMount[];
}

export interface ServicePlan {
  /** In an order in which each step stands after those it needs. */
  readonly steps: readonly ServiceStep[];
  /** When to plan again though nothing happens: milliseconds since the epoch. */
  readonly wakeAt?: number;
}

const emptyEngine: ObservedEngine = { containers: [], networks: new Map(), volumes: new Set(), images: new Map() };
/** How long after a declaration an engine that does not answer may just be starting. */
const engineStartMs = 30_000;
const noContainers: Containers = { runs: [] };
/** Bringing the service back, and tidying up after it, never wait for a backoff. */
const undelayed: ReadonlySet<string> = new Set([
  'restore-service',
  'discard-container',
  'stop-service',
  'remove-service',
]);

/**
 * desired − observed = plan, for services, networks and volumes. Pure: an empty list of steps means that every service
 * is as declared, or waits for something that a later event will tell.
 */
export function planServices(input: PlanInput): ServicePlan {
  const { desired, observed, memory, now, booting, bootedAt = 0, declaredAt = 0, absentMounts = [] } = input;
  const containers = containersByService(onRightEngine(observed, desired));
  const resources = resourceSteps(input);
  const steps: ServiceStep[] = [];
  const touched = new Map<string, { readonly id: string; readonly starts: boolean }>();
  let wakeAt: number | undefined;
  const wake = (at: number | undefined): void => {
    if (at !== undefined && at > now) wakeAt = Math.min(wakeAt ?? at, at);
  };

  const push = (step: ServiceStep, siblings: readonly Draft[]): void => {
    const notBefore = earliest(step, siblings, memory[memoryKeyOf(step)], now);
    wake(notBefore);
    steps.push(notBefore === undefined ? step : { ...step, notBefore });
  };
  for (const step of resources.steps) push(step, []);
  const isEngineDue = now < declaredAt + engineStartMs;

  for (const service of desiredOrder(desired)) {
    const engine = observed.engines[service.engine];
    // Who waits for something on it must not wait for an event that never comes.
    if (engine === undefined && isEngineDue) wake(declaredAt + engineStartMs);
    if (engine === undefined || service.problem !== undefined) continue;
    const mine = resources.leaving.has(service.name) ? noContainers : (containers.get(service.name) ?? noContainers);
    const wish = memory[service.name]?.imageReturn;
    const isReturn = wish !== undefined && returnState(service, wish, engine.images) === 'due';
    const images = isReturn ? imagesAfterReturn(engine.images, wish) : engine.images;
    const context = { memory, images, now, booting, bootedAt };
    const decided: Decision =
      service.kind === 'scheduled'
        ? decideJob(service, mine, context, images.get(normalizeReference(service.container.image)))
        : decideService(service, mine, context);
    const decision = isReturn ? { ...decided, drafts: [returnImage(service, wish), ...decided.drafts] } : decided;
    wake(decision.wakeAt);
    const around = { resources, touched, desired, observed, containers, memory, isEngineDue, absentMounts };
    for (const draft of decision.drafts) {
      const step = placed(draft, service, decision.drafts, around);
      // Only when nothing else keeps it: who has its port serves somebody.
      const isReady = draft.starts && step.after.length === 0 && step.waitsFor.length === 0;
      const holders = isReady ? portHolders(service, desired, containers) : [];
      for (const holder of holders) push(placed(holder, holder.service, [], around), []);
      push({ ...step, after: [...step.after, ...holders.map(({ id }) => id)] }, decision.drafts);
      if (draft.starts || draft.kind === 'restore-service')
        touched.set(service.name, { id: draft.id, starts: draft.starts });
    }
  }
  return wakeAt === undefined ? { steps } : { steps, wakeAt };
}

/** When a step may be tried (again); undefined: at once. */
function earliest(
  step: ServiceStep,
  siblings: readonly Draft[],
  memory: ServiceMemory | undefined,
  now: number,
): number | undefined {
  if (memory?.retryAt === undefined || memory.retryAt <= now) return undefined;
  const { failedStep, retryAt } = memory;
  if (undelayed.has(step.kind) && failedStep !== step.kind) return undefined;
  // The image has come in another way than by the pull that failed.
  const isPullOver = failedStep === 'pull-image' && !siblings.some(({ kind }) => kind === 'pull-image');
  return isPullOver ? undefined : retryAt;
}

interface Surroundings {
  readonly resources: ResourceSteps;
  /** Steps of this plan that start or restart a service, by service. */
  readonly touched: ReadonlyMap<string, { readonly id: string; readonly starts: boolean }>;
  readonly desired: Desired;
  readonly observed: Observed;
  readonly isEngineDue: boolean;
  readonly containers: ReadonlyMap<string, Containers>;
  readonly memory: Memory;
  readonly absentMounts: readonly AbsentMount[];
}

/** A draft with what it comes after and what it waits for. */
function placed(draft: Draft, service: DesiredService, siblings: readonly Draft[], around: Surroundings): ServiceStep {
  const after: string[] = [];
  const waitsFor: string[] = [];
  const { starts, ...step } = draft;
  if (starts) {
    for (const { kind, id } of siblings) if (imageKinds.has(kind)) after.push(id);
    for (const id of around.resources.neededBy(service)) {
      after.push(id);
      // It waits for that step anyway; this says why it has to wait so long.
      const [subject, error] = around.resources.failureOf(id) ?? [];
      if (subject !== undefined) waitsFor.push(`${subject} (${error ?? ''})`);
    }
    for (const { target } of mountsMissedBy(service, around.desired, around.absentMounts))
      waitsFor.push(`${target} to be mounted`);
    // A restart for health's sake does not wait for dependencies: they were there when it first started.
    if (draft.kind !== 'restart-service') {
      for (const condition of service.conditions) {
        const wanted = around.desired.services.get(condition.service);
        if (condition.origin === 'collector' && !isOnItsWay(wanted, around.observed, around.memory, around.isEngineDue))
          continue;
        const target = around.touched.get(condition.service);
        if (target !== undefined) after.push(target.id);
        if (target !== undefined && condition.condition === 'started') continue;
        const unmet =
          target === undefined
            ? unmetCondition(condition, wanted, around.containers.get(condition.service) ?? noContainers, around.memory)
            : `${condition.service} to ${condition.condition === 'completed' ? 'complete' : 'be healthy'} (about to start)`;
        if (unmet !== undefined) waitsFor.push(unmet);
      }
    }
  }
  return { ...step, after: [...new Set(after)], waitsFor };
}

/** Only containers on the engine where their service belongs now; those elsewhere are leftovers to remove. */
function onRightEngine(observed: Observed, desired: Desired): Observed {
  const engines: Partial<Record<EngineName, ObservedEngine>> = {};
  for (const name of ['system', 'user'] as const) {
    const engine = observed.engines[name];
    if (engine === undefined) continue;
    engines[name] = {
      ...emptyEngine,
      ...engine,
      containers: engine.containers.filter(({ service }) => desired.services.get(service)?.engine === name),
    };
  }
  return { engines };
}
