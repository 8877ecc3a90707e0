/** What /sys says a disk is called by its maker, without blanks around it. */
export interface DiskIdentity {
  /** virtio, and NVMe's `device/serial`. */
  readonly serial?: string;
  /** `device/wwid` of SCSI and ATA, `wwid` of NVMe. */
  readonly wwid?: string;
  readonly model?: string;
}

/**
 * Names that udev gives a disk below /dev/disk/by-id, of those that stay the same in every machine. Rules: systemd's
 * 60-persistent-storage.rules; `google-` is of Google's own rules. @param kernelName `vda`, `sdb`, `nvme0n1`. Pure.
 */
export function diskIds(kernelName: string, { serial, wwid, model }: DiskIdentity): string[] {
  if (kernelName.startsWith('nvme')) {
    return [
      ...(wwid === undefined ? [] : [`nvme-${joined(wwid)}`]),
      ...(model === undefined || serial === undefined ? [] : [`nvme-${joined(model)}_${joined(serial)}`]),
    ];
  }
  if (kernelName.startsWith('vd')) return serial === undefined ? [] : [`virtio-${joined(serial)}`];
  const [, kind, number = ''] = /^(naa|eui|t10)\.(.*)$/.exec(wwid ?? '') ?? [];
  if (kind === 'naa') return [`wwn-0x${number}`, `scsi-3${number}`];
  if (kind === 'eui') return [`wwn-0x${number}`, `scsi-2${number}`];
  if (kind !== 't10') return [];
  const words = joined(number);
  const [, onAta] = /^ATA_(.+)$/.exec(words) ?? [];
  const [, onGoogle] = /^Google_PersistentDisk_(.+)$/.exec(words) ?? [];
  return [
    ...(onAta === undefined ? [] : [`ata-${onAta}`]),
    ...(onGoogle === undefined ? [] : [`google-${onGoogle}`]),
    `scsi-${onAta === undefined ? '0' : '1'}${words}`,
  ];
}

/** udev has an underscore for blanks, and for what may not be in a file name. */
function joined(text: string): string {
  return text.trim().replace(/\s+/g, '_').replaceAll('/', '_');
}
