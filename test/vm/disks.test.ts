import { expect, test } from '@jest/globals';
import type { HostStatus } from '../../src/agent/model.ts';
import { isSoak } from '../support/soak.ts';
import type { SerialShell } from './support/serial-shell.ts';
import { testLimitMs, withVm } from './support/test-vm.ts';

/** What the platform says: disks in cloud-init's words. */
const vendorData = (publicKey: string): string => `#cloud-config
hostname: disks
ssh_authorized_keys: [${publicKey}]
disk_setup:
  /dev/vdd: {table_type: gpt, layout: [60, [40, 82]]}
  /dev/vde: {table_type: mbr, layout: [20, 30, 30]}
fs_setup:
- {device: /dev/md/pair, partition: none, filesystem: ext4, label: pair}
- {device: /dev/vdd, partition: 1, filesystem: xfs, label: single}
- {device: /dev/vdd, partition: 2, filesystem: swap}
- {device: /dev/vde, partition: 1, filesystem: vfat, label: SHARED}
- {device: /dev/vde, partition: 2, filesystem: btrfs, label: tree}
- {device: /dev/vde, partition: 3, filesystem: ext4}
mounts:
- [/dev/md/pair, /mnt/pair, ext4]
- [LABEL=single, /mnt/single, xfs, "noatime,nosuid"]
- [/dev/vdd2, none, swap, pri=7]
- [/dev/disk/by-label/SHARED, /mnt/shared, vfat]
- [LABEL=tree, /mnt/tree, btrfs]
- [/dev/vde3, /mnt/grown, ext4]
growpart: {devices: [/mnt/grown]}
swap: {filename: /var/swap.img, size: 64M}
berth:
  enable: [console]
  raid: {pair: {level: 1, devices: [/dev/vdb, /dev/vdc]}}
`;

const guid = '5a1c7e0e-4a0f-4b57-9d0c-3c6f2a2b9e11';

/** What the user says: disks in Ignition's words, found by names that udev gives elsewhere. */
const userData = JSON.stringify({
  ignition: { version: '3.4.0' },
  storage: {
    disks: [
      {
        device: '/dev/vdf',
        partitions: [
          { label: 'left', sizeMiB: 200 },
          { label: 'vault', number: 3, startMiB: 100, sizeMiB: 128, guid },
          { label: 'paged', number: 1, sizeMiB: 64 },
        ],
      },
    ],
    raid: [
      { name: 'joined', level: 'raid0', devices: ['/dev/disk/by-partlabel/left', '/dev/disk/by-id/virtio-second'] },
    ],
    luks: [
      {
        ...{ name: 'vault', device: `/dev/disk/by-partuuid/${guid}`, label: 'vault', discard: true },
        keyFile: { source: 'data:;base64,AAECAwr/Y2FuYXJ5' },
      },
      { name: 'paged', device: '/dev/disk/by-partlabel/paged' },
      { name: 'deep', device: '/dev/md/joined' },
    ],
    filesystems: [
      { device: '/dev/mapper/vault', format: 'ext4', label: 'safe', path: '/mnt/vault' },
      { device: '/dev/disk/by-id/dm-name-deep', format: 'xfs', path: '/mnt/deep' },
      { device: '/dev/mapper/paged', format: 'swap' },
    ],
  },
});
/** What is in the given key: no list of processes, log or answer may have it. */
const secret = Buffer.from('AAECAwr/Y2FuYXJ5', 'base64');

const isHealthy = ({ state }: HostStatus): boolean => state === 'healthy';
const megabyte = 2 ** 20;

