import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { findFirmware } from '../../image/vm/requirements.ts';
import { plainLines } from '../../image/vm/serial-text.ts';
import type { HostStatus } from '../../src/agent/model.ts';
import { mediumDisk } from './support/medium.ts';
import { ReleaseRepository } from './support/release-repository.ts';
import { TestReleases } from './support/test-releases.ts';
import { bootLimitMs, type TestVm, withDirectory, withVm } from './support/test-vm.ts';

const inSlot = (slot: string): RegExp => new RegExp(`^berth: slot ${slot} on`);
const isHealthy = ({ state }: HostStatus): boolean => state === 'healthy';
/** Another day than in UTC for most of it, and half an hour more. */
const zone = 'Asia/Kolkata';

test(
  'a release from a bundle waits for its window; the next one for a workload, a permit and a hook that is late',
  async () => {
    await withDirectory(async (directory) => {
      const releases = await TestReleases.open(directory);
      const repository = await ReleaseRepository.create(join(directory, 'www'));
      try {
        const [first, second] = [await releases.make('99.0.0'), await releases.make('99.1.0')];
        await repository.publish(first);
        const bundle = await repository.bundle('99.0.0', join(directory, 'berth-99.0.0.tar'));
        const root = await repository.root();
        const configOf = (strategy: string): string => `#cloud-config
hostname: patient
berth:
  update: {feed: "${repository.guestUrl}", channel: edge, ${strategy}, root: '${root}'}
  services:
    worker:
      image: berth/busybox:latest
      pull_policy: never
      network_mode: none
      command: [sleep, "1000000"]
      stop_signal: SIGKILL
      volumes: ["/var/lib/worker:/data"]
      x-berth:
        engine: system
        pre_reboot: {command: [sh, -c, "echo ran >> /data/hook; sleep 100"], deadline: 5s}
`;
        const change = {
          userData: configOf('strategy: off'),
          disk: {
            base: await releases.firstDisk(join(directory, 'host.raw')),
            baseFormat: 'raw',
            sizeBytes: 8 * 2 ** 30,
            bus: 'virtio',
          },
          extraDisks: [await mediumDisk(join(directory, 'medium.img'), [bundle])],
          boot: { kind: 'uefi', ...findFirmware('amd64') },
        } as const;
        await withVm(change, async (vm) => {
          await vm.start();
          await vm.line(inSlot('a'));
          await vm.statusInside('a healthy host', isHealthy);

          const start = await (await vm.shell()).output(`TZ=${zone} date -d @$(($(date +%s) + 150)) +%H:%M`);
          const window = `window: {days: [mon, tue, wed, thu, fri, sat, sun], start: "${start}", duration: 30m, timezone: ${zone}}`;
          await apply(vm, configOf(`strategy: window, ${window}`));
          await output(vm, 'update --from /run/berth/media/berth-99.0.0.tar --stage-only');
          await says(vm, /restart +the window opens at \d{4}-\d\d-\d\dT\d\d:\d\d:00Z/);
          await vm.line(/^berth: this host restarts into 99[.]0[.]0 in 60 seconds: a release is staged/);
          await vm.restarted();
          await vm.line(inSlot('b'));
          // What ran in the hook's place is told, and the host does not wait for it.
          await vm.line(/^berth: os: pre_reboot of worker: it was not done after 5 s/);
          await vm.line(/^berth: os: 99[.]0[.]0 is blessed/);
          await vm.statusInside('a healthy host on the new release', isHealthy);
          expect(await shellOutput(vm, 'cat /var/lib/worker/hook')).toBe('ran');

          await shellOutput(vm, `mkdir -p /var/shared && printf '%s' '${otherHolder}' > /var/shared/permit`);
          await apply(vm, configOf('strategy: permit, permit: {file: /var/shared/permit}'));
          await repository.publish(second);
          await output(vm, 'update --stage-only');
          const isRefused = /restart +no permit: other \(m-2\) has it since 2026-01-01T00:00:00Z/;
          await says(vm, isRefused);
          await output(vm, 'inhibit backup --for 45s --reason "copies the database"');
          await says(vm, /restart +backup postpones it until \S+: copies the database/);
          // Nobody renews it.
          await says(vm, isRefused);
          expect(await output(vm, 'status')).not.toContain('postponed');
          await shellOutput(vm, 'rm /var/shared/permit');
          await vm.line(/^berth: this host restarts into 99[.]1[.]0 in 60 seconds/);
          await vm.restarted();
          await vm.lines(inSlot('a'), 2);
          // Kept over the restart, until the release has proved itself.
          expect(await shellOutput(vm, 'cat /var/shared/permit')).toContain('"name":"patient"');
          await vm.line(/^berth: os: 99[.]1[.]0 is blessed/);
          await vm.until(
            'the permit to be given back',
            async () => (await (await vm.shell()).run('test -e /var/shared/permit')).exitCode === 1,
          );
          expect(plainLines(await vm.vm.serial()).filter((line) => /pre_reboot of worker/.test(line))).toHaveLength(2);
        });
      } finally {
        await repository.close();
        await releases.close();
      }
    });
  },
  4 * bootLimitMs,
);

const otherHolder = '{"host":"m-2","name":"other","at":"2026-01-01T00:00:00Z"}';

async function shellOutput(vm: TestVm, command: string): Promise<string> {
  return (await vm.shell()).output(command);
}

async function output(vm: TestVm, command: string): Promise<string> {
  return shellOutput(vm, `berth os ${command}`);
}

/** Waits until the status says so: what a host waits for is looked at again in steps. */
async function says(vm: TestVm, pattern: RegExp): Promise<void> {
  let last = '';
  await vm
    .until(`a status like ${pattern.source}`, async () => pattern.test((last = await output(vm, 'status'))), 300_000)
    .catch((error: unknown) => {
      throw new Error(`${String(error)}\nthe last one: ${last}`, { cause: error });
    });
}

async function apply(vm: TestVm, config: string): Promise<void> {
  await shellOutput(vm, `cat > /run/config.yaml << 'END'\n${config}END`);
  await shellOutput(vm, 'berth apply /run/config.yaml');
}
