import type { Place } from '../../../place.ts';
import { describeValue } from '../../../shape.ts';
import type { Disk2, Partition2, Raid2 } from '../model-2.ts';
import { type Extent, firstOverlap } from '../rules/overlap.ts';

/** An absolute path. */
export function checkPath2(path: string | undefined, place: Place): void {
  if (path === undefined || path === '') place.error('missing-key', 'the path is missing');
  else if (!path.startsWith('/')) place.error('invalid-value', `${describeValue(path)} is not an absolute path`);
}

/** A disk and its partitions under 2.`minor`. */
export function checkDisk2({ device, partitions = [] }: Disk2, place: Place, minor: number): void {
  checkPath2(device, place.child('device'));
  const at = place.child('partitions');
  const numbers = partitions.map(({ number = 0 }) => number);
  const used = numbers.filter((number) => number !== 0);
  if (new Set(used).size < used.length) {
    at.error('duplicate', 'a partition number is used twice');
  }
  if (overlap(partitions, minor)) at.error('invalid-value', 'the partitions overlap');
  // Sectors of 512 bytes: whole MiB.
  if (partitions.some(({ start = 0 }) => start % 2048 !== 0)) {
    at.error('invalid-value', 'a partition starts at a multiple of 2048 sectors');
  }
  if (minor >= 3) checkUnits(partitions, at);
  for (const [index, partition] of partitions.entries()) checkPartition(partition, at.child(index), minor);
}

function checkUnits(partitions: readonly Partition2[], place: Place): void {
  const has = (...keys: readonly (keyof Partition2)[]): boolean =>
    partitions.some((partition) => keys.some((key) => partition[key] !== undefined));
  if (has('size', 'start') && has('sizeMiB', 'startMiB')) {
    place.error('conflict', 'the disk has sizes in sectors and in MiB', 'use sizeMiB and startMiB everywhere');
  }
  const isZero = partitions.some(({ number = 0 }) => number === 0);
  if (isZero && partitions.some(({ shouldExist }) => shouldExist === false)) {
    place.error('conflict', 'where a partition is not to exist, every partition needs a number');
  }
}

function overlap(partitions: readonly Partition2[], minor: number): boolean {
  // Up to 2.2 what is left out is 0, and partitions of the same words are the same one.
  const missing = minor >= 3 ? undefined : 0;
  const words = new Set<string>();
  const extents = partitions.flatMap((partition): Extent[] => {
    const { start = missing, size = missing } = partition;
    const isSame = minor < 3 && words.size === words.add(JSON.stringify(valuesOf(partition))).size;
    if (start === undefined || size === undefined || start === 0 || isSame) return [];
    return [{ start, end: size === 0 ? start : start + size - 1 }];
  });
  return firstOverlap(extents) !== -1;
}

function valuesOf({ label = '', number = 0, size = 0, start = 0, typeGuid = '', guid = '' }: Partition2): unknown[] {
  return [label, number, size, start, typeGuid, guid];
}

const guidPattern = /^(?:[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12})?$/;

function checkPartition(partition: Partition2, place: Place, minor: number): void {
  const { label, guid = '', typeGuid = '', size, start } = partition;
  if (label !== undefined && Buffer.byteLength(label) > 36) {
    place.child('label').error('invalid-value', 'a partition label has at most 36 bytes');
  }
  if (label?.includes(':') === true) {
    place.child('label').warn('invalid-value', 'a partition label ends before ":"', 'leave the ":" out');
  }
  for (const [key, value] of Object.entries({ guid, typeGuid })) {
    if (!guidPattern.test(value)) place.child(key).error('invalid-value', `${describeValue(value)} is not a GUID`);
  }
  if (minor < 3) return;
  const saysMore = [label, size, start].some((value) => value !== undefined) || guid !== '' || typeGuid !== '';
  if (partition.shouldExist === false && saysMore) {
    place.error('conflict', 'a partition that is not to exist has nothing but its number');
  }
  for (const key of ['size', 'start'] as const) {
    if (partition[key] === undefined) continue;
    place.child(key).inform('deprecated', `"${key}" counts sectors; "${key}MiB" takes its place`);
  }
}

const stripes = ['linear', 'raid0', '0', 'stripe'];
const otherLevels = ['raid1', '1', 'mirror', 'raid4', '4', 'raid5', '5', 'raid6', '6', 'raid10', '10'];

/** A software RAID. */
export function checkRaid2({ level = '', spares = 0, devices = [] }: Raid2, place: Place): void {
  if (stripes.includes(level)) {
    if (spares !== 0) place.child('level').error('conflict', `an array of the level "${level}" has no spares`);
  } else if (!otherLevels.includes(level)) {
    const hint = `one of ${[...stripes, ...otherLevels].join(', ')}`;
    place.child('level').error('invalid-value', `${describeValue(level)} is no level of a RAID`, hint);
  }
  for (const [index, device] of devices.entries()) checkPath2(device, place.child('devices').child(index));
}
