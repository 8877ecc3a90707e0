import { partitionPath } from '../../config/device-path.ts';
import type { DiskConfig } from '../../config/storage-config.ts';
import { formatPath } from '../../core/diagnostic.ts';
import type { StorageDraft } from './draft.ts';
import { hasLayout, partitionScript } from './partitions.ts';

/** The system's own partitions begin with this. */
const ownPartition = /^berth-/;

/** The partition table of a disk. Pure. */
export function planDisk(disk: DiskConfig, draft: StorageDraft): void {
  const about = { key: formatPath(['disk_setup', disk.device]), subject: `disk${disk.device}` };
  const device = draft.device(disk.device);
  if (device === undefined) {
    draft.missing(about, disk.device);
    return;
  }
  const mayDestroy = draft.context.mayDestroy(disk.device, device.path);
  if (hasLayout(disk, device, mayDestroy)) return;
  if (device.table?.partitions.some(({ name }) => name !== undefined && ownPartition.test(name)) === true) {
    draft.refuse(about, `${disk.device} is the disk of the system itself`, 'name another disk');
    return;
  }
  if (!draft.mayReplace(disk.device, device, disk.overwrite, about, mayDestroy)) return;
  const id = `partition-disk:${disk.device}`;
  for (const [index, { label }] of disk.partitions.entries()) {
    draft.makes(partitionPath(disk.device, index + 1), { id, isKept: false });
    if (label !== undefined) draft.makes(`PARTLABEL=${label}`, { id, isKept: false });
  }
  draft.add(
    { kind: 'partition-disk', device: disk.device, script: partitionScript(disk, device.sizeBytes) },
    { ...about, id, summary: `partition ${disk.device} (${disk.table}, ${disk.partitions.length})` },
  );
}
