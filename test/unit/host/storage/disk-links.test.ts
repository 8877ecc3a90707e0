import { describe, expect, test } from '@jest/globals';
import { type DiskIdentity, diskLinks } from '../../../../src/host/storage/disk-links.ts';

type Facts = Omit<DiskIdentity, 'directory'>;

const nowhere = '/sys/devices/virtual/block/x';

test.each<[string, Facts, string[]]>([
  ['vda', { serial: 'data' }, ['virtio-data']],
  ['vda', {}, []],
  [
    'nvme0n1',
    { wwid: 'nvme.1d0f-766f6c', model: 'Amazon Elastic Block Store', serial: 'vol0a1b', namespace: '1' },
    ['nvme-nvme.1d0f-766f6c', 'nvme-Amazon_Elastic_Block_Store_vol0a1b'],
  ],
  ['sda', { wwid: 'naa.5000c500a1b2c3d4' }, ['wwn-0x5000c500a1b2c3d4', 'scsi-35000c500a1b2c3d4']],
  ['sdb', { wwid: 't10.Google  PersistentDisk  data' }, ['google-data', 'scsi-0Google_PersistentDisk_data']],
  [
    'sdb',
    { wwid: 't10.ATA     QEMU HARDDISK                           QM00001' },
    ['ata-QEMU_HARDDISK_QM00001', 'scsi-1ATA_QEMU_HARDDISK_QM00001'],
  ],
  ['loop0', {}, []],
])('names of the disk %s with %j below by-id', (name, facts, ids) => {
  expect(diskLinks(name, { directory: nowhere, ...facts })).toEqual(ids.map((id) => `by-id/${id}`));
});

test.each<[string, Facts, string[]]>([
  ['/pci0000:00/0000:00:02.0/virtio1/block/vda', {}, ['pci-0000:00:02.0', 'virtio-pci-0000:00:02.0']],
  ['/pci0000:00/0000:00:03.0/0000:01:00.0/virtio2/block/vdb', {}, ['pci-0000:01:00.0', 'virtio-pci-0000:01:00.0']],
  ['/pci0000:00/0000:00:05.0/virtio3/host2/target2:0:1/2:0:1:4/block/sda', {}, ['pci-0000:00:05.0-scsi-0:0:1:4']],
  [
    '/pci0000:00/0000:00:1f.2/ata7/host6/target6:0:0/6:0:0:0/block/sda',
    { ataPort: '2' },
    ['pci-0000:00:1f.2-ata-2', 'pci-0000:00:1f.2-ata-2.0'],
  ],
  ['/pci0000:00/0000:00:06.0/nvme/nvme0/nvme0n1', { namespace: '1' }, ['pci-0000:00:06.0-nvme-1']],
  ['/pci0000:00/0000:00:14.0/usb1/1-2/1-2:1.0/host3/target3:0:0/3:0:0:0/block/sdb', {}, []],
  ['/virtual/block/loop0', {}, []],
])('names of the disk at %s below by-path', (place, facts, paths) => {
  const links = diskLinks('x', { directory: `/sys/devices${place}`, ...facts });
  expect(links).toEqual(paths.map((path) => `by-path/${path}`));
});

describe('on Azure', () => {
  const controller = (digit: string): string => `{f8b3781${digit}-1e82-4818-a1c3-63d806ec15bb}`;

  test.each([
    ['{00000000-0000-8899-0000-000000000000}', 0, ['azure/os', 'azure/root', 'cloud/azure_root']],
    ['{00000000-0001-8899-0000-000000000000}', 1, ['azure/resource', 'cloud/azure_resource']],
    [controller('a'), 0, ['azure/os', 'azure/root', 'cloud/azure_root', 'azure/scsi0/lun0']],
    [controller('a'), 1, ['azure/resource', 'cloud/azure_resource', 'azure/scsi0/lun1']],
    [controller('a'), 2, ['azure/scsi0/lun2']],
    [controller('b'), 0, ['azure/data/by-lun/0', 'azure/scsi1/lun0']],
    [controller('c'), 13, ['azure/data/by-lun/13', 'azure/scsi2/lun13']],
    ['{12345678-0000-0000-0000-000000000000}', 3, []],
  ])('a disk at the controller %s with LUN %i', (hypervId, lun, links) => {
    const directory = `/sys/devices/LNXSYSTM:00/LNXSYBUS:00/ACPI0004:00/VMBUS:00/x/host0/target0:0:0/0:0:0:${lun}/block/sda`;
    expect(diskLinks('sda', { directory, hypervId })).toEqual(links);
  });

  test.each<[string, string, string[]]>([
    ['MSFT NVMe Accelerator v1.0', '1', ['azure/os']],
    ['MSFT NVMe Accelerator v1.0', '2', ['azure/data/by-lun/0']],
    ['MSFT NVMe Accelerator v1.0', '17', ['azure/data/by-lun/15']],
    ['Microsoft NVMe Direct Disk v2', '1', ['azure/local/by-serial/s1']],
    ['Amazon Elastic Block Store', '1', []],
  ])('%s, namespace %s', (model, namespace, links) => {
    const names = diskLinks('nvme0n1', { directory: nowhere, model, namespace, serial: 's1' });
    expect(names.filter((name) => !name.startsWith('by-id/'))).toEqual(links);
  });
});
