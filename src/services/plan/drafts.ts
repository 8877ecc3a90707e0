import type { Reason } from '../../core/plan.ts';
import type { DesiredService, ImageReturn, ObservedContainer } from '../model.ts';
import type { ServiceStep, ServiceStepKind, StepOf } from '../steps.ts';
import type { Decision, Draft } from './decision.ts';
import { shownImage } from './reasons.ts';

/** A step of one kind about a service, before its place in the plan is known. Pure. */
export function draft<K extends ServiceStepKind>(
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

/** The pull that has to come first; none when the image is here. Pure. */
export function pullDrafts(service: DesiredService, imageId: string | undefined, reason: Reason): Draft[] {
  if (imageId !== undefined) return [];
  return [draft('pull-image', service, reason, {}, `pull ${service.container.image}`, {})];
}

/** The reference gets an earlier image back. Pure. */
export function returnImage(service: DesiredService, image: ImageReturn): Draft {
  const { reference, imageId, generation } = image;
  const reason: Reason = {
    kind: 'image',
    reference,
    detail: `meant ${shownImage(imageId)} in generation ${generation}`,
  };
  return draft('return-image', service, reason, { image }, `have ${reference} mean ${shownImage(imageId)} again`);
}

/** Create and start; a stopped container in the way goes first. Pure. */
export function start(
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

/** Start the container that is there, or a new one where the old is spent. Pure. */
export function resume(service: DesiredService, container: ObservedContainer, reason: Reason): Decision {
  // A dead one (its removal failed half way) cannot be started again.
  const isSpent = (service.disposable && container.state !== 'created') || container.state === 'dead';
  if (isSpent) return start(service, container, reason, container.imageId);
  return {
    drafts: [draft('resume-service', service, reason, { container }, `start ${service.name}`, { starts: true })],
  };
}

/** Stop, and leave the container as it is. Pure. */
export function stop(
  service: DesiredService,
  container: ObservedContainer,
  reason: Reason,
): Extract<Draft, { kind: 'stop-service' }> {
  return draft('stop-service', service, reason, { container }, `stop ${service.name}`);
}

/** Stop and start again; a disposable service gets a new container. Pure. */
export function restart(
  service: DesiredService,
  container: ObservedContainer,
  reason: Reason,
  askedAt?: number,
): Decision {
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

/** Bring in a new container in the way the service asks for. Pure. */
export function replace(
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

/** Back to the container before, remembering what failed. Pure. */
export function restore(
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

/** Remove a container that plays no part any more. Pure. */
export function discard(
  service: DesiredService,
  container: ObservedContainer,
  reason: Reason,
): Extract<Draft, { kind: 'discard-container' }> {
  const made = draft('discard-container', service, reason, { container }, `remove ${container.name}`);
  return { ...made, id: `discard-container:${container.name}` };
}
