import { expect, test } from '@jest/globals';
import { moduleOrder } from '../../../../image/os/modules.ts';

const dependencies = `kernel/drivers/block/virtio_blk.ko.xz: kernel/drivers/virtio/virtio.ko.xz kernel/drivers/virtio/virtio_ring.ko.xz
kernel/drivers/virtio/virtio.ko.xz: kernel/drivers/virtio/virtio_ring.ko.xz
kernel/drivers/virtio/virtio_ring.ko.xz:
kernel/drivers/block/xen-blkfront.ko:
`;

test('moduleOrder puts each module after those it needs, once', () => {
  expect(moduleOrder(dependencies, ['virtio_blk', 'virtio', 'xen_blkfront'])).toEqual({
    order: [
      'kernel/drivers/virtio/virtio_ring.ko.xz',
      'kernel/drivers/virtio/virtio.ko.xz',
      'kernel/drivers/block/virtio_blk.ko.xz',
      'kernel/drivers/block/xen-blkfront.ko',
    ],
    missing: [],
  });
});

test('moduleOrder tells which ones the kernel has not', () => {
  expect(moduleOrder(dependencies, ['nvme', 'xen-blkfront'])).toEqual({
    order: ['kernel/drivers/block/xen-blkfront.ko'],
    missing: ['nvme'],
  });
});
