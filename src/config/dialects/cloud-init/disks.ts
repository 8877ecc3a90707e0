import { parseBytes } from '../../compose/units.ts';
import { partitionPath } from '../../device-path.ts';
import type { SwapConfig } from '../../host-config.ts';
import { honoured, type KeyRow } from '../../key-table.ts';
import type { Place } from '../../place.ts';
import { record } from '../../record-shape.ts';
import {
  convert,
  describeEntry,
  describeValue,
  either,
  type Located,
  list,
  located,
  mapOf,
  natural,
  oneOf,
  text,
  textLike,
  truth,
  truthOr,
  word,
} from '../../shape.ts';
import type { DiskConfig, FilesystemConfig, PartitionConfig } from '../../storage-config.ts';
import { absolutePath } from '../../value-shapes.ts';
import type { CloudInitDraft } from './draft.ts';

const partitionType = textLike(
  /^([0-9A-Fa-f]{1,2}|[0-9A-Fa-f]{4}|[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}|linux|swap|raid|lvm|uefi)$/,
  'a partition type: a code such as 83, or a GUID',
);
const typeCode = convert(either(partitionType, natural), (value) => String(value));
/** sfdisk(8)'s words, which fit both kinds of table, for the codes that cloud-init's examples use. */
const typeWords: Readonly<Record<string, string>> = {
  '83': 'linux',
  '8300': 'linux',
  '82': 'swap',
  '8200': 'swap',
  fd: 'raid',
  fd00: 'raid',
  '8e': 'lvm',
  '8e00': 'lvm',
  ef: 'uefi',
  ef00: 'uefi',
};

const percent = convert(natural, (value, place) => {
  if (value >= 1 && value <= 100) return value;
  place.error('invalid-value', `${value} is not a share of the disk in percent`);
  return undefined;
});
const sized = convert(list(located(either(natural, text))), ([share, type, ...rest], place) => {
  if (share === undefined || rest.length > 0) {
    place.error('invalid-value', 'expected [PERCENT, TYPE]');
    return undefined;
  }
  const size = percent.read(share.value, share.place);
  const code = type === undefined ? '83' : typeCode.read(type.value, type.place);
  return size === undefined || code === undefined ? undefined : { size, code };
});
const partition = convert(either(sized, percent), (value): PartitionConfig => {
  const { size, code } = typeof value === 'number' ? { size: value, code: '83' } : value;
  return { size: { kind: 'percent', percent: size }, type: typeWords[code.toLowerCase()] ?? code };
});

const wholeDisk: PartitionConfig = { size: { kind: 'rest' }, type: 'linux' };
const layout = convert(
  either(either(list(partition), truth), oneOf(['auto', 'remove'])),
  (value, place): readonly PartitionConfig[] | undefined => {
    if (value === 'remove') {
      place.warn('unsupported', 'Berth only makes partition tables', 'give the layout that the disk is to have');
      return undefined;
    }
    if (!Array.isArray(value)) return value === false ? [] : [wholeDisk];
    const sum = value.reduce((total, { size }) => total + (size.kind === 'percent' ? size.percent : 0), 0);
    if (sum > 100) {
      place.error('invalid-value', `the shares add up to ${sum} percent`);
      return undefined;
    }
    // cloud-init gives the last partition what is left when the shares add up to the whole disk.
    const last = value.at(-1);
    return sum === 100 && last !== undefined ? [...value.slice(0, -1), { ...last, size: { kind: 'rest' } }] : value;
  },
);

const diskShape = record(
  { table_type: oneOf(['gpt', 'mbr'] as const), layout, overwrite: truth },
  { required: ['layout'] },
);

const partitionOf = either(natural, oneOf(['auto', 'any', 'none'] as const));
const filesystemShape = record(
  {
    device: text,
    filesystem: textLike(/^(ext[234]|xfs|vfat|btrfs|swap)$/, 'ext2, ext3, ext4, xfs, vfat, btrfs or swap'),
    label: textLike(/^[^/\s\0]{1,16}$/, 'a label: at most 16 characters, without blanks and slashes'),
    partition: partitionOf,
    overwrite: truth,
    replace_fs: word,
    extra_opts: either(list(word), text),
    cmd: { ignored: 'Berth runs no commands of a config', hint: 'give filesystem and extra_opts' },
  },
  { required: ['device', 'filesystem'] },
);

const size = convert(either(natural, text), (value, place): number | 'auto' | undefined => {
  if (value === 'auto' || typeof value === 'number') return value;
  try {
    return parseBytes(value);
  } catch {
    place.error('invalid-value', `${describeValue(value)} is not a size`, 'for example 2G, 512M or auto');
    return undefined;
  }
});
const swapShape = record({ filename: absolutePath, size, maxsize: size });

const growShape = record({
  mode: convert(truthOr(['auto', 'growpart', 'gpart', 'off']), (value) =>
    value === false || value === 'off' ? 'off' : 'auto',
  ),
  devices: list(located(text)),
  ignore_growroot_disabled: { ignored: 'Berth has no switch that keeps a disk from growing' },
});

