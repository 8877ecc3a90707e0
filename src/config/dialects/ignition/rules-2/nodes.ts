import type { Place } from '../../../place.ts';
import { decimalMode } from '../../butane/checks/mode.ts';
import type { File2, Node2, Storage2 } from '../model-2.ts';
import { warnOfDecimalMode } from '../rules/paths.ts';
import { checkPath2 } from './disks.ts';
import { checkResource2 } from './source.ts';

const kinds = ['files', 'links', 'directories'] as const;

/** Files, links and directories under 2.`minor`. */
export function checkNodes2(storage: Storage2, place: Place, minor: number): void {
  const names = new Set(['root']);
  for (const [index, { name = '' }] of (storage.filesystems ?? []).entries()) {
    if (names.has(name)) {
      const at = place.child('filesystems').child(index);
      at.warn('duplicate', `a file system of the name ${JSON.stringify(name)} is there before`);
    }
    names.add(name);
  }
  for (const kind of kinds) {
    for (const [index, node] of (storage[kind] ?? []).entries()) {
      checkNode(node, names, place.child(kind).child(index));
      if (kind === 'links') continue;
      checkMode(node, place.child(kind).child(index).child('mode'), minor, kind === 'directories');
    }
  }
  for (const [index, file] of (storage.files ?? []).entries())
    checkFile(file, place.child('files').child(index), minor);
}

function checkNode(
  { filesystem = '', path, user = {}, group = {} }: Node2,
  names: ReadonlySet<string>,
  place: Place,
): void {
  checkPath2(path, place.child('path'));
  if (filesystem === '') {
    place.child('filesystem').error('missing-key', '"filesystem" is missing', '"filesystem": "root"');
  } else if (!names.has(filesystem)) {
    const message = `no file system of this config has the name ${JSON.stringify(filesystem)}; another config may have it`;
    place.child('filesystem').warn('unknown-name', message);
  }
  for (const [key, owner] of Object.entries({ user, group })) {
    if (owner.id !== undefined && (owner.name ?? '') !== '') {
      place.child(key).error('conflict', 'has both an id and a name; give one of them');
    }
  }
}

function checkMode(
  { mode }: Node2 & { readonly mode?: number },
  place: Place,
  minor: number,
  isDirectory: boolean,
): void {
  checkMode2(mode, place, isDirectory);
  if (mode === undefined && minor >= 2) {
    place.warn('missing-key', '"mode" is missing, so nobody has a right to it: the mode is 0', '"mode": 420 is 0644');
  }
}

/** A file mode, when there is one. */
export function checkMode2(mode: number | undefined, place: Place, isDirectory = false): void {
  if (mode === undefined) return;
  if (mode < 0 || mode > 0o7777)
    place.error('invalid-value', `${mode} is no file mode: it is a decimal number up to 4095 (octal 7777)`);
  else if (decimalMode(mode, isDirectory) !== undefined) warnOfDecimalMode(mode, place);
}

function checkFile(file: File2, place: Place, minor: number): void {
  if (file.overwrite === true && file.append === true) {
    place.error('conflict', '"append" and "overwrite" exclude each other');
  }
  checkResource2(file.contents ?? {}, place.child('contents'), minor);
}