test(
  'arrays, partitions, encrypted devices and swap space are made once, and are there at every boot',
  async () => {
    const sizes = { left: 256, right: 256, single: 768, shared: 640, first: 512, second: 320 };
    const extraDisks = Object.entries(sizes).map(
      ([name, size]) => ({ name, sizeBytes: size * megabyte, bus: 'virtio' }) as const,
    );
    const deliver = async (publicKey: string) => {
      const seed = { instanceId: 'i-disks', userData, vendorData: vendorData(publicKey), publicKeys: [publicKey] };
      return { deliveries: [{ kind: 'nocloud-vfat', seed } as const], loginUser: 'berth', extraDisks };
    };
    await withVm(deliver, async (vm) => {
      await vm.start();
      const first = await vm.status('a healthy host', isHealthy);
      expect(first.machine?.problems).toEqual([]);
      let shell = await vm.shell();
      const made = await storage(shell);
      expect(made).toMatchObject({
        arrays: 'raid1 2 2\nraid0 2 2',
        tables: 'gpt dos gpt',
        types: 'ext4 xfs swap vfat btrfs ext4 crypto_LUKS crypto_LUKS crypto_LUKS ext4 xfs swap',
        partitions: `1 paged\n2 left\n3 vault ${guid} 204800`,
        mounts: mountPoints.map((name) => `/mnt/${name} ${typeOf[name]}`).join('\n'),
        swaps: '/dev/mapper/paged -3\n/dev/vdd2 7\n/var/swap.img -2',
        swapFile: '600 67108864',
        keys: 'deep.key 600\npaged.key 600\nvault.key 600',
        givenKey: secret.toString('base64'),
        discards: '1',
      });
      expect(await shell.output('findmnt -no OPTIONS /mnt/single')).toMatch(/nosuid,.*noatime/);
      // A third of the disk was left behind the partition.
      expect(Number(await shell.output('df --output=size -m /mnt/grown | tail -n 1'))).toBeGreaterThan(240);
      await shell.output(`for d in ${mountPoints.join(' ')}; do echo "kept on $d" > /mnt/$d/file; done; sync`);
      const entriesOf = async () => (await vm.client()).ledger({ limit: 500 });
      const kinds = async (): Promise<string[]> =>
        (await entriesOf())
          .map(({ kind }) => kind)
          .filter((kind) => destructive.has(kind))
          .toSorted();
      const done = await kinds();
      expect(done).toEqual([
        ...['create-array', 'create-array', 'encrypt-device', 'encrypt-device', 'encrypt-device', 'grow-partition'],
        ...Array.from({ length: 9 }, () => 'make-filesystem'),
        ...['make-swap-file', 'partition-disk', 'partition-disk', 'partition-disk'],
      ]);
      const told = JSON.stringify([await entriesOf(), first, await vm.vm.serial()]);
      for (const text of [secret.toString('base64'), 'canary']) expect(told).not.toContain(text);

      await vm.powerOff();
      await vm.start();
      const second = await vm.status('a healthy host after a boot', isHealthy);
      expect(second).toMatchObject({ generation: 1, machine: { problems: [] } });
      shell = await vm.shell();
      // The same file systems, by their identity, on the same arrays and encrypted devices.
      expect(await storage(shell)).toEqual(made);
      const files = mountPoints.map((name) => `/mnt/${name}/file`).join(' ');
      expect(await shell.output(`cat ${files}`)).toBe(mountPoints.map((name) => `kept on ${name}`).join('\n'));
      expect(await kinds()).toEqual(done);

      // A declaration that would destroy data is held back, with the reason.
      const text = vendorData('ssh-ed25519 AAAA none')
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
      expect(await storage(shell)).toEqual({ ...made, arrays: 'raid1 2 1\nraid0 2 2' });
      expect(await shell.output('cat /mnt/pair/file')).toBe('kept on pair');
      expect(await kinds()).toEqual(done);
    });
  },
  2 * testLimitMs,
);

/** Kinds of steps that write over a device. */
const destructive: ReadonlySet<string> = new Set([
  'partition-disk',
  'change-partitions',
  'grow-partition',
  'create-array',
  'encrypt-device',
  'make-filesystem',
  'make-swap-file',
]);

/** What is mounted, by the name below /mnt. */
const typeOf = {
  pair: 'ext4',
  single: 'xfs',
  shared: 'vfat',
  tree: 'btrfs',
  grown: 'ext4',
  vault: 'ext4',
  deep: 'xfs',
};
const mountPoints = Object.keys(typeOf) as readonly (keyof typeof typeOf)[];

/** Disks and what is on them, with the identities that a second formatting would change. */
async function storage(shell: SerialShell): Promise<Record<string, string>> {
  const raid = 'for a in pair joined; do cd /sys/block/$(basename $(readlink -f /dev/md/$a))/md';
  const working = '$(($(cat raid_disks) - $(cat degraded 2> /dev/null || echo 0)))';
  const devices = [
    ...['/dev/md/pair', '/dev/vdd1', '/dev/vdd2', '/dev/vde1', '/dev/vde2', '/dev/vde3'],
    ...['/dev/vdf3', '/dev/vdf1', '/dev/md/joined', '/dev/mapper/vault', '/dev/mapper/deep', '/dev/mapper/paged'],
  ].join(' ');
  const disks = '/dev/vdd /dev/vde /dev/vdf';
  const commands = {
    arrays: `${raid} && echo $(cat level raid_disks) ${working}; done`,
    arrayIds: "for a in pair joined; do mdadm --detail --export /dev/md/$a | sed -n 's/^MD_UUID=//p'; done",
    tables: `echo $(for d in ${disks}; do blkid -p -o value -s PTTYPE $d; done)`,
    types: `echo $(for d in ${devices}; do blkid -p -o value -s TYPE $d; done)`,
    ids: `for d in ${disks} ${devices}; do blkid -p -o value -s UUID -s PTUUID -s PART_ENTRY_UUID $d; done`,
    partitions: `for n in 1 2 3; do echo $n $(blkid -p -o value -s PART_ENTRY_NAME /dev/vdf$n) $([ $n = 3 ] && blkid -p -o value -s PART_ENTRY_UUID /dev/vdf3 && cat /sys/class/block/vdf3/start); done`,
    mounts: `for d in ${mountPoints.join(' ')}; do findmnt -no TARGET,FSTYPE /mnt/$d; done`,
    swaps:
      'awk \'NR > 1 {print $1, $5}\' /proc/swaps | sed "s#/dev/dm-$(dmsetup info -c --noheadings -o minor paged) #/dev/mapper/paged #" | sort',
    swapFile: 'stat -c "%a %s" /var/swap.img',
    keys: 'cd /var/lib/berth/luks && stat -c "%n %a" *',
    givenKey: 'base64 /var/lib/berth/luks/vault.key',
    discards: 'dmsetup table vault | grep -c allow_discards',
  };
  return shell.outputs(commands);
}
