import type { Translating } from '../context.ts';
import type { TracedRecord } from '../traced.ts';

/** The numbers of the boot disk's own partitions. */
const reservedNumbers: Readonly<Record<string, number>> = {
  'BIOS-BOOT': 1,
  'PowerPC-PReP-boot': 1,
  'EFI-SYSTEM': 2,
  boot: 3,
  root: 4,
};
const smallRootMiB = 8192;

/** Warns of partitions of the boot disk that are likely to be a mistake: in the Ignition config, sugar included. */
export function checkPartitions(ignition: TracedRecord, { spec: { fcos }, at }: Translating): void {
  if (fcos === undefined) return;
  for (const disk of ignition.record('storage').records('disks')) {
    const partitions = disk.records('partitions');
    for (const partition of partitions) {
      const label = partition.text('label');
      if (label === undefined) continue;
      const place = at([...partition.from, 'label']);
      if (label === 'root' && fcos >= 3) {
        const size = partition.whole('sizeMiB') ?? 0;
        const others = partitions.filter((other) => other !== partition);
        if (size !== 0 && size < smallRootMiB) {
          at([...partition.from, 'size_mib']).warn('small-root', 'the root partition should have 8 GiB at least');
        } else if (size === 0 && others.some((other) => (other.whole('startMiB') ?? 0) === 0)) {
          place.warn('constrained-root', 'the root partition cannot grow: another one is placed right behind it');
        }
      }
      const number = Object.hasOwn(reservedNumbers, label) ? reservedNumbers[label] : undefined;
      if (disk.isTrue('wipeTable') || number === undefined || partition.whole('number') === number) continue;
      place.warn(
        'partition-number',
        `the partition "${label}" of the image has the number ${number}: a new one is made`,
      );
    }
  }
}
