import type { Place } from '../../../place.ts';
import { describeValue } from '../../../shape.ts';
import type { Filesystem1, IgnitionConfig1 } from '../model-1.ts';
import type { Disk2, Unit2 } from '../model-2.ts';
import { checkDropinName, checkUnitName } from '../rules/units.ts';
import { checkNetworkdName } from '../rules-2/check.ts';
import { checkDisk2, checkPath2, checkRaid2 } from '../rules-2/disks.ts';
import { checkMode2 } from '../rules-2/nodes.ts';

const formats = ['ext4', 'btrfs', 'xfs'];

/** Everything that Ignition checks in a config of version 1, as the validator of module version 0.35.0 does. Pure. */
export function checkConfig1({ storage, systemd, networkd }: IgnitionConfig1, root: Place): void {
  const hint = 'write the config for version 3.0.0 or later';
  root.child('ignitionVersion').warn('deprecated', 'version 1 of Ignition is outdated', hint, 'key');
  const at = root.child('storage');
  each(storage?.disks, at.child('disks'), checkDisk1);
  each(storage?.raid, at.child('raid'), checkRaid2);
  each(storage?.filesystems, at.child('filesystems'), checkFilesystem1);
  each(systemd?.units, root.child('systemd').child('units'), checkUnit1);
  each(networkd?.units, root.child('networkd').child('units'), ({ name }, place) =>
    checkNetworkdName(name, place.child('name')),
  );
}

function each<T>(items: readonly T[] | undefined, place: Place, check: (item: T, place: Place) => void): void {
  for (const [index, item] of (items ?? []).entries()) check(item, place.child(index));
}

/** A number that is left out is 0, and counts as any other. */
function checkDisk1(disk: Disk2, place: Place): void {
  checkDisk2(disk, place, 0);
  if ((disk.partitions ?? []).filter(({ number = 0 }) => number === 0).length > 1) {
    place.child('partitions').error('duplicate', 'several partitions have no number', 'number them');
  }
}

function checkFilesystem1({ device, format = '', files }: Filesystem1, place: Place): void {
  checkPath2(device, place.child('device'));
  if (!formats.includes(format)) {
    const hint = `one of ${formats.join(', ')}`;
    place.child('format').error('invalid-value', `${describeValue(format)} is no format of a file system here`, hint);
  }
  each(files, place.child('files'), ({ path, mode }, at) => {
    checkPath2(path, at.child('path'));
    checkMode2(mode, at.child('mode'));
  });
}

/** What stands in units is not looked at. */
function checkUnit1({ name, dropins }: Unit2, place: Place): void {
  checkUnitName(name, place.child('name'));
  each(dropins, place.child('dropins'), (dropin, at) => checkDropinName(dropin.name, at.child('name')));
}
