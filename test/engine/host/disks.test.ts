import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { runCommand } from '../../../src/engine/run-command.ts';
import { parsePartitionTable } from '../../../src/host/storage/block-texts.ts';
import { ImageRig } from './image-rig.ts';

const first = { firstApply: true };
const opened: string[] = [];
let host: ImageRig;

/** A disk of the host, made of a file. */
async function disk(name: string, megabytes: number): Promise<string> {
  const device = await host.run(
    `truncate -s ${megabytes}M /var/${name} && losetup --find --show --partscan /var/${name}`,
  );
  opened.push(device);
  return device;
}

beforeAll(async () => {
  host = await ImageRig.start();
}, 600_000);

afterAll(async () => {
  // Swap space is the machine's, whoever switched it on.
  await host.run(`swapoff ${opened[0]}p2 /data/swap 2> /dev/null; true`).catch(() => '');
  await host.stop();
  for (const device of opened) await runCommand('losetup', ['--detach', device]);
});

/** What is on a disk and its partitions. */
const contents = async (device: string): Promise<string> =>
  await host.run(
    `for d in ${device} ${device}p*; do blkid -p -o value -s PTTYPE -s LABEL -s TYPE $d | tr '\\n' ' '; done`,
  );

describe('a new disk', () => {
  let device = '';
  let text = '';

  beforeAll(async () => {
    device = await disk('one', 300);
    text = `disk_setup: {${device}: {table_type: gpt, layout: [60, [40, 82]]}}
fs_setup:
- {device: ${device}, partition: 1, filesystem: ext4, label: data}
- {device: ${device}, partition: 2, filesystem: swap}
mounts:
- [LABEL=data, /data, ext4, noatime]
- [${device}p2, none, swap, pri=7]
swap: {filename: /data/swap, size: 16M}
`;
  });

  test('is left alone unless it may be written over', async () => {
    const { done, blocked } = await host.apply(text.replace(/mounts:[^]*/, ''), {});
    expect(done).toEqual([]);
    expect(blocked).toEqual([
      `disk${device}: ${device} is written over on the first apply only`,
      `filesystem${device}p1: ${device}p1 is not there`,
      `filesystem${device}p2: ${device}p2 is not there`,
    ]);
  });

  test('is partitioned, formatted, mounted and swapped to on the first apply', async () => {
    const { failed, blocked, remaining } = await host.apply(text, first);
    expect({ failed, blocked, remaining }).toEqual({ failed: [], blocked: [], remaining: [] });
    expect(await contents(device)).toBe('gpt data ext4 swap');
    expect(await host.run('findmnt -no SOURCE,FSTYPE /data')).toBe(`${device}p1 ext4`);
    const swaps = await host.run(`grep -E "${device}p2|/data/swap" /proc/swaps | tr -s "\\t " " "`);
    expect(swaps.split('\n').map((line) => line.split(' ')[0])).toEqual([`${device}p2`, '/data/swap']);
    expect(swaps).toMatch(/ 7$/m);
    expect(await host.run('stat -c "%a %s" /data/swap')).toBe('600 16777216');
  });

  test('keeps what is on it, whatever is said later', async () => {
    await host.run('echo kept > /data/file');
    const other = text.replace('filesystem: ext4', 'filesystem: xfs').replace('[60, [40, 82]]', 'true');
    const { done, blocked } = await host.apply(other, first, text);
    expect(done).toEqual([]);
    expect(blocked).toEqual([
      `disk${device}: ${device} holds a partition table (gpt), which nothing says may be lost`,
      `filesystem${device}p1: ${device}p1 holds ext4 (data), which nothing says may be lost`,
    ]);
    expect(await host.run('cat /data/file')).toBe('kept');
  });

  test('is as before after a reboot', async () => {
    await host.run(`swapoff ${device}p2; swapoff /data/swap`);
    await host.reboot();
    const { failed, blocked, remaining, done } = await host.apply(text, { boot: true }, text);
    expect({ failed, blocked, remaining }).toEqual({ failed: [], blocked: [], remaining: [] });
    expect(done.filter((id) => /partition|filesystem|make/.test(id))).toEqual([]);
    expect(await host.run('cat /data/file')).toBe('kept');
  });

  test('is written over when the config allows it and an operator names it', async () => {
    const other = `disk_setup: {${device}: {table_type: mbr, layout: true, overwrite: true}}
fs_setup: [{device: ${device}, partition: 1, filesystem: vfat, label: fresh, overwrite: true}]`;
    const { failed: undone, remaining: left } = await host.apply('{}', {}, text);
    expect({ undone, left }).toEqual({ undone: [], left: [] });
    const unnamed = await host.apply(other, {});
    expect(unnamed.done).toEqual([]);
    expect(unnamed.blocked.length).toBe(2);
    const { failed, blocked, remaining } = await host.apply(other, { destroy: [device] });
    expect({ failed, blocked, remaining }).toEqual({ failed: [], blocked: [], remaining: [] });
    expect(await contents(device)).toBe('dos FRESH vfat');
  });
});

