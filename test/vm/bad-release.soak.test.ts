import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { plainLines } from '../../image/vm/serial-text.ts';
import { SoakRuns } from './support/sample.ts';
import type { TestRelease, TestReleases } from './support/test-releases.ts';
import { bootLimitMs } from './support/test-vm.ts';
import {
  isHealthy,
  type UpdatingHost,
  type UpdatingHostChange,
  withReleases,
  withUpdatingHost,
} from './support/updating-host.ts';

const version = '99.0.0';
const blockBytes = 4096;

/** A release that is not well, in one way. */
interface BadRelease {
  readonly what: string;
  readonly make: (releases: TestReleases) => Promise<TestRelease>;
  /** What else is declared, once the release is known. */
  readonly config?: (release: TestRelease) => UpdatingHostChange;
  /** What becomes of it on the disk, between its activation and its first boot. */
  readonly damage?: (host: UpdatingHost, release: TestRelease, releases: TestReleases) => Promise<void>;
  /** What the console shows of it. */
  readonly shows: RegExp;
  /** How often at least it shows that; no release is tried more than three times. */
  readonly times: number;
  /** What the history says of it. */
  readonly reason: RegExp;
}

const tries = 3;
const neverStarted = { times: tries, reason: /^it did not start in 3 tries$/ } as const;
/** The initrd's line before which the watchdog runs, and after which it looks for a slot. */
const watched = 'for word in $(cat /proc/cmdline); do';

const badReleases: readonly BadRelease[] = [
  {
    what: 'whose initrd ends, which is a panic',
    make: async (releases) =>
      releases.make(version, { initrd: await releases.initrdWith(() => '#!/bin/sh\nexit 1\n') }),
    ...{ ...neverStarted, shows: /Kernel panic - not syncing: Attempted to kill init/ },
  },
  {
    what: 'whose kernel panics before it has found its slot',
    make: async (releases) =>
      releases.make(version, { initrd: await beforeSlot(releases, 'echo c > /proc/sysrq-trigger') }),
    ...{ ...neverStarted, shows: /Kernel panic - not syncing: sysrq triggered crash/ },
  },
  {
    what: 'that hangs in its initrd',
    make: async (releases) =>
      releases.make(version, { initrd: await beforeSlot(releases, "say 'hangs'; while :; do sleep 1000; done") }),
    ...{ ...neverStarted, shows: /^berth: hangs$/ },
  },
  {
    what: 'in which nothing feeds the watchdog',
    make: async (releases) =>
      releases.makeChanged(version, async (usr) =>
        writeFile(join(usr, 'lib/berth/guard'), '#!/bin/sh\nexec sleep 100000\n'),
      ),
    ...{ times: tries, reason: /^it did not prove itself in 3 tries$/, shows: /^berth: slot b on/ },
  },
  {
    what: 'whose agent ends at once, always',
    make: async (releases) =>
      releases.makeChanged(version, async (usr) =>
        writeFile(join(usr, 'lib/berth/dist/berth.js'), 'process.exit(3);\n'),
      ),
    ...{ shows: /^berth: the agent died 5 times in a row/, times: 1 },
    reason: /^the agent died 5 times in a row; the last words of its log: .*the agent ended with 3/,
  },
  {
    what: 'without Node',
    make: async (releases) => releases.makeChanged(version, async (usr) => rm(join(usr, 'bin/node'))),
    ...{ shows: /^berth: the agent died 5 times in a row/, times: 1 },
    reason: /^the agent died 5 times in a row; the last words of its log: .*node: not found/,
  },
  {
    what: 'under which a critical service stays unhealthy',
    make: async (releases) => releases.make(version),
    config: ({ slot }) => ({
      health: '{deadline: 150s}',
      berth: `  services:
    picky:
      image: berth/busybox:latest
      pull_policy: never
      network_mode: none
      command: [sleep, infinity]
      stop_signal: SIGKILL
      healthcheck: {test: [CMD-SHELL, '! grep -q ${slot.rootHash} /proc/cmdline'], interval: 5s, retries: 1}
      x-berth: {engine: system, critical: true}
`,
    }),
    ...{ shows: /^berth: going back to the other system: it was not healthy within 150 seconds/, times: 1 },
    reason: /^it was not healthy within 150 seconds: critical-services: picky is /,
  },
  {
    what: 'of which a block of Node’s program was damaged after its activation',
    make: async (releases) => releases.make(version),
    damage: async (host, { slot }, releases) => zeroBlock(host, await releases.blockOf(slot.file, '/bin/node')),
    ...{ ...neverStarted, shows: /verity: .*data block \d+ is corrupted/ },
  },
  {
    what: 'of which the hash tree lost its top after its activation',
    make: async (releases) => releases.make(version),
    damage: async (host, { slot }) => zeroBlock(host, slot.dataBlocks + 1),
    ...{ ...neverStarted, shows: /^berth: cannot boot: no disk has a partition berth-a or berth-b with the system/ },
  },
];

const runs = new SoakRuns('updates to releases that are not well: back to the one before, which knows why');
afterAll(async () => runs.note());

test.each(badReleases)(
  'a release $what: the host comes back, is well, and says why',
  async ({ make, config, damage, shows, times, reason }) => {
    runs.begin();
    await withReleases(async (works) => {
      const { releases, repository } = works;
      const bad = await make(releases);
      await repository.publish(bad);
      await withUpdatingHost(works, config?.(bad) ?? {}, async (host) => {
        expect(await host.update('--stage-only')).toMatchObject({ outcome: 'staged', version });
        await damage?.(host, bad, releases);
        await host.restart();
        // As often as it is tried, and as long as a hang lasts.
        expect((await host.isBackFrom(bad, 2 * bootLimitMs)).reason).toMatch(reason);

        const shown = plainLines(await host.vm.vm.serial()).filter((line) => shows.test(line));
        expect(shown.length).toBeGreaterThanOrEqual(times);
        expect(await host.vm.vm.serial().then((text) => slotBoots(text, 'b'))).toBeLessThanOrEqual(tries);
        expect(await host.entries()).toEqual([`berth_${host.first.version}.efi`]);
        // What failed here is not taken again.
        expect(await host.os('check')).toContain(`${version} failed here before`);
        const last = await host.vm.statusInside('a healthy host', isHealthy);
        expect(last).toMatchObject({ hostname: 'updated', generation: 1, machine: { problems: [] } });
      });
    });
    runs.succeed();
  },
  5 * bootLimitMs,
);

/** An initrd that does something else once the watchdog runs. */
async function beforeSlot(releases: TestReleases, commands: string): Promise<Buffer> {
  return releases.initrdWith((init) => {
    if (!init.includes(watched)) throw new Error(`the initrd's init has no line ${watched}`);
    return init.replace(watched, () => `${commands}\n${watched}`);
  });
}

/** Writes zeros over a block of the slot that does not run. */
async function zeroBlock(host: UpdatingHost, block: number): Promise<void> {
  const slot = '/dev/vda3';
  await (await host.vm.shell()).output(
    `dd if=/dev/zero of=${slot} bs=${blockBytes} seek=${block} count=1 conv=notrunc,fsync 2> /dev/null`,
  );
}

function slotBoots(serial: string, slot: string): number {
  return plainLines(serial).filter((line) => line.startsWith(`berth: slot ${slot} on`)).length;
}
