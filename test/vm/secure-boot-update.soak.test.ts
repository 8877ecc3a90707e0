import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, expect, test } from '@jest/globals';
import { findSecureFirmware } from '../../image/vm/requirements.ts';
import type { UpdateOffer, UpdateStatus } from '../../src/update/machine/update-status.ts';
import { SoakRuns } from './support/sample.ts';
import { enroll, firmwareLimitMs, TestSigner, withSecureHost } from './support/secure-host.ts';
import { bootLimitMs, withVm } from './support/test-vm.ts';
import { hostDiskBytes, type UpdatingHost, withReleases } from './support/updating-host.ts';

const runs = new SoakRuns('updates with Secure Boot: refused before it boots, or taken');
afterAll(async () => runs.note());

/** After this long, a machine that does nothing by itself does nothing by itself. */
const lostMs = 90_000;
const stranger = 'it is signed by O=Example, CN=other, this firmware trusts O=Example, CN=own (db)';

test(
  'a host with Secure Boot refuses a release of another key before it boots, and takes the next one of its own key',
  async () => {
    runs.begin();
    await withReleases(async (works) => {
      const { releases, repository, directory } = works;
      const [own, other] = [await TestSigner.create(directory, 'own'), await TestSigner.create(directory, 'other')];
      await withSecureHost(works, own, {}, async (host) => {
        const before = await host.entries();

        // Its signed manifest says who signed the kernel: nothing is fetched.
        const foreseen = await other.sign(await releases.make('99.0.0'));
        await repository.publish(foreseen);
        await expectRefused(host, foreseen.version);
        expect(await slotB(host)).toBe('untouched');

        // It does not say: the image itself is looked at, when it is there.
        const unforeseen = await other.sign(await releases.make('99.1.0'));
        await repository.publish(unforeseen, ({ uki, ...manifest }) => {
          const { name, sha256, bytes } = uki;
          return { ...manifest, uki: { name, sha256, bytes } };
        });
        await expectRefused(host, unforeseen.version);
        expect(await slotB(host)).toBe('written');
        expect(await host.entries()).toEqual(before);

        const good = await own.sign(await releases.make('99.2.0'));
        await repository.publish(good);
        expect(await host.update()).toMatchObject({ outcome: 'restarting', version: good.version });
        await host.keeps(good);
        const story = (await host.history()).map(({ kind, version }) => `${kind} ${version}`).toReversed();
        expect(story.slice(-5)).toEqual([
          ...[`refused ${foreseen.version}`, `refused ${unforeseen.version}`],
          ...[`staged ${good.version}`, `booted ${good.version}`, `blessed ${good.version}`],
        ]);
      });
    });
    runs.succeed();
  },
  6 * bootLimitMs,
);

test(
  'why a host asks first: what firmware refuses, systemd-boot does not pass over',
  async () => {
    runs.begin();
    await withReleases(async ({ releases, directory }) => {
      const [own, other] = [await TestSigner.create(directory, 'own'), await TestSigner.create(directory, 'other')];
      const base = await own.signDisk(await releases.first());
      const disk = { base, baseFormat: 'raw', sizeBytes: hostDiskBytes, bus: 'virtio' } as const;
      const variables = await enroll(disk, join(directory, 'variables.fd'));
      const { uki } = await other.sign(await releases.make('99.0.0'));
      await releases.putOnEsp(base, uki, 'berth_99.0.0+3.efi');
      await withVm({ boot: { ...findSecureFirmware('amd64'), variables }, disk }, async (vm) => {
        await vm.start();
        await vm.line(/berth_99[.]0[.]0.*(access denied|security violation)/i, firmwareLimitMs);
        await sleep(lostMs);
        expect(await vm.vm.serial()).not.toContain('berth: slot');
      });
    });
    runs.succeed();
  },
  2 * bootLimitMs,
);

/** The newest release is refused, remembered, and not tried again by itself. */
async function expectRefused(host: UpdatingHost, version: string): Promise<void> {
  const why = `this machine’s firmware would not start the kernel of ${version}: ${stranger}`;
  const { exitCode, output } = await host.tryOs('update 2>&1');
  expect(exitCode).toBe(1);
  expect(output).toContain(why);
  expect((await host.history()).find(({ kind }) => kind === 'refused')).toMatchObject({ version, reason: why });
  const { target, outcome } = await host.json<UpdateOffer>('check');
  expect([target, outcome]).toEqual([null, `${version} was refused here: ${why}`]);
  const { update } = await host.json<{ readonly update: UpdateStatus }>('status');
  expect(update).toMatchObject({ state: 'idle', lastLook: { outcome: `${version} was refused here: ${why}` } });
}

/** Whether anything was ever written to it. */
async function slotB(host: UpdatingHost): Promise<'untouched' | 'written'> {
  const shell = await host.vm.shell();
  const device = await shell.output('basename $(dirname $(grep -l ^PARTNAME=berth-b$ /sys/class/block/*/uevent))');
  const digits = await shell.output(`head -c 1048576 /dev/${device} | tr -d '\\000' | wc -c`);
  return digits.trim() === '0' ? 'untouched' : 'written';
}
