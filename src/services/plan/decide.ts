import type { Reason } from '../../core/plan.ts';
import type { DesiredService, Memory, ObservedContainer, ServiceMemory } from '../model.ts';
import { versionOf } from '../model.ts';
import { normalizeReference } from '../names.ts';
import { type Containers, isRejected, proofOf } from '../readiness.ts';
import type { ServiceStep, ServiceStepKind, StepOf } from '../steps.ts';

export interface DecideContext {
  readonly memory: Memory;
  /** Image id by normalised reference, on the service's engine. */
  readonly images: ReadonlyMap<string, string>;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** During the first convergence after a start of the agent, stopped containers are the boot's doing. */
  readonly booting: boolean;
  /** When this agent started: what it has started itself since then and ended is not the boot's doing. */
  readonly bootedAt: number;
}

/** A step before its place in the plan (conditions, order) is known. */
export type Draft = {
  [K in ServiceStepKind]: Omit<StepOf<K>, 'after' | 'waitsFor'> & { readonly starts: boolean };
}[ServiceStepKind];

export interface Decision {
  readonly drafts: readonly Draft[];
  /** When to look again though nothing happened: milliseconds since the epoch. */
  readonly wakeAt?: number;
}

const nothing: Decision = { drafts: [] };
/** Starts of a new version that may fail before the old one comes back. */
const patience = 3;

/** What to do about one service (not a scheduled one): the heart of the reconciler. Pure. */
export function decideService(service: DesiredService, containers: Containers, context: DecideContext): Decision {
  const memory = context.memory[service.name] ?? {};
  const { current, next, previous, runs } = containers;
  if (runs.length > 0) {
    const reason: Reason = memory.cause ?? { kind: 'config', key: service.key, change: 'changed' };
    return { drafts: runs.map((run) => discard(service, run, reason)) };
  }
  if (memory.wish?.kind === 'stopped') return decideStopped(service, containers, memory.wish.reason);
  if (current?.state === 'removing') return nothing;

  const wantedImage = context.images.get(normalizeReference(service.container.image));
  const rejected = isRejected(context.memory, service.name, service.digest, wantedImage);
  const isWanted = (container: ObservedContainer): boolean =>
    container.digest === service.digest && (wantedImage === undefined || container.imageId === wantedImage);

  if (next !== undefined) return decideWithNext(service, containers, next, isWanted(next) && !rejected, context);
  if (previous !== undefined) {
    if (current === undefined)
      return restore(service, undefined, previous, {
        kind: 'drift',
        detail: `the container of ${service.name} is gone, the one before is still here`,
      });
    if (isWanted(current) && !rejected) return decideRollout(service, current, previous, memory, context);
    if (rejected && isWanted(current)) return restore(service, current, previous, rejectionReason(service, memory));
  }
  if (current === undefined) {
    // A one-shot that ended well has done its work for this configuration, whoever removed its container.
    if (service.kind === 'one-shot' && memory.completed?.startsWith(`${service.digest}@`) === true) return nothing;
    return start(service, undefined, startReason(service, memory, context), wantedImage);
  }
  if (!isWanted(current) && !rejected)
    return replace(service, current, undefined, changeReason(service, current, memory, wantedImage), wantedImage);
  return keep(service, current, memory, context);
}

function decideStopped(service: DesiredService, { current, next, previous }: Containers, reason: Reason): Decision {
  const drafts: Draft[] = [];
  if (current !== undefined && ['running', 'paused', 'restarting'].includes(current.state)) {
    drafts.push(draft('stop-service', service, reason, { container: current }, `stop ${service.name}`));
  }
  for (const leftover of [next, previous]) {
    if (leftover !== undefined) drafts.push(discard(service, leftover, reason));
  }
  return { drafts };
}

/** A replacement was under way: finish it, or clear it away when it is no longer wanted. */
function decideWithNext(
  service: DesiredService,
  { current, previous }: Containers,
  next: ObservedContainer,
  wanted: boolean,
  context: DecideContext,
): Decision {
  const memory = context.memory[service.name] ?? {};
  const reason = memory.cause ?? { kind: 'config', key: service.key, change: 'changed' };
  if (!wanted)
    return {
      drafts: [
        discard(service, next, {
          kind: 'drift',
          detail: `${next.name} belongs to a configuration that is no longer wanted`,
        }),
      ],
    };
  if (service.update === 'hand-over' && current !== undefined && next.state !== 'created') {
    const startedAt = startOf(next, memory);
    const proof = proofOf(service, next, startedAt, context.now);
    if (proof === 'good')
      return {
        drafts: [
          draft('promote-next', service, reason, { container: current, next }, `hand over to the new ${service.name}`),
        ],
      };
    if (proof === 'bad') {
      const why = failureText(service, next);
      const rejects = { service: service.name, version: versionOf(next.digest, next.imageId), why };
      return {
        drafts: [
          {
            ...discard(service, next, {
              kind: 'rollback',
              service: service.name,
              detail: why,
              cause: healthReason(service, next),
            }),
            rejects,
          },
        ],
      };
    }
    return { drafts: [], wakeAt: startedAt + proofDelay(service, next) };
  }
  return replace(service, current ?? previous, next, reason, next.imageId);
}

