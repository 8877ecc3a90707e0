import type { FilesystemConfig } from '../../config/storage-config.ts';
import { formatPath } from '../../core/diagnostic.ts';
import type { StorageDraft } from './draft.ts';
import { isFilesystem, isReplaceable } from './signature.ts';

/** The file system on a device. Pure. */
export function planFilesystem(filesystem: FilesystemConfig, draft: StorageDraft): void {
  const { device: name, type, label, options, overwrite, replaces } = filesystem;
  const about = { key: formatPath(['fs_setup', name]), subject: `filesystem${name}` };
  const maker = draft.makerOf(name);
  // What an assembled array or an opened device holds can be seen once it is there.
  if (maker?.isKept === true) return;
  if (maker === undefined) {
    const device = draft.device(name);
    if (device === undefined) {
      draft.missing(about, name);
      return;
    }
    if (isFilesystem(device.signature, filesystem)) return;
    const mayLose = overwrite || isReplaceable(device.signature, replaces);
    if (!draft.mayReplace(name, device, mayLose, about, draft.mayDestroy(name, device))) return;
  }
  const request = { type, ...(label === undefined ? {} : { label }), options };
  draft.add(
    { kind: 'make-filesystem', device: name, request, overwrite, replaces },
    {
      ...about,
      id: `make-filesystem:${name}`,
      after: maker === undefined ? [] : [maker.id],
      summary: `make a file system on ${name} (${type})`,
    },
  );
}
