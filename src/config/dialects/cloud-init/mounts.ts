import type { MountConfig } from '../../host-config.ts';
import { honoured, type KeyRow } from '../../key-table.ts';
import type { Place } from '../../place.ts';
import { convert, either, type Located, list, located, nothing, word } from '../../shape.ts';
import type { CloudInitDraft } from './draft.ts';

const cells = list(convert(located(either(word, nothing)), (cell): Located<string | null> => cell));
type Cells = Located<string | null>[];

/** fs_spec, fs_file, fs_vfstype, fs_mntops, fs_freq, fs_passno: fstab(5). */
const defaultFields: readonly (string | null)[] = [null, null, 'auto', 'defaults,nofail', '0', '2'];

/** `mount_default_fields` and `mounts`. */
export const mountRows: readonly KeyRow<CloudInitDraft>[] = [
  honoured<CloudInitDraft, Cells>({
    key: 'mount_default_fields',
    meaning: 'the file system type and options of `mounts` entries that leave them out',
    shape: cells,
    apply(fields, draft) {
      draft.mountDefaults = fields.map(({ value }) => value);
    },
  }),
  honoured<CloudInitDraft, Located<Cells>[]>({
    key: 'mounts',
    meaning: 'file systems to mount: source, mount point, type, options',
    shape: list(located(cells)),
    apply(mounts, draft) {
      for (const { value, place } of mounts) {
        const mount = toMount(value, draft.mountDefaults ?? defaultFields, place);
        if (mount === undefined) continue;
        draft.host.config.mounts.push({ ...mount, options: [...mount.options] });
        draft.host.name(['mounts', mount.target], place);
      }
    },
  }),
];

function toMount(given: Cells, defaults: readonly (string | null)[], place: Place): MountConfig | undefined {
  const field = (index: number): string | null => given[index]?.value ?? defaults[index] ?? null;
  const source = deviceOf(given[0]?.value ?? '');
  const target = field(1);
  const type = field(2) ?? 'auto';
  if (source === undefined) {
    place.warn(
      'unsupported',
      'mounts a device that only a cloud provider knows by this name',
      'give a path below /dev, LABEL= or UUID=',
    );
    return undefined;
  }
  if (type === 'swap' || target === 'none' || target === 'swap') {
    place.warn('unsupported', 'Berth does not use swap yet');
    return undefined;
  }
  if (target === null) {
    place.warn('unsupported', 'has no mount point; Berth mounts only what is declared, so there is nothing to remove');
    return undefined;
  }
  if (!target.startsWith('/') || target.split('/').includes('..')) {
    (given[1]?.place ?? place).error('invalid-value', `"${target}" is not an absolute path`);
    return undefined;
  }
  for (const cell of given.slice(4)) cell.place.warn('unsupported', 'the fields for dump and fsck have no effect');
  return { source, target, type, options: (field(3) ?? 'defaults').split(',').filter((option) => option !== '') };
}

/** A source as mount(8) takes it; undefined for a provider's alias. A bare kernel name is below /dev, as in cloud-init. */
function deviceOf(source: string): string | undefined {
  if (/^(ephemeral|swap|ami|root)\d*(\.\d+)?$/.test(source) || source === '') return undefined;
  return /^(sd|hd|vd|xvd|nvme|mmcblk|md|dm-|disk\/)/.test(source) ? `/dev/${source}` : source;
}