/** The new container runs, the old one is still here: prove, or go back. */
function decideRollout(
  service: DesiredService,
  current: ObservedContainer,
  previous: ObservedContainer,
  memory: ServiceMemory,
  context: DecideContext,
): Decision {
  const startedAt = startOf(current, memory);
  const isHopeless = (memory.failures ?? 0) >= patience;
  if (current.state === 'created' && !isHopeless)
    return resume(service, current, memory.cause ?? { kind: 'config', key: service.key, change: 'changed' });
  const proof = current.state === 'created' ? 'bad' : proofOf(service, current, startedAt, context.now);
  if (proof === 'good')
    return {
      drafts: [discard(service, previous, memory.cause ?? { kind: 'config', key: service.key, change: 'changed' })],
    };
  if (proof === undefined) return { drafts: [], wakeAt: startedAt + proofDelay(service, current) };
  const isStarted = current.state !== 'created';
  const why = isStarted
    ? failureText(service, current)
    : `the new container could not be started: ${memory.lastError ?? 'no reason given'}`;
  const rejects = { version: versionOf(current.digest, current.imageId), why };
  const reason: Reason = {
    kind: 'rollback',
    service: service.name,
    detail: why,
    ...(isStarted ? { cause: healthReason(service, current) } : causeOf(memory)),
  };
  return restore(service, current, previous, reason, rejects);
}

/** The container is the right one: does it do what it should? */
function keep(
  service: DesiredService,
  current: ObservedContainer,
  memory: ServiceMemory,
  context: DecideContext,
): Decision {
  if (memory.restart !== undefined) return restart(service, current, memory.restart, memory.restartAskedAt);
  switch (current.state) {
    case 'created':
      return resume(service, current, startReason(service, memory, context));
    case 'running':
      if (current.health === 'unhealthy' && service.kind === 'service')
        return restart(service, current, healthReason(service, current));
      return nothing;
    case 'exited':
    case 'dead':
      return afterExit(service, current, memory, context);
    default:
      return nothing;
  }
}

function afterExit(
  service: DesiredService,
  current: ObservedContainer,
  memory: ServiceMemory,
  context: DecideContext,
): Decision {
  const failed = current.exitCode !== 0;
  const isBoot = context.booting && startOf(current, memory) < context.bootedAt;
  if (service.kind === 'one-shot' && !failed) return nothing;
  const exited: Reason = {
    kind: 'exited',
    service: service.name,
    exitCode: current.exitCode ?? -1,
    ...(memory.cause === undefined ? {} : { cause: memory.cause }),
  };
  const reason: Reason = isBoot ? { kind: 'boot' } : exited;
  if (service.restartBy === 'never')
    return isBoot && service.kind === 'service' ? resume(service, current, reason) : nothing;
  // `on-failure` that ended is as its user declared it; `always` that stopped was stopped by somebody.
  if (service.restartBy === 'engine' && service.spec.restart?.startsWith('on-failure') === true && !isBoot)
    return nothing;
  return resume(service, current, reason);
}

// -- the drafts -------------------------------------------------------------------------------------------------------

function draft<K extends ServiceStepKind>(
  kind: K,
  service: DesiredService,
  reason: Reason,
  rest: Omit<StepOf<K>, keyof ServiceStep | 'service'>,
  summary: string,
  options: { starts?: boolean; cost?: ServiceStep['cost'] } = {},
): Extract<Draft, { kind: K }> {
  const common = {
    id: `${kind}:${service.name}`,
    kind,
    subject: `service/${service.name}`,
    cost: options.cost ?? 'live',
    reason,
    summary,
    engine: service.engine,
    starts: options.starts ?? false,
    service,
  };
  return { ...common, ...rest } as unknown as Extract<Draft, { kind: K }>;
}

function pullDrafts(service: DesiredService, imageId: string | undefined, reason: Reason): Draft[] {
  if (imageId !== undefined) return [];
  return [draft('pull-image', service, reason, {}, `pull ${service.container.image}`, {})];
}

function start(
  service: DesiredService,
  stopped: ObservedContainer | undefined,
  reason: Reason,
  imageId: string | undefined,
  asked: { readonly askedAt?: number } = {},
): Decision {
  const rest = stopped === undefined ? asked : { discard: stopped, ...asked };
  const summary = `create and start ${service.name} (${service.container.image})`;
  return {
    drafts: [
      ...pullDrafts(service, imageId, reason),
      draft('start-service', service, reason, rest, summary, { starts: true }),
    ],
  };
}

