import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { findFirmware } from '../../image/vm/requirements.ts';
import type { HostStatus } from '../../src/agent/model.ts';
import type { ReleaseReport } from '../../src/agent/release-report.ts';
import type { SlotCheck } from '../../src/agent/update-service.ts';
import type { UpdateEnd } from '../../src/update/machine/update-status.ts';
import type { OsEvent, OsStatus } from '../../src/update/os-status.ts';
import { ReleaseRepository } from './support/release-repository.ts';
import { ReportServer } from './support/report-server.ts';
import { TestReleases } from './support/test-releases.ts';
import { bootLimitMs, type TestVm, withDirectory, withVm } from './support/test-vm.ts';

const inSlot = (slot: string): RegExp => new RegExp(`^berth: slot ${slot} on`);
/** Where the system engine keeps what is in the service's volume. */
const seen = '/var/lib/berth/system-engine/data/volumes/berth_seen/_data';
const isHealthy = ({ state }: HostStatus): boolean => state === 'healthy';

test(
  'a host goes from A to B over the network and keeps it, goes back to A with the config of before, and comes back from a C that is not well',
  async () => {
    await withDirectory(async (directory) => {
      const releases = await TestReleases.open(directory);
      const repository = await ReleaseRepository.create(join(directory, 'www'));
      const reports = await ReportServer.start();
      try {
        const first = await releases.first();
        const [good, bad] = [await releases.make('99.0.0'), await releases.make('99.1.0')];
        const userData = `#cloud-config
hostname: updated
write_files: [{path: /var/lib/app/data, content: "kept\\n"}]
berth:
  enable: [ntp]
  report: {url: "${reports.guestUrl}"}
  volumes: {seen: {x-berth: {rollback: snapshot}}}
  services:
    seer:
      image: berth/busybox:latest
      pull_policy: never
      network_mode: none
      command: [sh, -c, 'cat /proc/cmdline >> /seen/releases; exec sleep 1000000']
      stop_signal: SIGKILL
      volumes: ["seen:/seen"]
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
            baseFormat: 'raw',
            sizeBytes: 8 * 2 ** 30,
            bus: 'virtio',
          },
          boot: { kind: 'uefi', ...findFirmware('amd64') },
        } as const;
        await repository.publish(good);
        await withVm(change, async (vm) => {
          await vm.start();
          // Not before: what is typed for the shell would be typed into the boot loader's menu.
          await vm.line(inSlot('a'));
          await vm.statusInside('a healthy host', isHealthy);
          expect(await os(vm)).toMatchObject({ version: first.version, slot: 'a', bless: { kind: 'blessed' } });
          expect(await json<SlotCheck>(vm, 'verify')).toMatchObject({ differs: [], unknown: [] });

          const plan = await output(vm, 'update --plan');
          expect(plan).toContain('restart into 99.0.0');
          const staged = endOf(await output(vm, 'update --stage-only --json'));
          expect(staged).toMatchObject({ outcome: 'staged', version: '99.0.0' });
          // Nearly all of it is on the disk already.
          expect(staged.bytesFetched).toBeLessThan(20e6);
          expect((await os(vm)).entries.map(({ file }) => file)).toEqual([
            'berth_99.0.0+3.efi',
            `berth_${first.version}.efi`,
          ]);
          expect(endOf(await output(vm, 'update --stage-only --json'))).toMatchObject({
            outcome: 'staged',
            bytesFetched: 0,
          });

          await restart(vm);
          await vm.line(inSlot('b'));
          await vm.line(/^berth: os: 99[.]0[.]0 is blessed/);
          expect(await os(vm)).toMatchObject({ version: '99.0.0', slot: 'b', bless: { kind: 'blessed' } });
          await vm.statusInside('a healthy host on the new release', isHealthy);
          expect(await (await vm.shell()).output('cat /var/lib/app/data')).toBe('kept');

          // What is applied under it goes with it.
          const shell = await vm.shell();
          await shell.output(
            `printf '%s\\n' '#cloud-config' 'hostname: changed' 'berth: {enable: [ntp]}' > /run/changed.yaml`,
          );
          await shell.output('berth apply /run/changed.yaml');
          expect(await vm.statusInside('another name', ({ hostname }) => hostname === 'changed')).toMatchObject({
            generation: 2,
          });
          await output(vm, 'rollback --reason "a test"');
          await vm.restarted();
          await vm.lines(inSlot('a'), 2);
          expect(await vm.statusInside('a healthy host on the first release', isHealthy)).toMatchObject({
            ...{ hostname: 'updated', generation: 3 },
          });

          await repository.publish(bad);
          const end = endOf(await output(vm, 'update --json'));
          expect(end).toMatchObject({ outcome: 'restarting', version: '99.1.0' });
          await vm.restarted();
          await vm.line(/^berth: going back to the other system: it was not healthy within 100 seconds/);
          await vm.restarted();
          await vm.lines(inSlot('a'), 3);
          await vm.statusInside('a healthy host on the release before', isHealthy);
          const history = await json<readonly OsEvent[]>(vm, 'history');
          expect(history.find(({ kind }) => kind === 'rejected')).toMatchObject({
            version: '99.1.0',
            reason: expect.stringContaining('not healthy within 100 seconds: not-the-bad-one'),
          });
          // Whoever looks after many hosts hears of it.
          const report = await vm.until('a report', async () =>
            reports.bodies.find(
              (body): body is ReleaseReport => body.kind === 'berth-release' && body.version === '99.1.0',
            ),
          );
          expect(report).toMatchObject({
            ...{ outcome: 'rejected', hostname: 'updated', rootHash: bad.slot.rootHash, runs: first.version },
            digest: expect.stringMatching(/^[0-9a-f]{64}$/),
            reason: expect.stringContaining('not-the-bad-one'),
          });
          expect(history.map(({ kind }) => kind)).toEqual(
            expect.arrayContaining(['staged', 'booted', 'blessed', 'rolled-back', 'rejected']),
          );
          // The service ran under the bad one, and its volume is as if it had not.
          expect(history.filter(({ kind }) => kind.startsWith('volumes-')).map(({ kind }) => kind)).toEqual([
            ...['volumes-restored', 'volumes-copied', 'volumes-copied'],
          ]);
          expect(await (await vm.shell()).output(`cat ${seen}/releases`)).not.toContain(bad.slot.rootHash);
          expect(
            await (await vm.shell()).output('cat /var/lib/berth/volumes/taken-back/system/berth_seen/releases'),
          ).toContain(bad.slot.rootHash);
          // What failed here is not taken again.
          expect(await output(vm, 'check')).toContain('99.1.0 failed here before');
          expect((await os(vm)).entries.map(({ file }) => file)).toEqual([`berth_${first.version}.efi`]);
        });
      } finally {
        await reports.stop();
        await repository.close();
        await releases.close();
      }
    });
  },
  4 * bootLimitMs,
);

async function output(vm: TestVm, command: string): Promise<string> {
  return (await vm.shell()).output(`berth os ${command}`);
}

async function json<Value>(vm: TestVm, command: string): Promise<Value> {
  return JSON.parse(await output(vm, `${command} --json`)) as Value;
}

async function os(vm: TestVm): Promise<OsStatus> {
  return json(vm, 'status');
}

/** How an update ended, of what `berth os update --json` printed. */
function endOf(text: string): UpdateEnd {
  return JSON.parse(text.split('\n').at(-1) ?? '') as UpdateEnd;
}

async function restart(vm: TestVm): Promise<void> {
  await (await vm.shell()).output('sync; /usr/lib/berth/power reboot &');
  await vm.restarted();
}
