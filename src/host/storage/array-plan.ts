import type { RaidConfig } from '../../config/storage-config.ts';
import type { StorageDraft } from './draft.ts';
import { arrayPath } from './makers.ts';
import { isMemberOf } from './signature.ts';

/** An array: assembled where its parts are, else made. Pure. */
export function planArray(array: RaidConfig, draft: StorageDraft): void {
  const { name, level, devices, spares, options } = array;
  const path = arrayPath(name);
  const about = { key: `berth.raid.${name}`, subject: `raid/${name}` };
  if (draft.device(path) !== undefined) return;
  const after = devices.flatMap((device) => draft.makerOf(device)?.id ?? []);
  const members = devices.filter((device) => isMemberOf(draft.device(device)?.signature, name));
  if (members.length > 0 && after.length === 0) {
    const id = `assemble-array:${name}`;
    draft.makes(path, { id, isKept: true });
    const summary = `assemble ${path} of ${members.join(', ')}`;
    draft.add({ kind: 'assemble-array', name, devices: members }, { ...about, id, summary });
    return;
  }
  for (const member of devices) {
    if (draft.makerOf(member) !== undefined) continue;
    const device = draft.device(member);
    if (device === undefined) {
      draft.missing(about, member);
      return;
    }
    const mayDestroy = draft.context.mayDestroy(member, device.path, path);
    if (!draft.mayReplace(member, device, array.overwrite, about, mayDestroy)) return;
  }
  const id = `create-array:${name}`;
  draft.makes(path, { id, isKept: false });
  draft.add(
    { kind: 'create-array', array: { name, level, devices, spares, options } },
    { ...about, id, after, summary: `create ${path} (RAID ${level} of ${devices.join(', ')})` },
  );
}
