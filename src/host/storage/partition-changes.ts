import type { DiskConfig, PartitionConfig } from '../../config/storage-config.ts';
import type { BlockDevice, PartitionChanges, PartitionEntry, PartitionTable } from '../ports.ts';
import { isAlike, partitionLine, spaceBehind } from './partitions.ts';

const mebibyte = 2 ** 20;

/** What has to become of a table whose other partitions stay. */
export type PartitionPlan =
  | { readonly kind: 'none' }
  | { readonly kind: 'refusal'; readonly reasons: readonly { readonly why: string; readonly hint: string }[] }
  | {
      readonly kind: 'changes';
      readonly changes: PartitionChanges;
      /** Those that are new. */
      readonly made: readonly (PartitionConfig & { readonly number: number })[];
    };

type Change =
  | { readonly kind: 'keep' | 'add' | 'remove' | 'replace' | 'resize' }
  | { readonly kind: 'refuse'; readonly why: string };

/**
 * How the declared partitions come into a table, by Ignition's rules for partitions that are there (operator notes, "Partition
 * Reuse Semantics"). One without a number is found again by its label.
 * @param isStrict whether sizes count: they could still be put right. Pure.
 */
export function partitionChanges(
  disk: DiskConfig,
  device: BlockDevice,
  table: PartitionTable,
  isStrict: boolean,
): PartitionPlan {
  const rows = disk.partitions.map((partition) => {
    const entry = find(partition, table);
    return { partition, entry, change: changeOf(partition, entry, disk, device, table, isStrict) };
  });
  const reasons = rows.flatMap(({ change }) => {
    const hint = 'declare it as it is, or say that it may be replaced';
    return change.kind === 'refuse' ? [{ why: change.why, hint }] : [];
  });
  if (reasons.length > 0) return { kind: 'refusal', reasons };
  if (rows.every(({ change }) => change.kind === 'keep')) return { kind: 'none' };
  const of = (...kinds: readonly Change['kind'][]): typeof rows =>
    rows.filter(({ change }) => kinds.includes(change.kind));
  const remove = of('remove', 'replace').flatMap(({ entry }) => entry?.number ?? []);
  const resize = of('resize').flatMap(({ partition: { size }, entry }) =>
    entry === undefined ? [] : [{ number: entry.number, ...(size.kind === 'bytes' ? { sizeBytes: size.bytes } : {}) }],
  );
  const taken = new Set([
    ...table.partitions.map(({ number }) => number).filter((number) => !remove.includes(number)),
    ...disk.partitions.map(({ number }) => number),
  ]);
  const made = of('add', 'replace').map(({ partition, entry }) => {
    let number = partition.number ?? entry?.number ?? 1;
    while (partition.number === undefined && taken.has(number)) number += 1;
    taken.add(number);
    return { ...partition, number };
  });
  const add = made.map((partition) => `${partitionLine(partition, disk, device.sizeBytes)}\n`).join('');
  return { kind: 'changes', changes: { remove, resize, add }, made };
}

function find({ number, label }: PartitionConfig, { partitions }: PartitionTable): PartitionEntry | undefined {
  return partitions.find((entry) => (number === undefined ? entry.name === label : entry.number === number));
}

function changeOf(
  partition: PartitionConfig,
  entry: PartitionEntry | undefined,
  disk: DiskConfig,
  device: BlockDevice,
  table: PartitionTable,
  isStrict: boolean,
): Change {
  const { otherwise = [], isAbsent, label } = partition;
  const name = `partition ${entry?.number ?? 0}${entry?.name === undefined ? '' : ` (${entry.name})`}`;
  if (isAbsent === true) {
    if (entry === undefined) return { kind: 'keep' };
    return otherwise.includes('replace') ? { kind: 'remove' } : { kind: 'refuse', why: `${name} is there` };
  }
  if (entry === undefined) return { kind: 'add' };
  const isRight = isAlike(partition, entry, disk, table) && (label === undefined || entry.name === label);
  const isSized = !isStrict || hasDeclaredSize(partition, entry, device, table);
  if (isRight && isSized) return { kind: 'keep' };
  if (otherwise.includes('replace')) return { kind: 'replace' };
  if (isRight && otherwise.includes('resize')) return { kind: 'resize' };
  return { kind: 'refuse', why: `${name} is not as declared${isRight ? ': its size is another' : ''}` };
}

/** A partition that is to take the rest has it unless it was to be resized: then nothing may be left behind it. */
function hasDeclaredSize(
  { size, otherwise = [] }: PartitionConfig,
  { number, sizeSectors }: PartitionEntry,
  device: BlockDevice,
  { sectorBytes }: PartitionTable,
): boolean {
  if (size.kind === 'bytes') return sizeSectors * sectorBytes === size.bytes;
  return !otherwise.includes('resize') || spaceBehind(number, device) < 2 * mebibyte;
}
