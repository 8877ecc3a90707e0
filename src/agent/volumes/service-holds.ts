import type { ServiceMemory } from '../../services/model.ts';
import type { ServiceReconciler } from '../../services/service-reconciler.ts';
import type { ServiceHolds } from './volume-keeper.ts';

/** Keeps services from running by what the reconciler remembers of them: a wish to stop, with a rollback as its reason. */
export function serviceHolds(reconciler: Pick<ServiceReconciler, 'memory' | 'remember'>): ServiceHolds {
  const those = (is: (memory: ServiceMemory) => boolean): ReadonlySet<string> =>
    new Set(Object.entries(reconciler.memory).flatMap(([name, one]) => (is(one) ? [name] : [])));
  return {
    held: () => those(isHeld),
    stopped: () => those(({ wish }) => wish !== undefined),
    hold: async ({ service, why }) => {
      const { wish } = reconciler.memory[service] ?? {};
      // What an operator stopped stays theirs to start.
      if (wish !== undefined && wish.reason.kind !== 'rollback') return;
      await reconciler.remember(service, {
        wish: { kind: 'stopped', reason: { kind: 'rollback', service, detail: why } },
        restart: undefined,
      });
    },
    lift: async (service) => {
      if (isHeld(reconciler.memory[service] ?? {})) await reconciler.remember(service, { wish: undefined });
    },
  };
}

function isHeld({ wish }: ServiceMemory): boolean {
  return wish?.reason.kind === 'rollback';
}
