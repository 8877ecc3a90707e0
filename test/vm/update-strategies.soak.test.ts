import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { mediumDisk } from './support/medium.ts';
import { noted } from './support/sample.ts';
import { bootLimitMs } from './support/test-vm.ts';
import {
  isHealthy,
  type UpdatingHost,
  updatingConfig,
  withReleases,
  withUpdatingHost,
} from './support/updating-host.ts';

/** Another day than in UTC for most of it, and half an hour more. */
const zone = 'Asia/Kolkata';
const worker = `  services:
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
const otherHolder = '{"host":"m-2","name":"other","at":"2026-01-01T00:00:00Z"}';

test(
  'a release from a bundle waits for its window; the next one for a workload, a permit and a hook that is late',
  noted('a release from a bundle waits for window, workload, permit and hook', async () => {
    await withReleases(async (works) => {
      const { releases, repository, directory } = works;
      const [first, second] = [await releases.make('99.0.0'), await releases.make('99.1.0')];
      await repository.publish(first);
      const bundle = await repository.bundle('99.0.0', join(directory, 'berth-99.0.0.tar'));
      const vm = { extraDisks: [await mediumDisk(join(directory, 'medium.img'), [bundle])] };
      await withUpdatingHost(works, { berth: worker, vm }, async (host) => {
        const start = await shellOutput(host, `TZ=${zone} date -d @$(($(date +%s) + 150)) +%H:%M`);
        const window = `{days: [mon, tue, wed, thu, fri, sat, sun], start: "${start}", duration: 30m, timezone: ${zone}}`;
        await apply(
          host,
          await updatingConfig(works, { strategy: 'window', update: `    window: ${window}\n`, berth: worker }),
        );
        await host.os('update --from /run/berth/media/berth-99.0.0.tar --stage-only');
        await says(host, /restart +the window opens at \d{4}-\d\d-\d\dT\d\d:\d\d:00Z/);
        await host.vm.line(/^berth: this host restarts into 99[.]0[.]0 within 60 seconds: a release is staged/);
        await host.comesUpIn('b');
        // What ran in the hook's place is told, and the host does not wait for it.
        await host.vm.line(/^berth: os: pre_reboot of worker: it was not done after 5 s/);
        await host.vm.line(/^berth: os: 99[.]0[.]0 is blessed/);
        await host.vm.statusInside('a healthy host on the new release', isHealthy);
        expect(await shellOutput(host, 'cat /var/lib/worker/hook')).toBe('ran');

        await shellOutput(host, `mkdir -p /var/shared && printf '%s' '${otherHolder}' > /var/shared/permit`);
        const permit = '    permit: {file: /var/shared/permit}\n';
        await apply(host, await updatingConfig(works, { strategy: 'permit', update: permit, berth: worker }));
        await repository.publish(second);
        await host.os('update --stage-only');
        const isRefused = /restart +no permit: other \(m-2\) has it since 2026-01-01T00:00:00Z/;
        await says(host, isRefused);
        await host.os('inhibit backup --for 45s --reason "copies the database"');
        await says(host, /restart +backup postpones it until \S+: copies the database/);
        // Nobody renews it.
        await says(host, isRefused);
        expect(await host.os('status')).not.toContain('postponed');
        await shellOutput(host, 'rm /var/shared/permit');
        await host.vm.line(/^berth: this host restarts into 99[.]1[.]0 within 60 seconds/);
        await host.comesUpIn('a');
        // Kept over the restart, until the release has proved itself.
        expect(await shellOutput(host, 'cat /var/shared/permit')).toContain('"name":"updated"');
        await host.vm.line(/^berth: os: 99[.]1[.]0 is blessed/);
        await host.vm.until(
          'the permit to be given back',
          async () => (await (await host.vm.shell()).run('test -e /var/shared/permit')).exitCode === 1,
        );
        expect(await host.shown(/pre_reboot of worker/)).toHaveLength(2);
      });
    });
  }),
  4 * bootLimitMs,
);

test(
  'a deferral that ends passes over a workload and a permit, and says so; the next release gets the permit, on a FAT file system',
  noted('a deferral that ends; a permit on a FAT file system', async () => {
    await withReleases(async (works) => {
      const { releases, repository, directory } = works;
      const [first, second] = [await releases.make('99.0.0'), await releases.make('99.1.0')];
      await repository.publish(first);
      const lock = join(directory, 'restart.lock');
      await writeFile(lock, otherHolder);
      const vm = { extraDisks: [await mediumDisk(join(directory, 'medium.img'), [lock])] };
      const update = '    permit: {file: /mnt/fleet/restart.lock}\n    max_deferral: 2m\n';
      const berth = `${worker}mounts: [[LABEL=BERTH, /mnt/fleet, vfat]]\n`;
      await withUpdatingHost(works, { strategy: 'permit', update, berth, vm }, async (host) => {
        expect(await shellOutput(host, 'grep -c " /mnt/fleet vfat rw" /proc/mounts')).toBe('1');
        await host.os('inhibit backup --for 2h --reason "copies the database"');
        // What is there it takes by itself, at its first look.
        await says(
          host,
          /restart +backup postpones it until \S+: copies the database; deferred until \S+Z at the latest/,
        );
        await host.vm.line(
          /^berth: this host restarts into 99[.]0[.]0 within 60 seconds: staged at .*; passed over: backup postpones it .*; it needs a permit$/,
        );
        await host.keeps(first);
        const booted = (await host.history()).find(({ kind, version }) => kind === 'booted' && version === '99.0.0');
        expect(booted?.reason).toMatch(/^restarted for it: staged at .*; passed over: backup postpones it /);
        expect(await shellOutput(host, 'cat /mnt/fleet/restart.lock')).toBe(otherHolder);

        await shellOutput(host, 'rm /mnt/fleet/restart.lock');
        await host.os('allow-restart backup');
        await repository.publish(second);
        await host.os('update --stage-only');
        await host.comesUpIn('a');
        await host.vm.line(/^berth: network ready/);
        await host.vm.until('the mount', async () =>
          (await shellOutput(host, 'cat /mnt/fleet/restart.lock || true')).includes('"name":"updated"'),
        );
        await host.vm.line(/^berth: os: 99[.]1[.]0 is blessed/);
        await host.vm.until(
          'the permit to be given back',
          async () => (await shellOutput(host, 'ls -A /mnt/fleet')) === '',
        );
      });
    });
  }),
  4 * bootLimitMs,
);

async function shellOutput(host: UpdatingHost, command: string): Promise<string> {
  return (await host.vm.shell()).output(command);
}

/** Waits until the status says so: what a host waits for is looked at again in steps. */
async function says(host: UpdatingHost, pattern: RegExp): Promise<void> {
  let last = '';
  const isSaid = async (): Promise<boolean> => {
    last = await host.os('status');
    return pattern.test(last);
  };
  await host.vm.until(`a status like ${pattern.source}`, isSaid, 300_000).catch((error: unknown) => {
    throw new Error(`${String(error)}\nthe last one: ${last}`, { cause: error });
  });
}

async function apply(host: UpdatingHost, config: string): Promise<void> {
  await shellOutput(host, `cat > /run/config.yaml << 'END'\n${config}END`);
  await shellOutput(host, 'berth apply /run/config.yaml');
}
