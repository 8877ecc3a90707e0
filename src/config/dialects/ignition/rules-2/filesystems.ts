import type { Place } from '../../../place.ts';
import { describeValue } from '../../../shape.ts';
import type { Filesystem2, Mount2 } from '../model-2.ts';
import { checkPath2 } from './disks.ts';

const labelBytes = new Map<string, number>([
  ['ext4', 16],
  ['btrfs', 256],
  ['xfs', 12],
  ['swap', 15],
  ['vfat', 11],
]);

/** A file system under 2.`minor`: one that is mounted while files are written, or a path that is there. */
export function checkFilesystem2({ name = '', mount, path }: Filesystem2, place: Place, minor: number): void {
  const where = path === undefined ? 'only mounted while Ignition runs' : `what is at ${path}`;
  place.inform('alias', `the file system ${JSON.stringify(name)} of this config is ${where}`);
  if (mount === undefined && path === undefined) place.error('missing-key', 'has neither "mount" nor "path"');
  if (mount !== undefined && path !== undefined) place.error('conflict', '"mount" and "path" exclude each other');
  if (path !== undefined) checkPath2(path, place.child('path'));
  if (mount !== undefined) checkMount(mount, place.child('mount'), minor);
}

function checkMount(mount: Mount2, place: Place, minor: number): void {
  const { format = '', label = '' } = mount;
  checkPath2(mount.device, place.child('device'));
  const formats = minor === 0 ? ['ext4', 'btrfs', 'xfs'] : [...labelBytes.keys()];
  if (!formats.includes(format)) {
    const hint = `one of ${formats.join(', ')}`;
    place.child('format').error('invalid-value', `${describeValue(format)} is no format of a file system here`, hint);
  }
  const limit = labelBytes.get(format);
  if (limit !== undefined && Buffer.byteLength(label) > limit) {
    place.child('label').error('invalid-value', `the label of ${format} has at most ${limit} bytes`);
  }
  if (mount.create === undefined || minor === 0) return;
  const create = place.child('create');
  if (mount.wipeFilesystem === true) create.error('conflict', '"create" and "wipeFilesystem" exclude each other');
  if ((mount.options ?? []).length > 0) create.error('conflict', '"create" and "options" exclude each other');
  create.warn('deprecated', '"create" is outdated', 'use "wipeFilesystem" and "options" of the mount');
}
