import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { choosePowerCuts } from '../../image/vm/power-cut.ts';
import { readWriteLog, replayPowerCut } from '../../image/vm/replay.ts';
import type { Delivery } from '../../image/vm/vm-spec.ts';
import type { HostStatus } from '../../src/agent/model.ts';
import { isSoak } from '../support/soak.ts';
import { noteSoak, sampleSeed } from './support/sample.ts';
import { testImage } from './support/test-image.ts';
import { bootLimitMs, type TestVm, withDirectory, withVm } from './support/test-vm.ts';

const userData = `#cloud-config
hostname: survivor
timezone: Europe/Paris
users: [{name: ops, ssh_authorized_keys: [ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEYRQzIZfOkrikzscfPIxsBmELA8ngWh0456MhY6MtM4 ops]}]
write_files: [{path: /var/lib/app/settings, content: "one\\n"}, {path: /etc/app, content: "two\\n", permissions: '0600'}]
berth: {enable: [ntp, console]}
`;
const deliveries: readonly Delivery[] = [{ kind: 'nocloud-vfat', seed: { instanceId: 'i-survivor', userData } }];
const sizeBytes = 8 * 2 ** 30;
const moments = isSoak ? 20 : 2;

const isHealthy = ({ state }: HostStatus): boolean => state === 'healthy';

test(
  `a host whose first boot was cut at ${moments} moments ends healthy, as if nothing had happened (seed ${sampleSeed})`,
  async () => {
    await withDirectory(async (directory) => {
      const logFile = join(directory, 'writes.log');
      const whole = await withVm({ deliveries, recordWrites: true }, async (vm) => {
        await vm.start();
        const snapshot = await snapshotOf(vm);
        await vm.kill();
        await rename(vm.vm.files.writeLog, logFile);
        return snapshot;
      });
      const log = await readWriteLog(logFile);
      const failures: string[] = [];
      for (const cut of choosePowerCuts(log, moments, sampleSeed)) {
        const target = join(directory, 'cut.raw');
        const { kept, lost } = await replayPowerCut({
          ...{ base: testImage().disk, baseFormat: 'raw', sizeBytes, logFile, log, cut, target },
        });
        const moment = `${cut.entries} of ${log.length} entries, seed ${cut.seed}: ${kept.length} kept, ${lost.length} lost`;
        const disk = { base: target, baseFormat: 'raw', sizeBytes, bus: 'virtio' } as const;
        await withVm({ deliveries, disk }, async (vm) => {
          await vm.start();
          expect(await snapshotOf(vm)).toEqual(whole);
        }).catch((error: unknown) => failures.push(`${moment}\n${String(error)}`));
        await rm(target);
      }
      await noteSoak('power cuts during first boot', moments, failures.length);
      expect(failures).toEqual([]);
    });
  },
  (moments + 1) * bootLimitMs,
);

/** The healthy host: what it says of itself, and what its config made. */
async function snapshotOf(vm: TestVm): Promise<Readonly<Record<string, unknown>>> {
  const { hostname, generation, services, machine } = await vm.statusInside('a healthy host', isHealthy);
  const shell = await vm.shell();
  return {
    ...{ hostname, generation, problems: machine?.problems },
    services: services.map(({ name, state, image }) => ({ name, state, image })),
    files: await shell.output('sha256sum /var/lib/app/settings /etc/app /etc/passwd /etc/group; stat -c %a /etc/app'),
    state: await shell.output('findmnt -no SOURCE,FSTYPE /var'),
    identity: await shell.output(
      'test -s /etc/machine-id && cmp /etc/machine-id /var/lib/berth/machine-id && echo kept',
    ),
  };
}
