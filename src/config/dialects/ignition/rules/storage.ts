import type { Place } from '../../../place.ts';
import type { Storage } from '../model.ts';
import { checkDisk, checkRaid } from './disks.ts';
import { checkFilesystem } from './filesystems.ts';
import { checkLuks } from './luks.ts';
import { checkNodes } from './nodes.ts';

/** `storage` under 3.`minor`. */
export function checkStorage(storage: Storage, place: Place, minor: number): void {
  const each = <T>(
    key: keyof Storage,
    items: readonly T[] | undefined,
    check: (item: T, place: Place) => void,
  ): void => {
    for (const [index, item] of (items ?? []).entries()) check(item, place.child(key).child(index));
  };
  each('disks', storage.disks, checkDisk);
  each('raid', storage.raid, checkRaid);
  each('filesystems', storage.filesystems, (filesystem, at) => checkFilesystem(filesystem, at, minor));
  each('luks', storage.luks, (luks, at) => checkLuks(luks, at, minor));
  checkNodes(storage, place, minor);
  checkWholeDisks(storage, place);
}

/** A file system on a disk of which the config also says something. */
function checkWholeDisks({ disks = [], filesystems = [] }: Storage, place: Place): void {
  const byDevice = new Map(disks.map((disk) => [disk.device ?? '', disk]));
  for (const [index, { device = '', wipeFilesystem }] of filesystems.entries()) {
    const disk = byDevice.get(device);
    const at = place.child('filesystems').child(index).child('device');
    if ((disk?.partitions ?? []).length > 0) {
      at.warn('conflict', 'the file system takes the whole disk, which the config also partitions');
    } else if (disk?.wipeTable === true && wipeFilesystem !== true) {
      at.warn('conflict', '"wipeTable" of this disk also takes the file system away that is to be kept');
    }
  }
}
