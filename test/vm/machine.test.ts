import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { runCommand } from '../../image/command.ts';
import { bootsKernel, chooseAccelerator } from '../../image/vm/accelerator.ts';
import { directBoot, plainVm } from '../../image/vm/presets.ts';
import { findFirmware } from '../../image/vm/requirements.ts';
import { VirtualMachine } from '../../image/vm/virtual-machine.ts';
import { vmFiles } from '../../image/vm/vm-files.ts';
import type { DiskBus, VmSpec } from '../../image/vm/vm-spec.ts';
import { testImage } from './support/test-image.ts';
import { testLimitMs } from './support/test-vm.ts';

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'berth-vm-'));
});

afterEach(async () => rm(directory, { recursive: true }));

/** A VM that QEMU accepts and runs; what it boots does not matter here. */
async function withQemu(change: Partial<VmSpec>, look: (vm: VirtualMachine) => Promise<void>): Promise<void> {
  const image = testImage();
  const vm = new VirtualMachine(
    { ...plainVm('m', image.disk, directBoot(image)), memoryMebibytes: 256, ...change },
    vmFiles(join(directory, 'm')),
  );
  await vm.prepare();
  await vm.start('tcg');
  try {
    await look(vm);
  } finally {
    await vm.kill();
  }
}

test(
  'a kernel boots by translation; what is no kernel does not',
  async () => {
    expect(await bootsKernel('amd64', 'tcg', testImage().kernel)).toBe(true);
    expect(await bootsKernel('amd64', 'tcg', testImage().initrd)).toBe(false);
  },
  testLimitMs,
);

test(
  'the choice says why, and is remembered',
  async () => {
    const question = { architecture: 'amd64', kernel: testImage().kernel, memory: join(directory, 'kvm') } as const;
    const choice = await chooseAccelerator(question);
    expect(choice.reason).not.toBe('');
    expect(await chooseAccelerator(question)).toEqual(choice);
    // The one with a memory is the one that tried.
    if (existsSync('/dev/kvm')) expect(existsSync(question.memory)).toBe(true);
  },
  testLimitMs,
);

const seed = { instanceId: 'i', userData: '#cloud-config\n' };
const extraDisks = (['virtio', 'nvme', 'ahci', 'pvscsi'] as const).map((bus) => ({
  name: bus,
  bus,
  sizeBytes: 2 ** 28,
}));

test.each<[string, Partial<VmSpec>]>([
  ['further disks on every bus', { extraDisks }],
  ...(['nvme', 'ahci', 'pvscsi'] as const).map((bus: DiskBus): [string, Partial<VmSpec>] => [
    `a boot disk on ${bus}`,
    {
      disk: { base: testImage().disk, baseFormat: 'raw', sizeBytes: 2 ** 32, bus },
      boot: { kind: 'uefi', ...findFirmware('amd64') },
    },
  ]),
  [
    'every delivery that a UEFI boot can have',
    {
      boot: { kind: 'uefi', ...findFirmware('amd64') },
      deliveries: [
        { kind: 'nocloud-vfat', seed },
        { kind: 'nocloud-iso', seed },
        { kind: 'config-drive', seed },
        { kind: 'fw-cfg', name: 'opt/io.berth/config', text: '#cloud-config\n' },
        { kind: 'smbios-strings', strings: ['io.berth.config=a,b', 'c'] },
        { kind: 'smbios-serial', serial: 'ds=nocloud;h=a,b' },
      ],
    },
  ],
  ['recorded writes', { recordWrites: true }],
  [
    'a second serial port, no watchdog, an isolated network',
    {
      secondSerial: true,
      watchdog: false,
      network: { kind: 'user', forwards: [], isolated: true },
    },
  ],
])(
  'QEMU takes %s',
  async (_what, change) => {
    await withQemu(change, async (vm) => {
      const monitor = await vm.monitor();
      expect(await monitor.execute('query-status')).toMatchObject({ running: true });
      await monitor.quit();
      monitor.close();
    });
  },
  testLimitMs,
);

test(
  'QEMU takes somebody’s files as further disks, and leaves them when the VM is gone',
  async () => {
    const given = (['raw', 'qcow2'] as const).map((format) => ({
      ...({ name: format, bus: 'virtio', file: join(directory, `given.${format}`), format } as const),
    }));
    for (const { file, format } of given) await runCommand('qemu-img', ['create', '-q', '-f', format, file, '64M']);
    await withQemu({ extraDisks: given }, async (vm) => {
      const monitor = await vm.monitor();
      const nodes = (await monitor.execute('query-named-block-nodes')) as {
        readonly file: string;
        readonly drv: string;
      }[];
      for (const { file, format } of given)
        expect(nodes).toContainEqual(expect.objectContaining({ file, drv: format }));
      await monitor.quit();
      monitor.close();
    });
    expect(await readdir(directory)).toEqual(expect.arrayContaining(['given.raw', 'given.qcow2']));
  },
  testLimitMs,
);

test(
  'QEMU outlives us and is found again; a second start is refused; it can be photographed and ended',
  async () => {
    await withQemu({}, async (vm) => {
      const again = new VirtualMachine(vm.spec, vm.files);
      expect(await again.process()).toEqual(await vm.process());
      await expect(again.start('tcg')).rejects.toMatchObject({ code: 'BUSY' });
      const monitor = await again.monitor();
      const picture = join(directory, 'screen.png');
      await monitor.takeScreenshot(picture);
      monitor.close();
      expect((await readFile(picture)).subarray(1, 4).toString()).toBe('PNG');
      await again.kill();
      expect(await vm.process()).toBeUndefined();
      await expect(vm.monitor()).rejects.toMatchObject({ code: 'NOT_FOUND' });
    });
  },
  testLimitMs,
);

test(
  'what QEMU refuses is told in its own words',
  async () => {
    const change = { cpus: 100_000 };
    const outcome = await withQemu(change, async () => undefined).catch((error: unknown) => error);
    expect(outcome).toMatchObject({ code: 'UNSUPPORTED' });
    expect(String(outcome)).toContain('QEMU ended at once: ');
  },
  testLimitMs,
);
