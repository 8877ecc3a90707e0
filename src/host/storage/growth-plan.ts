import type { HostConfig } from '../../config/host-config.ts';
import type { PlanContext, ResourcePlan } from '../resource.ts';
import type { BlockedChange, HostStep } from '../step.ts';
import type { ObservedStorage, StorageDraft } from './draft.ts';
import { spaceBehind } from './partitions.ts';

/** Less is not worth a change, and what file systems leave over at their ends. */
const growthThreshold = 16 * 2 ** 20;

/** A partition that takes the space behind it. Pure. */
export function planPartitionGrowth(name: string, draft: StorageDraft): void {
  const { disk, device } = draft.observed.growth.get(name) ?? {};
  const about = growthOf(name);
  if (device === undefined) {
    draft.missing(about, name);
    return;
  }
  const number = device.partOf?.number;
  if (disk === undefined || number === undefined || spaceBehind(number, disk) < growthThreshold) return;
  draft.add(
    { kind: 'grow-partition', disk: disk.path, number },
    { ...about, id: `grow-partition:${name}`, summary: `grow partition ${number} of ${disk.path}` },
  );
}

/** File systems that are smaller than what they are on. After mounts: XFS grows only while it is mounted. Pure. */
export function planGrowth(
  config: HostConfig,
  observed: ObservedStorage | undefined,
  context: PlanContext,
): ResourcePlan {
  if (observed === undefined) return {};
  const steps: HostStep[] = [];
  const blocked: BlockedChange[] = [];
  for (const name of config.storage.grow) {
    const { device, disk, mountPoint } = observed.growth.get(name) ?? {};
    if (device === undefined) continue;
    const about = growthOf(name);
    const { signature, filesystemBytes } = device;
    const type = signature.kind === 'filesystem' ? signature.type : undefined;
    const canGrow = type !== undefined && (type === 'xfs' || /^ext[234]$/.test(type));
    const number = device.partOf?.number;
    const gain = disk === undefined || number === undefined ? 0 : spaceBehind(number, disk);
    const isShort = filesystemBytes !== undefined && device.sizeBytes - filesystemBytes >= growthThreshold;
    if (!isShort && gain < growthThreshold) continue;
    const declared = config.mounts.find(({ target, source }) => target === name || source === name)?.target;
    const target = mountPoint ?? declared;
    if (!canGrow) {
      const hint = 'remove it from growpart.devices';
      blocked.push({ ...about, why: `${type ?? 'what is on it'} cannot be grown`, until: 'config', hint });
    } else if (type === 'xfs' && target === undefined) {
      blocked.push({
        ...about,
        why: 'XFS grows only while it is mounted',
        until: 'config',
        hint: 'declare it under "mounts"',
      });
    } else {
      const action = {
        kind: 'grow-filesystem',
        device: device.path,
        type,
        ...(target === undefined ? {} : { mountPoint: target }),
      } as const;
      const after = [`grow-partition:${name}`, ...(target === undefined ? [] : [`mount:mount${target}`])];
      steps.push(
        context.step(action, {
          ...about,
          id: `grow-filesystem:${name}`,
          after,
          summary: `grow the file system on ${device.path}`,
        }),
      );
    }
  }
  return { steps, blocked };
}

function growthOf(name: string): { key: string; subject: string } {
  return { key: 'growpart.devices', subject: `growth${name}` };
}
