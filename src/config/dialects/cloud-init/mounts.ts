import type { MountConfig } from '../../host-config.ts';
import { honoured, type KeyRow } from '../../key-table.ts';
import type { Place } from '../../place.ts';
import { convert, describeValue, either, type Located, list, located, nothing, word } from '../../shape.ts';
import type { CloudInitDraft } from './draft.ts';

const cells = list(convert(located(either(word, nothing)), (cell): Located<string | null> => cell));
type Cells = Located<string | null>[];

function withoutEffect(index: number, value: string): string {
  return `the field for ${index === 0 ? 'dump' : 'fsck'} (${describeValue(value)}) has no effect`;
}

/** fs_spec, fs_file, fs_vfstype, fs_mntops, fs_freq, fs_passno: fstab(5). */
const defaultFields: readonly (string | null)[] = [null, null, 'auto', 'defaults,nofail', '0', '2'];

/** Options that only systemd reads, and what is so without them. */
const systemdOptions: readonly { readonly pattern: RegExp; readonly why: string }[] = [
  {
    pattern: /^x-systemd\.(requires|after|before|wanted-by|required-by|requires-mounts-for)/,
    why: 'disks are set up before mounts, and mounts before services',
  },
  {
    pattern: /^x-systemd\.(device-timeout|mount-timeout)/,
    why: 'a device that comes late is mounted when it is there',
  },
  { pattern: /^x-systemd\.(automount|idle-timeout)/, why: 'there is no systemd on Berth, so it is mounted at boot' },
  { pattern: /^x-systemd\.makefs/, why: 'file systems are made by "fs_setup"' },
  { pattern: /^x-systemd\.growfs/, why: 'file systems grow by "growpart"' },
  { pattern: /^x-systemd\./, why: 'there is no systemd on Berth' },
];

/** `mount_default_fields` and `mounts`. */
export const mountRows: readonly KeyRow<CloudInitDraft>[] = [
  honoured<CloudInitDraft, Cells>({
    key: 'mount_default_fields',
    meaning: 'the file system type and options of `mounts` entries that leave them out',
    shape: cells,
    apply(fields, draft) {
      draft.mountDefaults = fields;
      for (const [index, { value, place }] of fields.slice(4, 6).entries())
        if (value !== null && value !== '0' && value !== '2') place.warn('unsupported', withoutEffect(index, value));
    },
  }),
  honoured<CloudInitDraft, Located<Cells>[]>({
    key: 'mounts',
    meaning:
      'file systems to mount and swap devices to use: source, mount point, type, options (`nofail`, `noauto` and `_netdev` as in fstab; those of systemd are reported)',
    shape: list(located(cells)),
    apply(mounts, draft) {
      for (const { value, place } of mounts) addMount(draft, value, place);
    },
  }),
];

function addMount(draft: CloudInitDraft, given: Cells, place: Place): void {
  const field = (index: number): string | null => {
    const own = given[index]?.value;
    if (own !== undefined && own !== null) return own;
    draft.usedMountDefaults.add(index);
    return draft.mountDefaults === undefined
      ? (defaultFields[index] ?? null)
      : (draft.mountDefaults[index]?.value ?? null);
  };
  const placeOf = (index: number): Place => given[index]?.place ?? place;
  const entry = given.map(({ value }) => value);
  const source = draft.device(given[0]?.value ?? '', place, entry);
  if (source === undefined) return;
  const target = field(1);
  const type = field(2) ?? 'auto';
  const options = optionsOf(field(3) ?? 'defaults', placeOf(3));
  for (const [index, { value, place: at }] of given.slice(4, 6).entries())
    if (value !== null && value !== '0') at.warn('unsupported', withoutEffect(index, value));
  const name = type === 'swap' ? ['swap', source] : ['mounts', target?.replace(/\/+$/, '') ?? ''];
  if (draft.host.isNamed(name)) {
    place.error('duplicate', `another entry has ${type === 'swap' ? source : target}`);
  } else if (type === 'swap') {
    draft.host.config.swap.push({ kind: 'device', source, options });
    draft.host.name(['swap', source], place);
  } else if (target === null) {
    place.warn('unsupported', 'has no mount point; Berth mounts only what is declared, so there is nothing to remove');
  } else if (!target.startsWith('/') || target.split('/').includes('..') || target === '/') {
    placeOf(1).error('invalid-value', `"${target}" is not the absolute path of a mount point`);
  } else if (/[\s\0]/.test(source + target + type)) {
    place.error('invalid-value', 'a source, mount point or type with blanks cannot be mounted');
  } else {
    const mount: MountConfig = { source, target: target.replace(/\/+$/, ''), type, options };
    draft.host.config.mounts.push({ ...mount, options });
    draft.host.name(['mounts', mount.target], place);
  }
}

function optionsOf(text: string, place: Place): string[] {
  const options = text.split(',').filter((option) => option !== '');
  return options.filter((option) => {
    const why = systemdOptions.find(({ pattern }) => pattern.test(option))?.why;
    if (why !== undefined) place.warn('unsupported', `the option "${option}" has no effect: ${why}`);
    return why === undefined;
  });
}
