import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { lastLines } from '../../image/vm/serial-text.ts';
import { SoakRuns } from './support/sample.ts';
import type { TestRelease, TestReleases } from './support/test-releases.ts';
import { bootLimitMs } from './support/test-vm.ts';
import {
  isHealthy,
  openUpdatingHost,
  type SharedHost,
  type UpdatingHost,
  withReleases,
  withUpdatingHost,
} from './support/updating-host.ts';

/** A release that is not well, in one way. */
interface BadRelease {
  readonly what: string;
  readonly make: (releases: TestReleases, version: string) => Promise<TestRelease>;
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
const blockBytes = 4096;
const tailLines = 60;
const neverStarted = { times: tries, reason: /^it did not start in 3 tries$/ } as const;
const agentDied = { times: 1, shows: /^berth: the agent died 5 times in a row/ } as const;
/** The initrd's line before which the watchdog runs, and after which it looks for a slot. */
const watched = 'for word in $(cat /proc/cmdline); do';

const badReleases: readonly BadRelease[] = [
  {
    what: 'whose initrd ends, which is a panic',
    make: async (releases, version) =>
      releases.make(version, { initrd: await releases.initrdWith(() => '#!/bin/sh\nexit 1\n') }),
    ...{ ...neverStarted, shows: /Kernel panic - not syncing: Attempted to kill init/ },
  },
  {
    what: 'whose kernel panics before it has found its slot',
    make: async (releases, version) =>
      releases.make(version, { initrd: await beforeSlot(releases, 'echo c > /proc/sysrq-trigger') }),
    ...{ ...neverStarted, shows: /Kernel panic - not syncing: sysrq triggered crash/ },
  },
  {
    what: 'that hangs in its initrd',
    make: async (releases, version) =>
      releases.make(version, {
        initrd: await beforeSlot(releases, "say 'hangs'; while :; do sleep 1000; done"),
      }),
    ...{ ...neverStarted, shows: /^berth: hangs$/ },
  },
  {
    what: 'in which nothing feeds the watchdog',
    make: async (releases, version) =>
      releases.makeChanged(version, async (usr) =>
        writeFile(join(usr, 'lib/berth/guard'), '#!/bin/sh\nexec sleep 100000\n'),
      ),
    // On a slow machine its agent does not get to say that it booted.
    ...{ times: tries, shows: /^berth: slot b on/, reason: /^it did not (prove itself|start) in 3 tries$/ },
  },
  {
    what: 'whose agent ends at once, always',
    make: async (releases, version) =>
      releases.makeChanged(version, async (usr) =>
        writeFile(join(usr, 'lib/berth/dist/berth.js'), 'process.exit(3);\n'),
      ),
    ...{
      ...agentDied,
      reason: /^the agent died 5 times in a row; the last words of its log: .*the agent ended with 3/,
    },
  },
  {
    what: 'without Node',
    make: async (releases, version) => releases.makeChanged(version, async (usr) => rm(join(usr, 'bin/node'))),
    ...{ ...agentDied, reason: /^the agent died 5 times in a row; the last words of its log: .*node: not found/ },
  },
  {
    what: 'of which a block of Node’s program was damaged after its activation',
    make: async (releases, version) => releases.make(version),
    damage: async (host, { slot }, releases) => zeroBlock(host, await releases.blockOf(slot.file, '/bin/node')),
    ...{ ...neverStarted, shows: /verity: .*data block \d+ is corrupted/ },
  },
  {
    what: 'of which the hash tree lost its top after its activation',
    make: async (releases, version) => releases.make(version),
    damage: async (host, { slot }) => zeroBlock(host, slot.dataBlocks + 1),
    // It looks for the slot until its time is up, or the watchdog's: here and in the boot of the release before, the kernel starts.
    ...{ ...neverStarted, shows: /^EFI stub: Loaded initrd/, times: tries + 1 },
  },
];

const runs = new SoakRuns('updates to releases that are not well: back to the one before, which knows why');
let shared: SharedHost | undefined;

/** One host takes one after the other: it is on its first release each time. */
beforeAll(async () => {
  shared = await openUpdatingHost({});
}, 2 * bootLimitMs);

afterAll(async () => {
  await runs.note();
  await shared?.close();
}, bootLimitMs);

test.each(badReleases.map((bad, index) => ({ ...bad, version: `99.${index}.0` })))(
  'a release $what: the host comes back, is well, and says why',
  async ({ make, damage, version, shows, times, reason }) => {
    runs.begin();
    const { host, works } = shared!;
    await host.settle();
    const before = { boots: await host.boots('b'), shown: (await host.shown(shows)).length };
    try {
      const bad = await make(works.releases, version);
      await works.repository.publish(bad);
      expect(await host.update('--stage-only')).toMatchObject({ outcome: 'staged', version });
      await damage?.(host, bad, works.releases);
      await host.restart();
      // As often as it is tried, and as long as a hang lasts.
      expect((await host.isBackFrom(bad, 2 * bootLimitMs)).reason).toMatch(reason);
      expect((await host.shown(shows)).length - before.shown).toBeGreaterThanOrEqual(times);
      expect((await host.boots('b')) - before.boots).toBeLessThanOrEqual(tries);
      await isAsBefore(host, version);
    } catch (error) {
      throw new Error(`${String(error)}\n${lastLines(await host.vm.vm.serial(), tailLines)}`, { cause: error });
    }
    runs.succeed();
  },
  4 * bootLimitMs,
);

test(
  'a release under which a critical service stays unhealthy: the host comes back, is well, and says why',
  async () => {
    runs.begin();
    await withReleases(async (works) => {
      const bad = await works.releases.make('99.0.0');
      await works.repository.publish(bad);
      const berth = `  services:
    picky:
      image: berth/busybox:latest
      pull_policy: never
      network_mode: none
      command: [sleep, infinity]
      stop_signal: SIGKILL
      healthcheck: {test: [CMD-SHELL, '! grep -q ${bad.slot.rootHash} /proc/cmdline'], interval: 5s, retries: 1}
      x-berth: {engine: system, critical: true}
`;
      await withUpdatingHost(works, { health: '{deadline: 300s}', berth }, async (host) => {
        expect(await host.update()).toMatchObject({ outcome: 'restarting', version: bad.version });
        const { reason } = await host.isBackFrom(bad, 2 * bootLimitMs);
        expect(reason).toMatch(/^it was not healthy within 300 seconds: .*critical-services: picky is /);
        await isAsBefore(host, bad.version);
      });
    });
    runs.succeed();
  },
  5 * bootLimitMs,
);

/** Well, with one release to boot, and the other one is not taken again. */
async function isAsBefore(host: UpdatingHost, version: string): Promise<void> {
  expect(await host.entries()).toEqual([`berth_${host.first.version}.efi`]);
  expect(await host.os('check')).toContain(`${version} failed here before`);
  const last = await host.vm.statusInside('a healthy host', isHealthy);
  expect(last).toMatchObject({ hostname: 'updated', generation: 1, machine: { problems: [] } });
}

/** An initrd that does something else once the watchdog runs. */
async function beforeSlot(releases: TestReleases, commands: string): Promise<Buffer> {
  return releases.initrdWith((init) => {
    if (!init.includes(watched)) throw new Error(`the initrd's init has no line ${watched}`);
    return init.replace(watched, () => `${commands}\n${watched}`);
  });
}

/** Writes zeros over a block of the slot that does not run. */
async function zeroBlock(host: UpdatingHost, block: number): Promise<void> {
  await (await host.vm.shell()).output(
    `dd if=/dev/zero of=/dev/vda3 bs=${blockBytes} seek=${block} count=1 conv=notrunc,fsync 2> /dev/null`,
  );
}
