import { expect, test } from '@jest/globals';
import type { HostStatus } from '../../src/agent/model.ts';
import { isSoak } from './support/sample.ts';
import type { SerialShell } from './support/serial-shell.ts';
import { testLimitMs, withVm } from './support/test-vm.ts';

const userData = `#cloud-config
hostname: disks
disk_setup: {/dev/vdd: {table_type: gpt, layout: [60, [40, 82]]}}
fs_setup:
- {device: /dev/md/pair, partition: none, filesystem: ext4, label: pair}
- {device: /dev/vdd, partition: 1, filesystem: xfs, label: single}
- {device: /dev/vdd, partition: 2, filesystem: swap}
mounts:
- [/dev/md/pair, /mnt/pair, ext4]
- [LABEL=single, /mnt/single, xfs, "noatime,nosuid"]
- [/dev/vdd2, none, swap, pri=7]
swap: {filename: /var/swap.img, size: 64M}
berth:
  enable: [console]
  raid: {pair: {level: 1, devices: [/dev/vdb, /dev/vdc]}}
`;

const isHealthy = ({ state }: HostStatus): boolean => state === 'healthy';
const megabyte = 2 ** 20;

test(
  'an array, partitions and swap space are made once, and are there at every boot',
  async () => {
    const extraDisks = [
      { name: 'left', sizeBytes: 256 * megabyte, bus: 'virtio' },
      { name: 'right', sizeBytes: 256 * megabyte, bus: 'virtio' },
      { name: 'single', sizeBytes: 768 * megabyte, bus: 'virtio' },
    ] as const;
    await withVm({ userData, extraDisks }, async (vm) => {
      await vm.start();
      const first = await vm.status('a healthy host', isHealthy);
      expect(first.machine?.problems).toEqual([]);
      let shell = await vm.shell();
      const made = await storage(shell);
      expect(made).toMatchObject({
        array: 'raid1 2 2',
        table: 'gpt',
        types: 'ext4 xfs swap',
        mounts: '/mnt/pair ext4\n/mnt/single xfs',
        swaps: '/dev/vdd2 7\n/var/swap.img -2',
        swapFile: '600 67108864',
      });
      expect(await shell.output('findmnt -no OPTIONS /mnt/single')).toMatch(/nosuid,.*noatime/);
      await shell.output('for d in pair single; do echo "kept on $d" > /mnt/$d/file; done; sync');
      const kinds = async (): Promise<string[]> => {
        const entries = await (await vm.client()).ledger({ limit: 500 });
        return entries
          .map(({ kind }) => kind)
          .filter((kind) => destructive.has(kind))
          .toSorted();
      };
      const done = await kinds();
      expect(done).toEqual([
        'create-array',
        'make-filesystem',
        'make-filesystem',
        'make-filesystem',
        'make-swap-file',
        'partition-disk',
      ]);

      await vm.powerOff();
      await vm.start();
      const second = await vm.status('a healthy host after a boot', isHealthy);
      expect(second).toMatchObject({ generation: 1, machine: { problems: [] } });
      shell = await vm.shell();
      // The same file systems, by their identity, on the same array.
      expect(await storage(shell)).toEqual(made);
      expect(await shell.output('cat /mnt/pair/file /mnt/single/file')).toBe('kept on pair\nkept on single');
      expect(await kinds()).toEqual(done);

      // A declaration that would destroy data is held back, with the reason.
      const text = userData
        .replace('layout: [60, [40, 82]]', 'layout: true')
        .replace('filesystem: ext4', 'filesystem: xfs');
      const plan = await (await vm.client()).plan({ files: [{ file: 'other.yaml', text }] });
      expect(plan.steps.map(({ kind }) => kind).filter((kind) => destructive.has(kind))).toEqual([]);
      expect(plan.skipped.map(({ why }) => why)).toEqual([
        expect.stringContaining('/dev/vdd holds a partition table'),
        expect.stringContaining('/dev/md/pair holds ext4'),
      ]);
      if (!isSoak) return;

      // An array that lost a device is worth more degraded than not at all.
      await shell.output(
        'mdadm --fail /dev/md/pair /dev/vdc && mdadm --remove /dev/md/pair /dev/vdc && mdadm --zero-superblock /dev/vdc',
      );
      await vm.powerOff();
      await vm.start();
      await vm.status('a healthy host with half an array', isHealthy);
      shell = await vm.shell();
      expect(await storage(shell)).toEqual({ ...made, array: 'raid1 2 1' });
      expect(await shell.output('cat /mnt/pair/file')).toBe('kept on pair');
      expect(await kinds()).toEqual(done);
    });
  },
  2 * testLimitMs,
);

/** Kinds of steps that write over a device. */
const destructive: ReadonlySet<string> = new Set([
  'partition-disk',
  'create-array',
  'make-filesystem',
  'make-swap-file',
]);

/** Disks and what is on them, with the identities that a second formatting would change. */
async function storage(shell: SerialShell): Promise<Record<string, string>> {
  const commands = {
    array:
      'cd /sys/block/$(basename $(readlink -f /dev/md/pair))/md && echo $(cat level raid_disks) $(($(cat raid_disks) - $(cat degraded)))',
    arrayId: "mdadm --detail --export /dev/md/pair | sed -n 's/^MD_UUID=//p'",
    table: 'blkid -p -o value -s PTTYPE /dev/vdd',
    types: 'echo $(for d in /dev/md/pair /dev/vdd1 /dev/vdd2; do blkid -p -o value -s TYPE $d; done)',
    ids: 'for d in /dev/vdd /dev/md/pair /dev/vdd1 /dev/vdd2; do blkid -p -o value -s UUID -s PTUUID -s PART_ENTRY_UUID $d; done',
    mounts: 'for d in pair single; do findmnt -no TARGET,FSTYPE /mnt/$d; done',
    swaps: "awk 'NR > 1 {print $1, $5}' /proc/swaps | sort",
    swapFile: 'stat -c "%a %s" /var/swap.img',
  };
  return shell.outputs(commands);
}
