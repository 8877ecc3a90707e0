import type { DiskConfig, PartitionConfig } from '../../config/storage-config.ts';
import type { BlockDevice, PartitionEntry, PartitionTable } from '../ports.ts';

const mebibyte = 2 ** 20;
/** Kept free at either end of a disk: alignment, and the second copy of a GPT. */
const reservedBytes = 2 * mebibyte;

/** sfdisk(8)'s words → type in a GPT, and in an MBR. */
const types: Readonly<Record<string, readonly [gpt: string, mbr: string]>> = {
  linux: ['0FC63DAF-8483-4772-8E79-3D69D8477DE4', '83'],
  swap: ['0657FD6D-A4AB-43C4-84E5-0933C84B4F4F', '82'],
  raid: ['A19D880F-05FC-4D3B-A006-743F0F84911E', 'fd'],
  lvm: ['E6D6D379-F507-44C2-A23C-238F2A3DF928', '8e'],
  uefi: ['C12A7328-F81F-11D2-BA4B-00A0C93EC93B', 'ef'],
};

/** The layout of a whole disk in the language of sfdisk(8). Pure. */
export function partitionScript(disk: DiskConfig, diskBytes: number): string {
  const lines = present(disk).map((partition) => partitionLine(partition, disk, diskBytes));
  return `${[`label: ${disk.table === 'mbr' ? 'dos' : 'gpt'}`, ...lines].join('\n')}\n`;
}

/** The partitions that are to be there. */
function present({ partitions }: DiskConfig): readonly PartitionConfig[] {
  return partitions.filter(({ isAbsent }) => isAbsent !== true);
}

/** One partition in the language of sfdisk(8). Pure. */
export function partitionLine(partition: PartitionConfig, { table }: DiskConfig, diskBytes: number): string {
  const { number, startBytes, label, guid } = partition;
  const bytes = partitionBytes(partition, diskBytes);
  const type = typeOf(partition, table);
  const isGpt = table === 'gpt';
  const fields = [
    ...(startBytes === undefined ? [] : [`start=${Math.floor(startBytes / mebibyte)}MiB`]),
    ...(bytes === undefined ? [] : [`size=${Math.floor(bytes / mebibyte)}MiB`]),
    ...(type === undefined ? [] : [`type=${type}`]),
    ...(guid === undefined || !isGpt ? [] : [`uuid=${guid}`]),
    ...(label === undefined || !isGpt ? [] : [`name="${label.replace(/["\n]/g, '')}"`]),
  ];
  return `${number === undefined ? '' : `${number} : `}${fields.join(', ')}`;
}

/** undefined: as much as there is. */
function partitionBytes({ size }: PartitionConfig, diskBytes: number): number | undefined {
  switch (size.kind) {
    case 'percent':
      return ((diskBytes - reservedBytes) * size.percent) / 100;
    case 'bytes':
      return size.bytes;
    case 'rest':
      return undefined;
  }
}

function typeOf({ type }: PartitionConfig, table: DiskConfig['table']): string | undefined {
  return type === undefined ? undefined : (types[type]?.[table === 'gpt' ? 0 : 1] ?? type);
}

/** Declared partitions with the number each has on a disk that is made anew. Pure. */
export function numbered(disk: DiskConfig): (PartitionConfig & { readonly number: number })[] {
  const taken = new Set(disk.partitions.map(({ number }) => number));
  return present(disk).map((partition) => {
    let number = partition.number ?? 1;
    while (partition.number === undefined && taken.has(number)) number += 1;
    taken.add(number);
    return { ...partition, number };
  });
}

/**
 * True when a disk has the declared partitions, and no others. Sizes count only where they could still be put right: a disk that
 * grew, or one that was partitioned by hand, is not wrong. Pure.
 */
export function hasLayout(disk: DiskConfig, device: BlockDevice, isStrict: boolean): boolean {
  const { table } = device;
  const declared = numbered(disk);
  if (table === undefined || table.type !== disk.table || table.partitions.length !== declared.length) return false;
  const isCounted = declared.some((_, index) => present(disk)[index]?.number !== undefined);
  return declared.every((partition, index) => {
    const entry = isCounted
      ? table.partitions.find(({ number }) => number === partition.number)
      : table.partitions[index];
    return (
      entry !== undefined && isAlike(partition, entry, disk, table) && (!isStrict || fits(partition, entry, device))
    );
  });
}

/** True when all but the size of a partition is as declared. Pure. */
export function isAlike(
  partition: PartitionConfig,
  entry: PartitionEntry,
  { table }: DiskConfig,
  { sectorBytes }: PartitionTable,
): boolean {
  const { startBytes, guid } = partition;
  const type = typeOf(partition, table);
  return (
    (type === undefined || entry.type.toLowerCase() === type.toLowerCase()) &&
    (guid === undefined || entry.guid?.toLowerCase() === guid) &&
    (startBytes === undefined || entry.startSector * sectorBytes === startBytes)
  );
}

/** True when a partition has about the declared size. */
function fits(partition: PartitionConfig, { sizeSectors }: PartitionEntry, device: BlockDevice): boolean {
  return device.table !== undefined && hasSize(partition, sizeSectors * device.table.sectorBytes, device, device.table);
}

function hasSize(partition: PartitionConfig, bytes: number, device: BlockDevice, table: PartitionTable): boolean {
  const wanted = partitionBytes(partition, device.sizeBytes) ?? restBytes(device, table);
  return Math.abs(wanted - bytes) <= Math.max(4 * mebibyte, wanted / 100);
}

/** What a last partition without a size takes. */
function restBytes({ sizeBytes }: BlockDevice, { partitions, sectorBytes }: PartitionTable): number {
  const start = Math.max(...partitions.map(({ startSector }) => startSector)) * sectorBytes;
  return sizeBytes - start - reservedBytes / 2;
}

/** Bytes between the end of a partition and what comes next on its disk. Pure. */
export function spaceBehind(number: number, device: BlockDevice): number {
  const { table } = device;
  const partition = table?.partitions.find((one) => one.number === number);
  if (table === undefined || partition === undefined) return 0;
  const end = partition.startSector + partition.sizeSectors;
  const next = table.partitions.map(({ startSector }) => startSector).filter((start) => start >= end);
  const limit = Math.min(...next, (device.sizeBytes - reservedBytes / 2) / table.sectorBytes);
  return Math.max(0, (limit - end) * table.sectorBytes);
}
