import { spec22 } from './spec-2-2.ts';
import { extendSpec, int, truth } from './spec-table.ts';

/** Ignition 2.3.0: partitions that stay or go, sizes in MiB. */
export const spec23 = extendSpec(spec22, {
  partition: { sizeMiB: int, startMiB: int, wipePartitionEntry: truth, shouldExist: truth },
});
