import type { Reason } from '../../core/plan.ts';
import type { DesiredService, ObservedContainer, ServiceMemory } from '../model.ts';
import { versionOf } from '../model.ts';
import { normalizeReference } from '../names.ts';
import { type Containers, isRejected, isUp, proofOf } from '../readiness.ts';
import type { DecideContext, Decision, Draft } from './decision.ts';
import { discard, draft, replace, restart, restore, resume, start, stop } from './drafts.ts';
import {
  causeOf,
  changeReason,
  configReason,
  failureText,
  healthReason,
  rejectionReason,
  startReason,
} from './reasons.ts';

const nothing: Decision = { drafts: [] };
/** Starts of a new version that may fail before the old one comes back. */
const patience = 3;

/** What to do about one service (not a scheduled one): the heart of the reconciler. Pure. */
export function decideService(service: DesiredService, containers: Containers, context: DecideContext): Decision {
  const memory = context.memory[service.name] ?? {};
  const { current, next, previous, runs } = containers;
  if (runs.length > 0) {
    const reason = configReason(service, memory);
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
    // A crash came after the names had changed: it may not run beside its successor, nor be killed without its grace.
    if (current?.state === 'created' && isUp(previous))
      return { drafts: [stop(service, previous, configReason(service, memory))] };
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
  if (current !== undefined && isUp(current)) drafts.push(stop(service, current, reason));
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
  const reason = configReason(service, memory);
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
  if (current.state === 'created' && !isHopeless) return resume(service, current, configReason(service, memory));
  const proof = current.state === 'created' ? 'bad' : proofOf(service, current, startedAt, context.now);
  if (proof === 'good')
    return {
      drafts: [discard(service, previous, configReason(service, memory))],
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

/** When a container was started. What is remembered may be of the one before, if a crash came right after the start. */
function startOf(container: ObservedContainer, memory: ServiceMemory): number {
  return Math.max(memory.startedAt ?? 0, container.createdAt);
}

function proofDelay(service: DesiredService, container: ObservedContainer): number {
  return container.health === 'none' ? service.settleMs : service.proofMs + 1;
}
