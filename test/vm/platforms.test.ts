import { afterAll, expect, test } from '@jest/globals';
import { ensureVmPrograms, findFirmware } from '../../image/vm/requirements.ts';
import type { DiskBus } from '../../image/vm/vm-spec.ts';
import { isSoak, noteSoak, sampled } from './support/sample.ts';
import { builtImage, testImage } from './support/test-image.ts';
import { testLimitMs, type VmChange, withVm } from './support/test-vm.ts';

const userData = '#cloud-config\nberth: {enable: [ntp, console]}\n';

/** A machine that a host comes up on, from its firmware on. */
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

const buses: readonly Platform[] = (
  [
    ['nvme', /\/dev\/nvme0n1p2/],
    ['ahci', /\/dev\/sda2/],
    ['pvscsi', /\/dev\/sda2/],
  ] as const
).map(([bus, device]) => ({
  name: `a boot disk on ${bus}`,
  machine: async () => ({ boot: uefi, ...withBus(bus, testImage().disk) }),
  device,
}));

/** Each needs an image of its own. */
const others: readonly Platform[] = [
  {
    name: 'the generic kernel, on AHCI',
    machine: async () => ({ boot: uefi, ...withBus('ahci', (await builtImage({ kernel: 'generic' })).disk) }),
    device: /\/dev\/sda2/,
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
const failed = new Set(platforms.map(({ name }) => name));

test.each(platforms)(
  'a host comes up and goes off on $name',
  async ({ name, machine, device }) => {
    await withVm({ userData, ...(await machine()) }, async (vm) => {
      await vm.start();
      const [, slot = ''] = await vm.line(/^berth: slot a on (\S+) is mounted/, testLimitMs);
      expect(slot).toMatch(device);
      const status = await vm.status('a healthy host', ({ state }) => state === 'healthy', testLimitMs);
      expect(status.machine?.problems).toEqual([]);
      await vm.powerOff();
    });
    failed.delete(name);
  },
  limitMs,
);

afterAll(async () => {
  for (const { name } of platforms) await noteSoak(`a boot through UEFI: ${name}`, 1, failed.has(name) ? 1 : 0);
});
