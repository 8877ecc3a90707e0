import { expect } from '@jest/globals';
import type { TestVm } from '../support/test-vm.ts';
import { type Example, replaced } from './example.ts';

/** disks-and-mounts.yaml. */
export const disksAndMounts: Example = {
  file: 'disks-and-mounts.yaml',
  promise: 'a data disk is formatted once, is written to by a service, and is as it was after a boot',
  stage: async (text) => ({
    vm: { userData: text, extraDisks: [{ name: 'data', sizeBytes: 2 ** 29, bus: 'virtio' }] },
    check: async (vm) => check(vm, text),
  }),
};

async function check(vm: TestVm, text: string): Promise<void> {
  const disk = await diskOf(vm);
  expect(disk).toEqual({
    mount: '/dev/vdb1 xfs',
    options: expect.stringMatching(/^(?=.*noatime)(?=.*nodev)(?=.*nosuid)/),
    uuids: expect.stringMatching(/^[0-9a-f-]{36}\n[0-9a-f-]{36}$/),
    swap: '/dev/vdb2',
    table: 'gpt',
  });
  const shell = await vm.shell();
  const first = await shell.output('cat /mnt/store/journal/journal');
  expect(first).toMatch(/^\d{4}-\d\d-\d\dT/);

  await shell.output('echo kept > /mnt/store/file; sync');
  await vm.powerOff();
  await vm.start();
  const { generation } = await vm.status('a healthy host after a boot', ({ state }) => state === 'healthy');
  expect(generation).toBe(1);
  expect(await diskOf(vm)).toEqual(disk);
  const again = await vm.shell();
  expect(await again.output('cat /mnt/store/file')).toBe('kept');
  // The service goes on in the file that it had.
  const lines = (await again.output('cat /mnt/store/journal/journal')).split('\n');
  expect(lines.length).toBeGreaterThan(first.split('\n').length);
  expect(lines.join('\n')).toContain(first);

  // Neither another label nor another layout is worth what is there: it takes the disk's name.
  const client = await vm.client();
  const changed = replaced(text, [
    ['label: store', 'label: other'],
    ['LABEL=store', 'LABEL=other'],
    ['layout: [75, [25, 82]]', 'layout: true'],
  ]);
  const plan = await client.plan({ files: [{ file: 'changed.yaml', text: changed }] });
  expect(plan.steps.map(({ kind }) => kind)).not.toContain('make-filesystem');
  expect(plan.steps.map(({ kind }) => kind)).not.toContain('partition-disk');
  expect(plan.skipped.map(({ subject }) => subject)).toEqual(
    expect.arrayContaining(['disk/dev/vdb', 'filesystem/dev/vdb1']),
  );
}

/** What is on the disk, and where it is. */
async function diskOf(vm: TestVm): Promise<Record<string, string>> {
  const shell = await vm.shell();
  return {
    mount: await shell.output('findmnt -no SOURCE,FSTYPE /mnt/store | tr -s " "'),
    options: await shell.output('findmnt -no OPTIONS /mnt/store'),
    uuids: await shell.output('blkid -s UUID -o value /dev/vdb1 /dev/vdb2'),
    swap: await shell.output("awk 'NR > 1 {print $1}' /proc/swaps"),
    table: await shell.output('blkid -p -s PTTYPE -o value /dev/vdb'),
  };
}
