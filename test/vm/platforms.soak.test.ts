import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { prepareTools } from '../../image/os/build.ts';
import { writeFormat } from '../../image/os/formats.ts';
import { ensureVmPrograms, findFirmware } from '../../image/vm/requirements.ts';
import type { DiskBus } from '../../image/vm/vm-spec.ts';
import { isSoak } from '../support/soak.ts';
import { noteSoak, sampled } from './support/sample.ts';
import { builtImage, testImage, testImageOptions } from './support/test-image.ts';
import { testLimitMs, type VmChange, withVm } from './support/test-vm.ts';

const userData = '#cloud-config\nberth: {enable: [ntp, console]}\n';

/** A machine that a host comes up on, from its firmware on unless its name says otherwise. */
interface Platform {
  readonly name: string;
  readonly machine: () => Promise<VmChange>;
  /** Names of a slot's device, as the console tells it. */
  readonly device: RegExp;
}

const uefi = { kind: 'uefi', ...findFirmware('amd64') } as const;

function withBus(bus: DiskBus, base: string): Pick<VmChange, 'disk'> {
  return { disk: { base, baseFormat: 'raw', sizeBytes: 8 * 2 ** 30, bus } };
}

const buses: readonly Platform[] = [
  {
    name: 'a boot disk on NVMe',
    machine: async () => ({ boot: uefi, ...withBus('nvme', testImage().disk) }),
    device: /\/dev\/nvme0n1p2/,
  },
  {
    name: 'a boot disk on AHCI',
    machine: async () => ({ boot: uefi, ...withBus('ahci', testImage().disk) }),
    device: /\/dev\/sda2/,
  },
  {
    // Debian's OVMF finds no disk on pvscsi, VMware's own firmware does: QEMU loads the kernel.
    name: 'a boot disk on pvscsi, booted directly',
    machine: async () => withBus('pvscsi', testImage().disk),
    device: /\/dev\/sda2/,
  },
];

let work: string;

beforeAll(async () => {
  work = await mkdtemp(join(tmpdir(), 'berth-platforms-'));
});

afterAll(async () => rm(work, { recursive: true, force: true }));

/** Each needs an image of its own. */
const others: readonly Platform[] = [
  {
    name: 'the generic kernel, on AHCI',
    machine: async () => ({ boot: uefi, ...withBus('ahci', (await builtImage({ kernel: 'generic' })).disk) }),
    device: /\/dev\/sda2/,
  },
  {
    name: 'the qcow2 for download',
    machine: async () => {
      const { packages, disk, epochSeconds } = await builtImage();
      const tools = await prepareTools(packages, join(work, 'programs'), testImageOptions().cacheDirectory);
      const base = await writeFormat('qcow2', { disk, base: join(work, 'berth'), epochSeconds, level: 1, tools });
      return { boot: uefi, disk: { base, baseFormat: 'qcow2', sizeBytes: 8 * 2 ** 30, bus: 'virtio' } };
    },
    device: /\/dev\/vda2/,
  },
  {
    name: 'arm64, translated',
    machine: async () => {
      await ensureVmPrograms('arm64', (line) => void process.stderr.write(`${line}\n`));
      const image = await builtImage({ architecture: 'arm64' });
      const boot = { kind: 'uefi', ...findFirmware('arm64') } as const;
      // Its machine has one serial port.
      return { architecture: 'arm64', image, boot, secondSerial: false };
    },
    device: /\/dev\/vda2/,
  },
];

const limitMs = 2 * testLimitMs;
const platforms = [...sampled(buses, 1), ...(isSoak ? others : [])];
/** Of those that ran. */
const isWell = new Map<string, boolean>();

test.each(platforms)(
  'a host comes up and goes off on $name',
  async ({ name, machine, device }) => {
    isWell.set(name, false);
    await withVm({ userData, ...(await machine()) }, async (vm) => {
      await vm.start();
      const [, slot = ''] = await vm.line(/^berth: slot a on (\S+) is mounted/, testLimitMs);
      expect(slot).toMatch(device);
      const status = await vm.status('a healthy host', ({ state }) => state === 'healthy', testLimitMs);
      expect(status.machine?.problems).toEqual([]);
      await vm.powerOff();
    });
    isWell.set(name, true);
  },
  limitMs,
);

afterAll(async () => {
  for (const [name, well] of isWell) await noteSoak(`a boot to a healthy host, and off: ${name}`, 1, well ? 0 : 1);
});
