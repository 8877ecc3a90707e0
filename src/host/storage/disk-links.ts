/** What /sys says of a disk, without blanks around it. */
export interface DiskIdentity {
  /** Its own directory, without links: `/sys/devices/pci0000:00/0000:00:02.0/virtio1/block/vda`. */
  readonly directory: string;
  /** virtio, and NVMe's `device/serial`. */
  readonly serial?: string;
  /** `device/wwid` of SCSI and ATA, `wwid` of NVMe. */
  readonly wwid?: string;
  readonly model?: string;
  /** Number of an NVMe namespace. */
  readonly namespace?: string;
  /** Number of the port on its ATA controller. */
  readonly ataPort?: string;
  /** Of the controller that Hyper-V has it at, with braces: `{f8b3781b-1e82-4818-a1c3-63d806ec15bb}`. */
  readonly hypervId?: string;
}

/** Names below /dev/disk that udev links to a disk, of those that this machine's /sys is enough for. @param kernelName `vda`, `sdb`, `nvme0n1`. Pure. */
export function diskLinks(kernelName: string, disk: DiskIdentity): string[] {
  return [
    ...idsOf(kernelName, disk).map((id) => `by-id/${id}`),
    ...pathsOf(disk).map((path) => `by-path/${path}`),
    ...azureNames(disk),
  ];
}

/** Those that stay the same in every machine. Rules: systemd's 60-persistent-storage.rules; `google-` is of Google's own rules. */
function idsOf(kernelName: string, { serial, wwid, model }: DiskIdentity): string[] {
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

/** By what a disk is plugged into. Rules: systemd's udev-builtin-path_id.c. */
function pathsOf({ directory, namespace, ataPort }: DiskIdentity): string[] {
  // Bridges above it do not count. Of hosts, an adapter has one.
  const slot = /.*\/([0-9a-f]{4}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-9a-f])(\/.*)$/.exec(directory);
  const [, address, below = ''] = slot ?? [];
  if (address === undefined) return [];
  const pci = `pci-${address}`;
  if (namespace !== undefined) return [`${pci}-nvme-${namespace}`];
  if (ataPort !== undefined) return [`${pci}-ata-${ataPort}`, `${pci}-ata-${ataPort}.0`];
  const [, target] = /\/\d+:(\d+:\d+:\d+)\/block\//.exec(below) ?? [];
  if (target !== undefined && !below.includes('/usb')) return [`${pci}-scsi-0:${target}`];
  return /^\/virtio\d+\/block\//.test(below) ? [pci, `virtio-${pci}`] : [];
}

const azureControllers: ReadonlyMap<string, number> = new Map(
  ['a', 'b', 'c', 'd'].map((digit, number) => [`{f8b3781${digit}-1e82-4818-a1c3-63d806ec15bb}`, number]),
);

/** Rules: 80-azure-disk.rules of azure-vm-utils; `root` and `scsiN` are of the Azure Linux agent's, `cloud/` of cloud-init's. */
function azureNames({ directory, model = '', serial, namespace, hypervId = '' }: DiskIdentity): string[] {
  if (namespace !== undefined) {
    if (model.startsWith('Microsoft NVMe Direct Disk'))
      return serial === undefined ? [] : [`azure/local/by-serial/${serial}`];
    if (model !== 'MSFT NVMe Accelerator v1.0') return [];
    return namespace === '1' ? ['azure/os'] : [`azure/data/by-lun/${Number(namespace) - 2}`];
  }
  const controller = azureControllers.get(hypervId);
  const lun = /:(\d+)\/block\/[^/]+$/.exec(directory)?.[1];
  const numbered = controller === undefined || lun === undefined ? [] : [`azure/scsi${controller}/lun${lun}`];
  if (hypervId.startsWith('{00000000-0000-') || (controller === 0 && lun === '0'))
    return ['azure/os', 'azure/root', 'cloud/azure_root', ...numbered];
  if (hypervId.startsWith('{00000000-0001-') || (controller === 0 && lun === '1'))
    return ['azure/resource', 'cloud/azure_resource', ...numbered];
  return numbered.length === 0 || controller === 0 ? numbered : [`azure/data/by-lun/${lun}`, ...numbered];
}