/** ext4 grows while it is mounted only for who has CAP_SYS_RESOURCE, which a container may lack: here it is not mounted. */
describe.each([
  { type: 'xfs', isMounted: true },
  { type: 'ext4', isMounted: false },
])('a partition with $type on a disk that grew', ({ type, isMounted }) => {
  test('grows with its file system', async () => {
    const device = await disk(`grow-${type}`, 400);
    const partition = `${device}p1`;
    const name = isMounted ? `/grown-${type}` : partition;
    const text = `disk_setup: {${device}: {table_type: gpt, layout: true}}
fs_setup: [{device: ${device}, partition: 1, filesystem: ${type}}]
mounts: ${isMounted ? `[[${partition}, ${name}, ${type}]]` : '[]'}
growpart: {devices: [${name}]}`;
    const made = await host.apply(text, first);
    expect([made.failed, made.remaining]).toEqual([[], []]);
    const size = async (): Promise<number> => {
      const place = `/tmp/size-${type}`;
      const [before, after] = isMounted
        ? ['', '']
        : [`mkdir -p ${place}; mount ${partition} ${place};`, `; umount ${place}`];
      return Number(await host.run(`${before} df --output=size -m ${isMounted ? name : place} | tail -n 1 ${after}`));
    };
    const before = await size();

    await host.run(`truncate -s 700M /var/grow-${type} && losetup --set-capacity ${device}`);
    const { done, failed, remaining } = await host.apply(text, {}, text);
    expect({ done, failed, remaining }).toEqual({
      done: [`grow-partition:${name}`, `grow-filesystem:${name}`],
      failed: [],
      remaining: [],
    });
    expect(await size()).toBeGreaterThan(before + 250);
    if (isMounted) await host.run(`umount ${name}`);
  });
});

test.each([
  'ext2',
  'ext3',
  'ext4',
  'xfs',
  'vfat',
  'btrfs',
  'swap',
])('%s is made on a whole device, and known again', async (type) => {
  const device = await disk(`whole-${type}`, 320);
  const text = `fs_setup: [{device: ${device}, filesystem: ${type}, partition: none, label: l-${type}}]`;
  const { done, failed, remaining } = await host.apply(text, first);
  expect({ done, failed, remaining }).toEqual({ done: [`make-filesystem:${device}`], failed: [], remaining: [] });
});

/** By Ignition's rules for partitions that are there. */
describe('a disk that has partitions', () => {
  let device = '';
  const table = async (): Promise<string[]> => {
    const { partitions = [] } = parsePartitionTable(await host.run(`sfdisk --json ${device}`)) ?? {};
    return partitions.map(
      ({ number, name, startSector, sizeSectors }) => `${number} ${name} ${startSector} ${sizeSectors}`,
    );
  };
  const ignition = (partitions: readonly object[]): string =>
    JSON.stringify({ ignition: { version: '3.4.0' }, storage: { disks: [{ device, partitions }] } });
  const kept = { number: 2, label: 'stays', sizeMiB: 40, resize: true };
  const gone = { number: 1, shouldExist: false };
  const added = { number: 4, label: 'new', sizeMiB: 20, guid: '5a1c7e0e-4a0f-4b57-9d0c-3c6f2a2b9e11' };

  beforeAll(async () => {
    device = await disk('filled', 300);
    const lines = [
      'label: gpt',
      'size=10MiB, name=gone',
      'size=30MiB, name=stays',
      '3 : start=100MiB, size=8MiB, name=other',
    ];
    await host.run(`printf '%s\\n' ${lines.map((line) => `'${line}'`).join(' ')} | sfdisk --quiet ${device}`);
    await host.run(`partx --update ${device}; mkfs.ext4 -q -L data ${device}p2`);
  });

  test('keeps all that nothing says may go', async () => {
    const before = await table();
    const { done, blocked } = await host.apply(
      ignition([gone, { number: 3, label: 'mine', sizeMiB: 8 }, added]),
      first,
    );
    expect(done).toEqual([]);
    expect(blocked).toEqual([
      `disk${device}: ${device}: partition 1 (gone) is there`,
      `disk${device}: ${device}: partition 3 (other) is not as declared`,
    ]);
    expect(await table()).toEqual(before);
  });

  test('gets what is declared, and keeps the others with what is on them', async () => {
    const text = ignition([{ ...gone, wipePartitionEntry: true }, kept, added]);
    const { done, failed, blocked, remaining } = await host.apply(text, first);
    expect({ failed, blocked, remaining }).toEqual({ failed: [], blocked: [], remaining: [] });
    expect(done).toEqual([`change-partitions:${device}`]);
    expect(await table()).toEqual(['2 stays 22528 81920', '3 other 204800 16384', '4 new 221184 40960']);
    expect(await host.run(`blkid -p -o value -s LABEL ${device}p2`)).toBe('data');
    expect(await host.run(`cat /sys/class/block/$(basename ${device})p2/size`)).toBe('81920');
    const { partitions = [] } = parsePartitionTable(await host.run(`sfdisk --json ${device}`)) ?? {};
    expect(partitions.at(-1)?.guid?.toLowerCase()).toBe(added.guid);
  });
});
