import type { Reason } from '../../core/plan.ts';
import type { DesiredService, ObservedContainer, ServiceMemory } from '../model.ts';
import type { DecideContext } from './decision.ts';

/** The config change that made a service what it is; when none is remembered, its own key. Pure. */
export function configReason(
  service: DesiredService,
  memory: ServiceMemory,
  change: 'added' | 'changed' = 'changed',
): Reason {
  return memory.cause ?? { kind: 'config', key: service.key, change };
}

/** Why a container that is not there, or was never started, is started. Pure. */
export function startReason(service: DesiredService, memory: ServiceMemory, context: DecideContext): Reason {
  if (memory.applied === service.digest) {
    return context.booting
      ? { kind: 'boot' }
      : { kind: 'drift', detail: `the container of ${service.name} was removed`, ...causeOf(memory) };
  }
  return configReason(service, memory, 'added');
}

/** Why a container that is there is no longer the wanted one. Pure. */
export function changeReason(
  service: DesiredService,
  current: ObservedContainer,
  memory: ServiceMemory,
  imageId: string | undefined,
): Reason {
  if (current.digest === service.digest) {
    return { kind: 'image', reference: service.container.image, detail: `now means ${shownImage(imageId ?? '')}` };
  }
  return configReason(service, memory);
}

/** As much of an image's id as tells it from others. Pure. */
export function shownImage(imageId: string): string {
  return imageId.slice(0, 'sha256:'.length + 12);
}

/** What became of a container, as the reason of a repair. Pure. */
export function healthReason(service: DesiredService, container: ObservedContainer): Reason {
  if (container.state === 'exited' || container.state === 'dead')
    return { kind: 'exited', service: service.name, exitCode: container.exitCode ?? -1 };
  return {
    kind: 'health',
    service: service.name,
    result: container.state === 'running' ? container.health : container.state,
  };
}

/** Why a version is not tried again: what it failed of. Pure. */
export function rejectionReason(service: DesiredService, memory: ServiceMemory): Reason {
  return {
    kind: 'rollback',
    service: service.name,
    detail: memory.rejected?.at(-1)?.why ?? 'this version failed here before',
  };
}

/** The config change behind a service as it is, to be a link in a chain of reasons. Pure. */
export function causeOf(memory: ServiceMemory): { cause?: Reason } {
  return memory.cause === undefined ? {} : { cause: memory.cause };
}

/** How a new container failed, for a person. Pure. */
export function failureText(service: DesiredService, container: ObservedContainer): string {
  if (container.state === 'running')
    return container.health === 'unhealthy'
      ? 'the new container is unhealthy'
      : `the new container was not healthy within ${Math.round(service.proofMs / 1000)} s`;
  return `the new container ${container.state}${container.exitCode === undefined ? '' : ` with ${container.exitCode}`}`;
}