function resume(service: DesiredService, container: ObservedContainer, reason: Reason): Decision {
  // A dead one (its removal failed half way) cannot be started again.
  const isSpent = (service.disposable && container.state !== 'created') || container.state === 'dead';
  if (isSpent) return start(service, container, reason, container.imageId);
  return {
    drafts: [draft('resume-service', service, reason, { container }, `start ${service.name}`, { starts: true })],
  };
}

function restart(service: DesiredService, container: ObservedContainer, reason: Reason, askedAt?: number): Decision {
  const asked = askedAt === undefined ? {} : { askedAt };
  if (service.disposable) return start(service, container, reason, container.imageId, asked);
  const isRunning = container.state === 'running';
  const summary = `${isRunning ? 'restart' : 'start'} ${service.name}`;
  return {
    drafts: [
      draft('restart-service', service, reason, { container, ...asked }, summary, {
        starts: true,
        cost: isRunning ? 'restart-service' : 'live',
      }),
    ],
  };
}

function replace(
  service: DesiredService,
  container: ObservedContainer | undefined,
  next: ObservedContainer | undefined,
  reason: Reason,
  imageId: string | undefined,
): Decision {
  const pulls = pullDrafts(service, imageId, reason);
  const summary = `replace ${service.name} (${service.container.image})`;
  if (service.update === 'hand-over' && container?.state === 'running') {
    return {
      drafts: [
        ...pulls,
        draft('start-next', service, reason, { container, next }, `start the new ${service.name} beside the old one`, {
          starts: true,
        }),
      ],
    };
  }
  const isRunning = container?.state === 'running';
  return {
    drafts: [
      ...pulls,
      draft('replace-service', service, reason, { container, next }, summary, {
        starts: true,
        cost: isRunning ? 'restart-service' : 'live',
      }),
    ],
  };
}

function restore(
  service: DesiredService,
  failed: ObservedContainer | undefined,
  previous: ObservedContainer,
  reason: Reason,
  rejects?: { version: string; why: string },
): Decision {
  const summary = `bring back the previous ${service.name}`;
  return {
    drafts: [
      draft('restore-service', service, reason, { failed, previous, rejects }, summary, { cost: 'restart-service' }),
    ],
  };
}

function discard(
  service: DesiredService,
  container: ObservedContainer,
  reason: Reason,
): Extract<Draft, { kind: 'discard-container' }> {
  const made = draft('discard-container', service, reason, { container }, `remove ${container.name}`);
  return { ...made, id: `discard-container:${container.name}` };
}

// -- the reasons ------------------------------------------------------------------------------------------------------

function startReason(service: DesiredService, memory: ServiceMemory, context: DecideContext): Reason {
  if (memory.applied === service.digest) {
    return context.booting
      ? { kind: 'boot' }
      : { kind: 'drift', detail: `the container of ${service.name} was removed`, ...causeOf(memory) };
  }
  return memory.cause ?? { kind: 'config', key: service.key, change: 'added' };
}

function changeReason(
  service: DesiredService,
  current: ObservedContainer,
  memory: ServiceMemory,
  imageId: string | undefined,
): Reason {
  if (current.digest === service.digest) {
    return { kind: 'image', reference: service.container.image, detail: `now means ${(imageId ?? '').slice(0, 19)}` };
  }
  return memory.cause ?? { kind: 'config', key: service.key, change: 'changed' };
}

function healthReason(service: DesiredService, container: ObservedContainer): Reason {
  if (container.state === 'exited' || container.state === 'dead')
    return { kind: 'exited', service: service.name, exitCode: container.exitCode ?? -1 };
  return {
    kind: 'health',
    service: service.name,
    result: container.state === 'running' ? container.health : container.state,
  };
}

function rejectionReason(service: DesiredService, memory: ServiceMemory): Reason {
  return {
    kind: 'rollback',
    service: service.name,
    detail: memory.rejected?.at(-1)?.why ?? 'this version failed here before',
  };
}

/** When a container was started. What is remembered may be of the one before, if a crash came right after the start. */
function startOf(container: ObservedContainer, memory: ServiceMemory): number {
  return Math.max(memory.startedAt ?? 0, container.createdAt);
}

function causeOf(memory: ServiceMemory): { cause?: Reason } {
  return memory.cause === undefined ? {} : { cause: memory.cause };
}

function failureText(service: DesiredService, container: ObservedContainer): string {
  if (container.state === 'running')
    return container.health === 'unhealthy'
      ? 'the new container is unhealthy'
      : `the new container was not healthy within ${Math.round(service.proofMs / 1000)} s`;
  return `the new container ${container.state}${container.exitCode === undefined ? '' : ` with ${container.exitCode}`}`;
}

function proofDelay(service: DesiredService, container: ObservedContainer): number {
  return container.health === 'none' ? service.settleMs : service.proofMs + 1;
}
