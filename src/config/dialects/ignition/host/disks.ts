import type { Place } from '../../../place.ts';
import type { Disk, Filesystem, Partition, Raid, Storage } from '../model.ts';
import type { HostContext } from './context.ts';
import { takeLuks } from './luks.ts';

/** sfdisk(8)'s word for what Ignition makes of a partition without a type. */
const defaultType = 'linux';
const mebibyte = 2 ** 20;

/** Disks, arrays, encrypted devices and file systems, as far as Berth's storage can make them. */
export function takeStorage(storage: Storage, place: Place, context: HostContext): void {
  context.each(storage.disks, place.child('disks'), (disk, at) => takeDisk(disk, at, context));
  context.each(storage.raid, place.child('raid'), (raid, at) => takeRaid(raid, at, context));
  context.each(storage.luks, place.child('luks'), (luks, at) => takeLuks(luks, at, context));
  context.each(storage.filesystems, place.child('filesystems'), (one, at) => takeFilesystem(one, at, context));
}

function takeDisk(disk: Disk, place: Place, context: HostContext): void {
  const { device = '', partitions = [], wipeTable = false } = disk;
  const before = context.host.config.refused?.length ?? 0;
  const items = partitions.map((partition, index) => {
    const at = context.at(partition, place.child('partitions').child(index));
    return partitionOf(partition, index, partitions.length, at, context);
  });
  if ((context.host.config.refused?.length ?? 0) > before) {
    context.passOver(disk, place, 'the disk is refused');
    return;
  }
  const { disks } = context.host.config.storage;
  disks.push({ device, table: 'gpt', partitions: items, overwrite: wipeTable });
  context.host.name(['disk_setup', device], place);
}

interface SizedPartition {
  size: { kind: 'bytes'; bytes: number } | { kind: 'rest' };
  type: string;
  label?: string;
}

/** Partitions are made one behind the other, in the order of the config. */
function partitionOf(
  partition: Partition,
  index: number,
  count: number,
  place: Place,
  { refuse, leave }: HostContext,
): SizedPartition {
  const { label, number = 0, sizeMiB = 0, startMiB = 0, typeGuid = '', guid = '' } = partition;
  const whole = 'give the disk "wipeTable": true and describe all of its partitions, in order';
  if (partition.shouldExist === false) {
    refuse(place.child('shouldExist'), 'Berth does not take single partitions away', whole);
  }
  if (partition.resize === true) refuse(place.child('resize'), 'Berth resizes no partition but by growing it', whole);
  if (number === index + 1) {
    place.child('number').inform('no-effect', `it is partition ${number} by its place in the list`);
  } else if (number !== 0) {
    refuse(
      place.child('number'),
      `this is partition ${index + 1} of the disk: Berth numbers them in their order`,
      whole,
    );
  }
  if (startMiB !== 0) refuse(place.child('startMiB'), 'Berth puts partitions one behind the other', 'leave it out');
  if (guid !== '') refuse(place.child('guid'), 'Berth gives partitions a GUID of its own', 'find it by its label');
  if (sizeMiB === 0 && index < count - 1) {
    refuse(place.child('sizeMiB'), 'only the last partition takes the rest of the disk', 'give it a size');
  }
  if (partition.wipePartitionEntry === true) {
    leave(
      place.child('wipePartitionEntry'),
      'a table that is not as declared is made anew as a whole',
      'use "wipeTable" of the disk',
    );
  }
  return {
    size: sizeMiB === 0 ? { kind: 'rest' } : { kind: 'bytes', bytes: sizeMiB * mebibyte },
    type: typeGuid === '' ? defaultType : typeGuid,
    ...(label === undefined || label === '' ? {} : { label }),
  };
}

const levels = new Map<string, '0' | '1' | '4' | '5' | '6' | '10'>([
  ...(['0', '1', '4', '5', '6', '10'] as const).flatMap(
    (level) =>
      [
        [level, level],
        [`raid${level}`, level],
      ] as const,
  ),
  ['stripe', '0'],
  ['mirror', '1'],
]);

function takeRaid(raid: Raid, place: Place, context: HostContext): void {
  const { name = '', level = '', devices = [], spares = 0, options = [] } = raid;
  const known = levels.get(level);
  if (known === undefined) {
    context.refuse(place.child('level'), 'Berth makes no linear arrays', 'use raid0');
    context.passOver({ ...raid, level: undefined }, place, 'the array is refused');
    return;
  }
  const array = { name, level: known, devices: [...devices], spares, options: [...options], overwrite: true };
  context.host.config.storage.raid.push(array);
  context.host.name(['berth', 'raid', name], place);
}

/** How mkfs takes a UUID. */
const uuidOptions = new Map<string, (uuid: string) => string[]>([
  ['ext4', (uuid) => ['-U', uuid]],
  ['btrfs', (uuid) => ['-U', uuid]],
  ['swap', (uuid) => ['-U', uuid]],
  ['xfs', (uuid) => ['-m', `uuid=${uuid}`]],
  ['vfat', (uuid) => ['-i', uuid.replaceAll('-', '')]],
]);

function takeFilesystem(filesystem: Filesystem, place: Place, context: HostContext): void {
  const { device = '', format = '', path = '', label = '', uuid = '', options = [], mountOptions = [] } = filesystem;
  const { config } = context.host;
  if (device === '') return;
  if (format === '') {
    context.leave(place, 'it says nothing about the device but its name', 'give "format"');
    context.passOver(filesystem, place, 'there is no "format"');
    return;
  }
  const isMade = format !== 'none' && format !== 'virtiofs';
  if (format === 'none' && filesystem.wipeFilesystem === true) {
    context.refuse(
      place.child('wipeFilesystem'),
      'Berth does not wipe what it makes nothing on',
      'wipe the device by hand',
    );
  }
  if (isMade) {
    const extra = uuid === '' ? [] : (uuidOptions.get(format)?.(uuid) ?? []);
    const overwrite = filesystem.wipeFilesystem === true;
    const made = { device, type: format, options: [...extra, ...options], overwrite, replaces: [] };
    config.storage.filesystems.push({ ...made, ...(label === '' ? {} : { label }) });
    context.host.name(['fs_setup', device], place);
  } else {
    unusedOf(filesystem, place, context);
  }
  if (format === 'swap') {
    if (path !== '') context.leave(place.child('path'), 'swap space is not mounted', 'leave it out');
    config.swap.push({ kind: 'device', source: device, options: [...mountOptions] });
    context.host.name(['swap', device], place);
  } else if (path !== '' && format !== 'none') {
    config.mounts.push({ source: device, target: path, type: format, options: [...mountOptions] });
    context.host.name(['mounts', path], place);
  } else if (mountOptions.length > 0) {
    context.leave(place.child('mountOptions'), 'it is not mounted', 'give "path"');
  }
}

/** What is said of a file system that is not made. */
function unusedOf(
  { label = '', uuid = '', options = [], format = '', path = '' }: Filesystem,
  place: Place,
  { leave }: HostContext,
): void {
  const unused = {
    label: label !== '',
    uuid: uuid !== '',
    options: options.length > 0,
    path: format === 'none' && path !== '',
  };
  for (const [key, isUsed] of Object.entries(unused)) {
    if (isUsed) leave(place.child(key), `no file system is made where the format is "${format}"`, 'leave it out');
  }
}
