import type { Place } from '../../../place.ts';
import { describeValue } from '../../../shape.ts';
import type { Filesystem } from '../model.ts';
import { checkPath } from './paths.ts';

/** Longest label in bytes, of the mkfs of the format. */
const formats: readonly { readonly name: string; readonly since: number; readonly label?: number }[] = [
  { name: 'ext4', since: 0, label: 16 },
  { name: 'btrfs', since: 0, label: 256 },
  { name: 'xfs', since: 0, label: 12 },
  { name: 'swap', since: 0, label: 15 },
  { name: 'vfat', since: 0, label: 11 },
  { name: 'none', since: 3 },
  { name: 'virtiofs', since: 7 },
];

/** A file system under 3.`minor`. */
export function checkFilesystem(filesystem: Filesystem, place: Place, minor: number): void {
  const { path = '', format = '', device = '' } = filesystem;
  if (path !== '') checkPath(path, place.child('path'));
  const isTag = format === 'virtiofs' && minor >= 7;
  if (!isTag) checkPath(device, place.child('device'));
  else if (device === '') place.child('device').error('missing-key', '"device" is missing: the tag of the virtiofs');
  else if (Buffer.byteLength(device) > 36) {
    place.child('device').error('invalid-value', 'the tag of a virtiofs has at most 36 bytes');
  }
  checkFormat(filesystem, place, minor);
  if (isTag) checkTagged(filesystem, place);
}

function checkFormat(filesystem: Filesystem, place: Place, minor: number): void {
  const { format = '', label = '' } = filesystem;
  const known = formats.filter(({ since }) => since <= minor);
  const found = known.find(({ name }) => name === format);
  if (format === '') {
    if (asksForFormat(filesystem)) {
      const message = '"format" is missing, and other keys say what the file system is to be like';
      place.child('format').error('missing-key', message, `one of ${known.map(({ name }) => name).join(', ')}`);
    }
    if (label !== '') place.child('label').error('conflict', 'a label needs a format');
  } else if (found === undefined) {
    const hint = `one of ${known.map(({ name }) => name).join(', ')}`;
    place.child('format').error('invalid-value', `${describeValue(format)} is no format of a file system here`, hint);
  } else if (found.label !== undefined && Buffer.byteLength(label) > found.label) {
    place.child('label').error('invalid-value', `the label of ${format} has at most ${found.label} bytes`);
  }
}

function asksForFormat({ path, label, uuid, wipeFilesystem, options, mountOptions }: Filesystem): boolean {
  const isSaid = [path, label, uuid].some((value) => value !== undefined && value !== '');
  return isSaid || wipeFilesystem === true || [options, mountOptions].some((value) => (value ?? []).length > 0);
}

/** A virtiofs is on no block device, so nothing is made of it. */
function checkTagged({ label = '', uuid = '', wipeFilesystem, options = [] }: Filesystem, place: Place): void {
  const wrong = {
    label: label !== '',
    uuid: uuid !== '',
    wipeFilesystem: wipeFilesystem === true,
    options: options.length > 0,
  };
  for (const [key, isWrong] of Object.entries(wrong)) {
    if (isWrong) place.child(key).error('conflict', `"${key}" has no meaning for a virtiofs: it is on no block device`);
  }
}
