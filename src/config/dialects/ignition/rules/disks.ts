import type { Place } from '../../../place.ts';
import { describeValue } from '../../../shape.ts';
import type { Disk, Partition, Raid } from '../model.ts';
import { type Extent, firstOverlap } from './overlap.ts';
import { checkPath } from './paths.ts';

/** A disk and its partitions. */
export function checkDisk(disk: Disk, place: Place): void {
  const { device = '', partitions = [] } = disk;
  if (device === '') {
    place.child('device').error('missing-key', '"device" is missing');
  } else {
    checkPath(device, place.child('device'));
    checkTogether(partitions, place.child('partitions'));
  }
  for (const [index, partition] of partitions.entries()) {
    checkPartition(partition, place.child('partitions').child(index));
  }
}

/** What partitions of one disk may not have in common; one finding of each kind. */
function checkTogether(partitions: readonly Partition[], place: Place): void {
  const numbers = partitions.map(({ number = 0 }) => (number === 0 ? undefined : number));
  const collision = firstTwin(numbers);
  if (collision !== -1) {
    place.child(collision).error('duplicate', `the partition number ${numbers[collision] ?? 0} is used twice`);
  }
  const overlap = firstOverlap(partitions.map(extentOf));
  if (overlap !== -1) place.child(overlap).error('invalid-value', 'overlaps another partition of the disk');
  const labels = partitions.map(({ label }) => label);
  const twin = firstTwin(labels);
  if (twin !== -1) place.child(twin).error('duplicate', `the label ${describeValue(labels[twin])} is used twice`);
}

/** Index of the first value that stands before already; -1 without one. */
function firstTwin(values: readonly (number | string | undefined)[]): number {
  const seen = new Set<number | string>();
  return values.findIndex((value) => value !== undefined && seen.size === seen.add(value).size);
}

function extentOf({ startMiB, sizeMiB }: Partition): Extent | undefined {
  if (startMiB === undefined || sizeMiB === undefined || startMiB === 0) return undefined;
  // A size of 0 takes what is free: only the start is known.
  return { start: startMiB, end: sizeMiB === 0 ? startMiB : startMiB + sizeMiB - 1 };
}

const guidPattern = /^(?:[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12})?$/;

function checkPartition(partition: Partition, place: Place): void {
  const { label, number = 0, guid = '', typeGuid = '', sizeMiB, startMiB } = partition;
  const saysMore = [label, sizeMiB, startMiB].some((value) => value !== undefined) || guid !== '' || typeGuid !== '';
  if (partition.shouldExist === false && saysMore) {
    place.error('conflict', 'a partition that is not to exist has nothing but its number');
  }
  if (number === 0 && label === undefined) place.error('missing-key', 'a partition needs a number above 0 or a label');
  if (label !== undefined && Buffer.byteLength(label) > 36) {
    place.child('label').error('invalid-value', 'a partition label has at most 36 bytes');
  } else if (label?.includes(':') === true) {
    place.child('label').error('invalid-value', 'a partition label has no ":" in it');
  }
  for (const [key, value] of Object.entries({ guid, typeGuid })) {
    if (!guidPattern.test(value)) place.child(key).error('invalid-value', `${describeValue(value)} is not a GUID`);
  }
}

const stripes = ['linear', 'raid0', '0', 'stripe'];
const otherLevels = ['raid1', '1', 'mirror', 'raid4', '4', 'raid5', '5', 'raid6', '6', 'raid10', '10'];

/** A software RAID. */
export function checkRaid(raid: Raid, place: Place): void {
  const { level = '', devices = [], spares = 0 } = raid;
  if (stripes.includes(level)) {
    if (spares !== 0) place.child('level').error('conflict', `an array of the level "${level}" has no spares`);
  } else if (!otherLevels.includes(level)) {
    const message = level === '' ? '"level" is missing' : `${describeValue(level)} is no level of a RAID`;
    place.child('level').error('invalid-value', message, `one of ${[...stripes, ...otherLevels].join(', ')}`);
  }
  if (devices.length === 0) place.child('devices').error('missing-key', '"devices" is missing');
  for (const [index, device] of devices.entries()) checkPath(device, place.child('devices').child(index));
}
