import { partitionPath } from '../../config/device-path.ts';
import type { DiskConfig, PartitionConfig } from '../../config/storage-config.ts';
import { formatPath } from '../../core/diagnostic.ts';
import { isOwn, type StorageDraft } from './draft.ts';
import { partitionChanges } from './partition-changes.ts';
import { hasLayout, numbered, partitionScript } from './partitions.ts';

/** The partition table of a disk. Pure. */
export function planDisk(disk: DiskConfig, draft: StorageDraft): void {
  const about = { key: formatPath(['disk_setup', disk.device]), subject: `disk${disk.device}` };
  const device = draft.device(disk.device);
  if (device === undefined) {
    draft.missing(about, disk.device);
    return;
  }
  const mayDestroy = draft.context.mayDestroy(disk.device, device.path);
  const keepsOthers = disk.others === 'keep' && !(disk.overwrite && mayDestroy) && device.table?.type === disk.table;
  const plan = keepsOthers ? partitionChanges(disk, device, device.table, mayDestroy) : undefined;
  if (plan === undefined ? hasLayout(disk, device, mayDestroy) : plan.kind === 'none') return;
  if (isOwn(device)) {
    draft.refuse(about, `${disk.device} is the disk of the system itself`, 'name another disk');
    return;
  }
  if (plan?.kind === 'refusal' && !disk.overwrite) {
    for (const { why, hint } of plan.reasons) draft.refuse(about, `${disk.device}: ${why}`, hint);
    return;
  }
  // What stays on the disk does not count; what goes was said to.
  if (!draft.mayReplace(disk.device, device, disk.overwrite || plan !== undefined, about, mayDestroy)) return;
  const count = `${disk.table}, ${disk.partitions.length}`;
  if (plan?.kind === 'changes') {
    const id = `change-partitions:${disk.device}`;
    note(disk, plan.made, id, draft);
    const text = { ...about, id, summary: `change partitions of ${disk.device} (${count})` };
    draft.add({ kind: 'change-partitions', device: disk.device, changes: plan.changes }, text);
    return;
  }
  const id = `partition-disk:${disk.device}`;
  note(disk, numbered(disk), id, draft);
  draft.add(
    { kind: 'partition-disk', device: disk.device, script: partitionScript(disk, device.sizeBytes) },
    { ...about, id, summary: `partition ${disk.device} (${count})` },
  );
}

/** Notes what a step makes, by every name that it has. */
function note(
  { device }: DiskConfig,
  partitions: readonly (PartitionConfig & { readonly number: number })[],
  id: string,
  draft: StorageDraft,
): void {
  for (const { number, label, guid } of partitions) {
    const tags = [
      ...(label === undefined ? [] : [`PARTLABEL=${label}`]),
      ...(guid === undefined ? [] : [`PARTUUID=${guid}`]),
    ];
    for (const name of [partitionPath(device, number), ...tags]) draft.makes(name, { id, isKept: false });
  }
}
