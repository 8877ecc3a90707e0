import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { findFirmware } from '../../image/vm/requirements.ts';
import type { HostStatus } from '../../src/agent/model.ts';
import type { OsEvent, OsStatus } from '../../src/update/os-status.ts';
import { ReleaseRepository } from './support/release-repository.ts';
import { TestReleases } from './support/test-releases.ts';
import { bootLimitMs, type TestVm, withDirectory, withVm } from './support/test-vm.ts';

const inSlot = (slot: string): RegExp => new RegExp(`^berth: slot ${slot} on`);
const isHealthy = ({ state }: HostStatus): boolean => state === 'healthy';
const isHeld = ({ services }: HostStatus): boolean =>
  services.some(({ name, state }) => name === 'orders' && state === 'failed');

test(
  'a release that is not well stays when a volume went forward with it; an operator may go back, and the boot loader’s own way back holds the service',
  async () => {
    await withDirectory(async (directory) => {
      const releases = await TestReleases.open(directory);
      const repository = await ReleaseRepository.create(join(directory, 'www'));
      try {
        const first = await releases.first();
        const bad = await releases.make('99.0.0');
        const userData = `#cloud-config
hostname: forward
berth:
  volumes: {orders: {x-berth: {rollback: forward-only}}}
  services:
    orders:
      image: berth/busybox:latest
      pull_policy: never
      network_mode: none
      command: [sleep, '1000000']
      stop_signal: SIGKILL
      volumes: ["orders:/orders"]
      x-berth: {engine: system}
  update:
    feed: ${repository.guestUrl}
    channel: edge
    strategy: off
    root: '${await repository.root()}'
    health:
      deadline: 100s
      checks: [{name: not-the-bad-one, command: [sh, -c, '! grep -q ${bad.slot.rootHash} /proc/cmdline']}]
`;
        const change = {
          userData,
          disk: {
            base: await releases.firstDisk(join(directory, 'host.raw')),
            ...({ baseFormat: 'raw', sizeBytes: 8 * 2 ** 30, bus: 'virtio' } as const),
          },
          boot: { kind: 'uefi', ...findFirmware('amd64') },
        } as const;
        await repository.publish(bad);
        await withVm(change, async (vm) => {
          await vm.start();
          await vm.line(inSlot('a'));
          await vm.statusInside('a healthy host', isHealthy);
          await output(vm, 'update --stage-only --json');
          await restart(vm);
          await vm.line(inSlot('b'));
          await vm.line(
            /^berth: this system is not well and stays, because services ran with volumes that go forward only/,
          );
          const os = await json<OsStatus>(vm, 'status');
          expect(os.volumes.forwardOnly).toEqual(['system/berth_orders']);
          const history = await json<readonly OsEvent[]>(vm, 'history');
          expect(history.find(({ kind }) => kind === 'rollback-blocked')?.reason).toContain(
            'it was not healthy within 100 seconds: not-the-bad-one',
          );
          expect(await output(vm, 'rollback 2>&1; true')).toContain('--force');

          // Each restart is a try; after the third, the boot loader comes to the other release by itself.
          await restart(vm);
          await vm.lines(inSlot('b'), 2);
          await restart(vm);
          await vm.lines(inSlot('b'), 3);
          await restart(vm);
          await vm.lines(inSlot('a'), 2);
          const held = await vm.statusInside('the service that is held', isHeld);
          expect(held.services.find(({ name }) => name === 'orders')?.detail).toContain('99.0.0 ran with its volume');
          await (await vm.shell()).output('berth service start orders');
          await vm.statusInside('the service that an operator wants', (status) => !isHeld(status));
          expect(first.version).not.toBe(bad.version);
        });
      } finally {
        await repository.close();
        await releases.close();
      }
    });
  },
  5 * bootLimitMs,
);

async function output(vm: TestVm, command: string): Promise<string> {
  return (await vm.shell()).output(`berth os ${command}`);
}

async function json<Value>(vm: TestVm, command: string): Promise<Value> {
  return JSON.parse(await output(vm, `${command} --json`)) as Value;
}

async function restart(vm: TestVm): Promise<void> {
  await (await vm.shell()).output('sync; /usr/lib/berth/power reboot &');
  await vm.restarted();
}
