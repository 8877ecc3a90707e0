import { mergeOver } from '../merge.ts';
import { type Made, type Traced, TracedRecord, traced } from '../traced.ts';

/** Partition types of a mirrored boot disk (GUIDs of the discoverable partitions and of the firmwares). */
const types = {
  reserved: '8DA63339-0007-60C0-C436-083AC8230908',
  bios: '21686148-6449-6E6F-744E-656564454649',
  prep: '9E1A2D38-C612-4316-AA26-8B49521E5A8B',
  esp: 'C12A7328-F81F-11D2-BA4B-00A0C93EC93B',
} as const;

/** Sizes of the first layout, in MiB: the image's own partitions fit in. */
const sizes = { reserved: 1, bios: 1, prep: 4, esp: 127 } as const;
const bootSizeMiB = 384;

type Role = keyof typeof types;

/** The first two partitions, by the architecture's layout. */
function firstPartitions(layout: string): readonly [Role, Role] {
  if (layout === 'x86_64') return ['bios', 'esp'];
  if (layout === 'aarch64') return ['reserved', 'esp'];
  return [layout === 'ppc64le' ? 'prep' : 'reserved', 'reserved'];
}

/** `boot_device`: a mirrored boot disk and an encrypted root; what the config says of these devices itself wins. */
export function addBootDevice(butane: TracedRecord, ignition: TracedRecord): TracedRecord {
  const boot = butane.record('boot_device');
  const luks = boot.record('luks');
  const isEncrypted = luks.isTrue('tpm2') || luks.items('tang').length > 0 || luks.record('cex').isTrue('enabled');
  const devices = boot.record('mirror').items('devices');
  if (!isEncrypted && devices.length === 0) return ignition;
  const layout = boot.text('layout') ?? 'x86_64';
  const mirror = devices.length === 0 ? undefined : mirrorOf(devices, layout, boot.record('mirror').from);
  const root = traced(
    {
      device: isEncrypted ? '/dev/mapper/root' : '/dev/md/md-root',
      format: 'xfs',
      label: 'root',
      wipeFilesystem: true,
    },
    boot.from,
  );
  const list = (items: readonly Traced[]): Traced => ({ kind: 'list', items, from: boot.from });
  const storage = new TracedRecord(
    [
      ...(mirror === undefined
        ? []
        : ([
            ['disks', list(mirror.disks)],
            ['raid', mirror.raid],
          ] as const)),
      ['filesystems', list([...(mirror?.filesystems ?? []), root])],
      ...(isEncrypted ? ([['luks', list([encryptedRoot(luks, layout, mirror !== undefined)])]] as const) : []),
    ],
    boot.from,
  );
  return mergeOver(new TracedRecord([['storage', storage]], boot.from), ignition);
}

function mirrorOf(devices: readonly Traced[], layout: string, from: Traced['from']) {
  const [first, second] = firstPartitions(layout);
  const number = (prefix: string, index: number): string => `${prefix}-${index + 1}`;
  const partition = (role: Role, index: number): Made => ({
    label: number(role, index),
    sizeMiB: sizes[role],
    typeGuid: types[role],
  });
  const disks = devices.map((device, index) =>
    traced(
      {
        device: device.kind === 'scalar' ? String(device.value) : '',
        partitions: [
          partition(first, index),
          partition(second, index),
          { label: number('boot', index), sizeMiB: bootSizeMiB },
          { label: number('root', index) },
        ],
        wipeTable: true,
      },
      device.from,
    ),
  );
  const firmware = devices.map((device, index) =>
    traced(
      {
        device: `/dev/disk/by-partlabel/${number('esp', index)}`,
        format: 'vfat',
        label: number('esp', index),
        wipeFilesystem: true,
      },
      device.from,
    ),
  );
  const members = (prefix: string): string[] =>
    devices.map((_, index) => `/dev/disk/by-partlabel/${number(prefix, index)}`);
  const raid = traced(
    [
      // The superblock at the end: a BIOS boot loader need not know of RAID.
      { devices: members('boot'), level: 'raid1', name: 'md-boot', options: ['--metadata=1.0'] },
      { devices: members('root'), level: 'raid1', name: 'md-root' },
    ],
    from,
  );
  const boot = traced({ device: '/dev/md/md-boot', format: 'ext4', label: 'boot', wipeFilesystem: true }, from);
  return { disks, raid, filesystems: [...(second === 'esp' ? firmware : []), boot] };
}

function encryptedRoot(luks: TracedRecord, layout: string, isMirrored: boolean): TracedRecord {
  const device = luks.text('device') ?? '';
  const volume = traced(
    {
      device: volumeDevice(device, layout, isMirrored),
      label: 'luks-root',
      name: 'root',
      wipeVolume: true,
    },
    luks.from,
  );
  const discard = luks.fields.get('discard');
  if (luks.record('cex').isTrue('enabled')) return volume.with({ cex: luks.record('cex'), discard });
  const tang = luks.items('tang');
  const clevis = new TracedRecord([], luks.from).with({
    tang: tang.length === 0 ? undefined : { kind: 'list', items: tang, from: luks.from },
    threshold: luks.fields.get('threshold'),
    tpm2: luks.fields.get('tpm2'),
  });
  return volume.with({ clevis, discard });
}

function volumeDevice(device: string, layout: string, isMirrored: boolean): string {
  if (layout === 's390x-eckd') return `${device}2`;
  if (layout === 's390x-zfcp') return `${device}4`;
  return isMirrored ? '/dev/md/md-root' : '/dev/disk/by-partlabel/root';
}
