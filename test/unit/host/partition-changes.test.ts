import { expect, test } from '@jest/globals';
import type { DiskConfig, PartitionConfig } from '../../../src/config/storage-config.ts';
import type { BlockDevice, PartitionEntry } from '../../../src/host/ports.ts';
import { partitionChanges } from '../../../src/host/storage/partition-changes.ts';
import { numbered, partitionScript } from '../../../src/host/storage/partitions.ts';

const mebibyte = 2 ** 20;
const linux = '0FC63DAF-8483-4772-8E79-3D69D8477DE4';
const sectors = (mebibytes: number): number => (mebibytes * mebibyte) / 512;

const entry = (number: number, name: string, startMiB: number, sizeMiB: number): PartitionEntry => ({
  ...{ number, name, startSector: sectors(startMiB), sizeSectors: sectors(sizeMiB), type: linux },
  guid: `0000000${number}-0000-0000-0000-000000000000`,
});
const table = {
  type: 'gpt',
  sectorBytes: 512,
  partitions: [entry(1, 'one', 1, 100), entry(3, 'three', 101, 100)],
} as const;
const device: BlockDevice = { path: '/dev/vdb', sizeBytes: 1024 * mebibyte, signature: { kind: 'none' }, table };

const bytes = (sizeMiB: number): PartitionConfig['size'] => ({ kind: 'bytes', bytes: sizeMiB * mebibyte });
const rest = { kind: 'rest' } as const;
const disk = (...partitions: PartitionConfig[]): DiskConfig => ({
  ...{ device: '/dev/vdb', table: 'gpt', overwrite: false, others: 'keep' },
  partitions,
});

interface Row {
  readonly name: string;
  readonly partitions: readonly PartitionConfig[];
  /** Later than the first apply. */
  readonly isLater?: boolean;
  /** What is removed, resized and added, or why not. */
  readonly is: string;
}

const rows: Row[] = [
  { name: 'as it is', partitions: [{ number: 1, label: 'one', size: bytes(100) }], is: 'none' },
  { name: 'by its label', partitions: [{ label: 'three', size: bytes(100) }], is: 'none' },
  { name: 'whatever size one has that is to take the rest', partitions: [{ number: 1, size: rest }], is: 'none' },
  { name: 'another one', partitions: [{ label: 'two', size: rest }], is: 'add 2 : name="two"' },
  {
    name: 'several: declared numbers are not taken by others',
    partitions: [
      { number: 2, size: bytes(5), type: 'swap' },
      { label: 'new', size: rest, guid: 'x' },
    ],
    is: 'add 2 : size=5MiB, type=0657FD6D-A4AB-43C4-84E5-0933C84B4F4F add 4 : uuid=x, name="new"',
  },
  {
    name: 'another size',
    partitions: [{ number: 1, size: bytes(50) }],
    is: 'partition 1 (one) is not as declared: its size is another',
  },
  { name: 'another size later', partitions: [{ number: 1, size: bytes(50) }], isLater: true, is: 'none' },
  {
    name: 'another size, which it gets',
    partitions: [{ number: 1, size: bytes(50), otherwise: ['resize'] }],
    is: 'resize 1 to 50',
  },
  {
    name: 'the rest, which it gets',
    partitions: [{ number: 3, size: rest, otherwise: ['resize'] }],
    is: 'resize 3 to rest',
  },
  { name: 'the rest, where there is none', partitions: [{ number: 1, size: rest, otherwise: ['resize'] }], is: 'none' },
  {
    name: 'another label is more than a size',
    partitions: [{ number: 1, label: 'x', size: bytes(50), otherwise: ['resize'] }],
    is: 'partition 1 (one) is not as declared',
  },
  {
    name: 'another type',
    partitions: [{ number: 1, size: rest, type: 'swap' }],
    is: 'partition 1 (one) is not as declared',
  },
  {
    name: 'another GUID',
    partitions: [{ number: 1, size: rest, guid: 'x' }],
    is: 'partition 1 (one) is not as declared',
  },
  { name: 'another start', partitions: [{ number: 1, size: rest, startBytes: mebibyte }], is: 'none' },
  {
    name: 'replaced',
    partitions: [{ number: 1, size: bytes(50), startBytes: 2 * mebibyte, otherwise: ['replace', 'resize'] }],
    is: 'remove 1 add 1 : start=2MiB, size=50MiB',
  },
  { name: 'gone', partitions: [{ number: 3, size: rest, isAbsent: true, otherwise: ['replace'] }], is: 'remove 3' },
  { name: 'to be gone', partitions: [{ number: 3, size: rest, isAbsent: true }], is: 'partition 3 (three) is there' },
  { name: 'gone already', partitions: [{ number: 7, size: rest, isAbsent: true }], is: 'none' },
];

test.each(rows)('$name', ({ partitions, isLater = false, is }) => {
  const plan = partitionChanges(disk(...partitions), device, table, !isLater);
  expect(textOf(plan)).toBe(is);
});

function textOf(plan: ReturnType<typeof partitionChanges>): string {
  if (plan.kind === 'none') return 'none';
  if (plan.kind === 'refusal') return plan.reasons.map(({ why }) => why).join(' ');
  const { remove, resize, add } = plan.changes;
  return [
    ...remove.map((number) => `remove ${number}`),
    ...resize.map(
      ({ number, sizeBytes }) => `resize ${number} to ${sizeBytes === undefined ? 'rest' : sizeBytes / mebibyte}`,
    ),
    ...add.split('\n').flatMap((line) => (line === '' ? [] : [`add ${line}`])),
  ].join(' ');
}

test('a whole table: numbers, beginnings and GUIDs; what is to be absent is not in it', () => {
  const whole = disk(
    { number: 2, size: bytes(10), startBytes: 4 * mebibyte, guid: 'x', label: 'a"b' },
    { number: 5, size: rest, isAbsent: true },
    { label: 'c', size: rest },
    { label: 'd', size: rest },
  );
  expect(partitionScript(whole, device.sizeBytes)).toBe(
    'label: gpt\n2 : start=4MiB, size=10MiB, uuid=x, name="ab"\nname="c"\nname="d"\n',
  );
  expect(numbered(whole).map(({ number }) => number)).toEqual([2, 1, 3]);
});