/** `device_aliases`, `disk_setup`, `fs_setup`, `growpart`, `resize_rootfs` and `swap`. */
export const diskRows: readonly KeyRow<CloudInitDraft>[] = [
  honoured<CloudInitDraft, Record<string, string>>({
    key: 'device_aliases',
    meaning: 'names for devices, used by `disk_setup`, `fs_setup` and `mounts`',
    shape: mapOf(absolutePath),
    apply(aliases, draft, place) {
      draft.deviceAliases = aliases;
      draft.deviceAliasesPlace = place;
    },
  }),
  honoured<CloudInitDraft, Record<string, Located<NonNullable<ReturnType<typeof diskShape.read>>>>>({
    key: 'disk_setup',
    meaning:
      'partition tables of further disks; written on the first apply only, or with `berth apply --destroy DEVICE`',
    shape: mapOf(located(diskShape)),
    apply(disks, draft) {
      for (const [name, { value, place }] of Object.entries(disks)) addDisk(draft, name, value, place);
    },
  }),
  honoured<CloudInitDraft, Located<NonNullable<ReturnType<typeof filesystemShape.read>>>[]>({
    key: 'fs_setup',
    meaning:
      'file systems on further disks; made on the first apply only, or with `berth apply --destroy DEVICE`. `partition: auto` is the first partition when `disk_setup` makes some, else the whole device',
    shape: list(located(filesystemShape)),
    apply(filesystems, draft) {
      for (const { value, place } of filesystems) addFilesystem(draft, value, place);
    },
  }),
  honoured<CloudInitDraft, NonNullable<ReturnType<typeof growShape.read>>>({
    key: 'growpart',
    meaning: 'partitions, by device or mount point, that grow with their disk at every boot, with their file systems',
    shape: growShape,
    apply({ mode = 'auto', devices = [] }, draft, place) {
      if (devices.length === 0) {
        const message = `names no devices (mode ${mode}); the state partition grows by itself at every boot`;
        place.inform('no-effect', message, undefined, 'key');
        return;
      }
      const grown = devices.filter(({ value, place: at }) => isGrowable(draft, value, at));
      if (mode === 'off' || grown.length === 0) return;
      draft.host.config.storage.grow = [...new Set(grown.map(({ value }) => value))];
      draft.host.name(['growpart', 'devices'], place.child('devices'));
    },
  }),
  honoured<CloudInitDraft, boolean | string>({
    key: 'resize_rootfs',
    meaning: 'accepted: the state partition always grows to the size of the disk, and the root is read-only',
    shape: truthOr(['noblock']),
    apply(value, _draft, place) {
      if (value === false)
        place.warn('unsupported', 'the state partition always grows to the size of the disk', undefined, 'key');
    },
  }),
  honoured<CloudInitDraft, NonNullable<ReturnType<typeof swapShape.read>>>({
    key: 'swap',
    meaning: 'a swap file: `filename`, `size` (bytes, `2G` or `auto`), `maxsize`',
    shape: swapShape,
    apply({ filename = '/var/swap.img', size: bytes = 0, maxsize }, draft, place) {
      if (bytes === 0) {
        const given = describeEntry({ filename, size: bytes, maxsize });
        place.inform('no-effect', `asks for a swap file of no size: ${given}`, undefined, 'key');
        return;
      }
      const maxBytes = typeof maxsize === 'number' ? maxsize : undefined;
      const file: SwapConfig = {
        kind: 'file',
        path: filename,
        size: bytes,
        ...(maxBytes === undefined ? {} : { maxBytes }),
      };
      draft.host.config.swap.push(file);
      draft.host.name(['swap', filename], place);
    },
  }),
];

type DiskFields = NonNullable<ReturnType<typeof diskShape.read>>;
type FilesystemFields = NonNullable<ReturnType<typeof filesystemShape.read>>;

function addDisk(draft: CloudInitDraft, name: string, given: DiskFields, place: Place): void {
  const device = draft.device(name, place, given);
  if (device === undefined) return;
  if (draft.host.isNamed(['disk_setup', device])) {
    place.error('duplicate', `another entry partitions ${device}`);
    return;
  }
  const partitions = given.layout;
  if (partitions.length === 0) {
    place.inform('no-effect', `asks for no partitions, so nothing is done to the disk: ${describeEntry(given)}`);
    return;
  }
  const disk: DiskConfig = {
    device,
    table: given.table_type ?? 'mbr',
    partitions,
    overwrite: given.overwrite ?? false,
  };
  draft.host.config.storage.disks.push(structuredClone(disk) as (typeof draft.host.config.storage.disks)[number]);
  draft.host.name(['disk_setup', device], place);
}

function addFilesystem(draft: CloudInitDraft, given: FilesystemFields, place: Place): void {
  const disk = draft.device(given.device, place.child('device'), given);
  if (disk === undefined) return;
  const isPartitioned = draft.host.config.storage.disks.some(({ device }) => device === disk);
  const auto = isPartitioned ? 1 : 0;
  const number = typeof given.partition === 'number' ? given.partition : given.partition === 'none' ? 0 : auto;
  const device = number === 0 ? disk : partitionPath(disk, number);
  if (draft.host.isNamed(['fs_setup', device])) {
    place.error('duplicate', `another entry makes a file system on ${device}`);
    return;
  }
  const options = typeof given.extra_opts === 'string' ? given.extra_opts.split(/\s+/) : (given.extra_opts ?? []);
  const filesystem: FilesystemConfig = {
    device,
    type: given.filesystem,
    ...(given.label === undefined ? {} : { label: given.label }),
    options: options.filter((option) => option !== ''),
    overwrite: given.overwrite ?? false,
    replaces: given.replace_fs === undefined ? [] : [given.replace_fs],
  };
  draft.host.config.storage.filesystems.push({
    ...filesystem,
    options: [...filesystem.options],
    replaces: [...filesystem.replaces],
  });
  draft.host.name(['fs_setup', device], place);
}

function isGrowable(draft: CloudInitDraft, device: string, place: Place): boolean {
  if (device === '/') {
    place.inform('no-effect', 'the root is read-only; the state partition grows by itself at every boot');
    return false;
  }
  return device.startsWith('/') && draft.device(device, place) !== undefined
    ? true
    : (place.error('invalid-value', `${describeValue(device)} is not a device or mount point`), false);
}
