import type { Draft } from '../../../host-draft.ts';
import type { Place } from '../../../place.ts';
import type { PartitionConfig, RaidConfig } from '../../../storage-config.ts';
import type { Disk, Filesystem, Partition, Raid, Storage } from '../model.ts';
import type { HostContext } from './context.ts';
import { takeLuks } from './luks.ts';

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
  // As Ignition has it: those without a number take what the others leave.
  const inOrder = [...partitions.entries()].toSorted(([, a], [, b]) => Number(isFree(a)) - Number(isFree(b)));
  const items = inOrder.map(([index, partition], order) => {
    const at = context.at(partition, place.child('partitions').child(index));
    return partitionOf(
      partition,
      inOrder.slice(order + 1).every(([, one]) => one.shouldExist === false),
      at,
      context,
    );
  });
  if ((context.host.config.refused?.length ?? 0) > before) {
    context.passOver(disk, place, 'the disk is refused');
    return;
  }
  const { disks } = context.host.config.storage;
  disks.push({ device, table: 'gpt', partitions: items, overwrite: wipeTable, others: 'keep' });
  context.host.name(['disk_setup', device], place);
}

function isFree({ number = 0 }: Partition): boolean {
  return number === 0;
}

function partitionOf(
  partition: Partition,
  isLast: boolean,
  place: Place,
  { refuse }: HostContext,
): Draft<PartitionConfig> {
  const { label, number = 0, sizeMiB = 0, startMiB = 0, typeGuid = '', guid = '', shouldExist } = partition;
  if (sizeMiB === 0 && !isLast && shouldExist !== false) {
    refuse(place.child('sizeMiB'), 'only the last partition takes the rest of the disk', 'give it a size');
  }
  const otherwise = [
    ...(partition.wipePartitionEntry === true ? ['replace' as const] : []),
    ...(partition.resize === true ? ['resize' as const] : []),
  ];
  return {
    size: sizeMiB === 0 ? { kind: 'rest' } : { kind: 'bytes', bytes: sizeMiB * mebibyte },
    ...(typeGuid === '' ? {} : { type: typeGuid }),
    ...(label === undefined || label === '' ? {} : { label }),
    ...(number === 0 ? {} : { number }),
    ...(startMiB === 0 ? {} : { startBytes: startMiB * mebibyte }),
    ...(guid === '' ? {} : { guid: guid.toLowerCase() }),
    ...(otherwise.length === 0 ? {} : { otherwise }),
    ...(shouldExist === false ? { isAbsent: true } : {}),
  };
}

const levels = new Map<string, RaidConfig['level']>([
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
  const { level = '', devices = [], spares = 0, options = [] } = raid;
  const name = (raid.name ?? '').replace(/^\/dev\/md\//, '');
  if (name.includes('/')) {
    context.refuse(place.child('name'), 'arrays are below /dev/md', 'give a name without "/"');
    context.passOver(raid, place, 'the array is refused');
    return;
  }
  const known = levels.get(level);
  if (known === undefined) {
    const why = 'the kernel has no linear arrays: they left Linux with 6.8';
    context.refuse(place.child('level'), why, 'use raid0, which takes devices of different sizes, too');
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
