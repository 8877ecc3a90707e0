import type { HostConfig } from '../../config/host-config.ts';
import type { PlanContext, ResourcePlan } from '../resource.ts';
import { planArray } from './array-plan.ts';
import { planDisk } from './disk-plan.ts';
import { type ObservedStorage, StorageDraft } from './draft.ts';
import { planFilesystem } from './filesystem-plan.ts';
import { planPartitionGrowth } from './growth-plan.ts';
import { planLuks } from './luks-plan.ts';

/**
 * Partition tables, arrays, encrypted devices and file systems of further disks, each on what comes before it. What destroys
 * data is a step only where it may. Pure.
 */
export function planStorage(
  config: HostConfig,
  observed: ObservedStorage | undefined,
  context: PlanContext,
): ResourcePlan {
  if (observed === undefined) return {};
  const draft = new StorageDraft(observed, context);
  const { disks, raid, luks = [], filesystems, grow } = config.storage;
  for (const disk of disks) planDisk(disk, draft);
  for (const array of raid) planArray(array, draft);
  for (const volume of luks) planLuks(volume, config.fetch ?? {}, draft);
  for (const filesystem of filesystems) planFilesystem(filesystem, draft);
  for (const name of grow) planPartitionGrowth(name, draft);
  return { steps: draft.steps, blocked: draft.blocked };
}
