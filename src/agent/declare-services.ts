import type { Desired, DesiredChange } from '../services/model.ts';
import type { ServiceReconciler } from '../services/service-reconciler.ts';
import type { EngineSet } from './engine-set.ts';

/** Declares what is to run, and has the engines started that it needs. */
export function declareServices(
  engines: EngineSet,
  reconciler: ServiceReconciler,
  desired: Desired,
  change: DesiredChange,
): void {
  engines.declared(desired);
  reconciler.setDesired(desired, change);
}
