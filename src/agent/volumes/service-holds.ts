import type { ServiceMemory } from '../../services/model.ts';
import type { ServiceReconciler } from '../../services/service-reconciler.ts';
import type { ServiceHolds } from './volume-keeper.ts';

/** Keeps services from running by what the reconciler remembers of them: a wish to stop, with a rollback as its reason. */
export function serviceHolds(reconciler: Pick<ServiceReconciler, 'memory' | 'remember'>): ServiceHolds {
  return {
    held: () => new Set(Object.entries(reconciler.memory).flatMap(([name, one]) => (isHeld(one) ? [name] : []))),
    hold: async ({ service, why }) =>
      reconciler.remember(service, {
        wish: { kind: 'stopped', reason: { kind: 'rollback', service, detail: why } },
        restart: undefined,
      }),
    lift: async (service) => reconciler.remember(service, { wish: undefined }),
  };
}

function isHeld({ wish }: ServiceMemory): boolean {
  return wish?.reason.kind === 'rollback';
}
