import { copyFile, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { runCommand } from '../../image/command.ts';
import { readWriteLog } from '../../image/vm/replay.ts';
import type { ExtraDisk } from '../../image/vm/vm-spec.ts';
import { type CrashState, crashStates } from '../support/crash/crash-states.ts';
import type { MediumEvent } from '../support/crash/medium.ts';
import type { SmallRelease } from '../support/crash/releases.ts';
import { seededRandom } from '../support/random.ts';
import { isSoak } from '../support/soak.ts';
import { noteSoak, sampleSeed } from './support/sample.ts';
import type { SerialShell } from './support/serial-shell.ts';
import { testImage } from './support/test-image.ts';
import { bootLimitMs, withDirectory, withVm } from './support/test-vm.ts';
import { bootLoaderChoice, openLoaderParts } from './support/tiny-uki.ts';
import { makeBootableReleases, makeProgramDisk, makeUpdateDisk, updateDiskLayout } from './support/update-disk.ts';
import { eventsOf, faultsOf, materialize, readerOf, SmallDiskView } from './support/update-states.ts';

/** States that firmware and boot loader boot, and states from which the updater goes on, on the kernel's own vfat. */
const samples = isSoak ? { boots: 20, recoveries: 16 } : { boots: 5, recoveries: 4 };
const shownFaults = 10;
const pollMs = 100;
/** Flushes of which each is needed alone: after the new magic, once an update. Whatever else is flushed, a later flush takes along. */
const neededFlushes = 2;

interface Found {
  readonly state: CrashState;
  readonly next: SmallRelease;
}

test(
  `two updates on real disks, cut at each write: one whole release boots, as the boot loader itself says, and the updater goes on (seed ${sampleSeed})`,
  async () => {
    await withDirectory(async (directory) => {
      const parts = await openLoaderParts(join(directory, 'tools'));
      const releases = await makeBootableReleases(4);
      const [older, running] = releases.all;
      const base = await makeUpdateDisk(join(directory, 'disk'), parts, [older!, running!]);
      const program = await makeProgramDisk(directory, parts, releases);
      const logFile = join(directory, 'writes.log');
      const content = await readFile(base);
      await inGuest(base, program, [], logFile, async (shell) => {
        await shell.output('/usr/bin/node /run/program/program.js two-updates berth-boot', bootLimitMs);
      });

      const events = await eventsOf(await readWriteLog(logFile), logFile);
      const faults: string[] = [];
      const found: Found[] = [];
      for (const state of crashStates(new Map(), events)) {
        const view = new SmallDiskView(readerOf(content, state.cells), releases.all);
        const where = `after ${state.at} of ${events.length} events: ${state.how}`;
        faults.push(...faultsOf(state, view).map((fault) => `${fault} (${where})`));
        if (view.next !== undefined) found.push({ state, next: view.next });
      }
      process.stderr.write(`crash states of two updates, by QEMU's log of ${events.length} events: ${found.length}\n`);
      expect(faults.slice(0, shownFaults)).toEqual([]);

      // A test of the test: a disk that forgets more than it may is found out.
      const flushes = events.flatMap(({ kind }, index) => (kind === 'flush' ? [index] : []));
      const missed = flushes.filter((flush) => isFound(content, releases.all, events.toSpliced(flush, 1)));
      process.stderr.write(`flushes that were recorded: ${flushes.length}; without one of ${missed.length} it fails\n`);
      expect(missed.length).toBeGreaterThanOrEqual(neededFlushes);
      const unflushed = events.filter(({ kind }) => kind !== 'flush');
      expect(isFound(content, releases.all, unflushed)).toBe(true);

      for (const { state, next } of drawn(found, samples.boots)) {
        const disk = join(directory, 'cut.raw');
        await copyFile(base, disk);
        await materialize(disk, state.cells);
        expect({ at: state.at, how: state.how, booted: await bootLoaderChoice(disk) }).toEqual({
          ...{ at: state.at, how: state.how, booted: next.version },
        });
      }

      const recovered = await recover(
        directory,
        base,
        program,
        releases.all,
        drawn(found.filter(isBetween), samples.recoveries),
      );
      await noteSoak('crash states of two updates in a VM, all judged', found.length, faults.length);
      await noteSoak('of these, booted by systemd-boot', samples.boots, 0);
      await noteSoak('of these, recovered from in a VM', samples.recoveries, recovered.length);
      expect(recovered).toEqual([]);
    });
  },
  (samples.boots + samples.recoveries + 4) * bootLimitMs,
);

/** Whether the states of a log have a fault. */
function isFound(content: Buffer, releases: readonly SmallRelease[], events: readonly MediumEvent[]): boolean {
  for (const state of crashStates(new Map(), events))
    if (faultsOf(state, new SmallDiskView(readerOf(content, state.cells), releases)).length > 0) return true;
  return false;
}

/** Not while release 3 boots and is blessed: what runs then, firmware decides. */
function isBetween({ state: { promised } }: Found): boolean {
  return !promised.has('staged 3.0.0') || promised.has('blessed 3.0.0');
}

/** Lets the updater go on from some states. @returns what it did not come to. */
async function recover(
  directory: string,
  base: string,
  program: string,
  releases: readonly SmallRelease[],
  chosen: readonly Found[],
): Promise<string[]> {
  const disks: ExtraDisk[] = [];
  for (const [index, { state }] of chosen.entries()) {
    const file = join(directory, `state-${index}.raw`);
    await copyFile(base, file);
    await materialize(file, state.cells);
    disks.push({ name: `state-${index}`, sizeBytes: updateDiskLayout.sizeBytes, bus: 'virtio', base: file });
  }
  const wrong: string[] = [];
  await inGuest(
    base,
    program,
    disks,
    undefined,
    async (shell) => {
      for (const [index, { state }] of chosen.entries()) {
        const from = state.promised.has('blessed 3.0.0') ? 'from-b' : 'from-a';
        const { exitCode, output } = await shell.run(`/usr/bin/node /run/program/program.js ${from} state-${index}`);
        if (exitCode !== 0) wrong.push(`state-${index}, ${state.how}: ${output}`);
      }
    },
    async (index, raw) => {
      const { state } = chosen[index]!;
      const wanted = state.promised.has('blessed 3.0.0') ? '4.0.0' : '3.0.0';
      const view = new SmallDiskView(readerOf(await readFile(raw), new Map()), releases);
      const names = view.entries.map(({ name }) => name);
      if (view.next?.version !== wanted || names.length !== 2)
        wrong.push(`state-${index}, ${state.how}: it shows ${names.join(', ')}`);
    },
  );
  return wrong;
}

/** Boots the image under test with the program and disks to work on. The log has what it writes to the boot disk, which is small. */
async function inGuest(
  base: string,
  program: string,
  disks: readonly ExtraDisk[],
  logFile: string | undefined,
  work: (shell: SerialShell) => Promise<void>,
  look: (index: number, raw: string) => Promise<void> = async () => undefined,
): Promise<void> {
  const extraDisks: ExtraDisk[] = [
    { name: 'os', sizeBytes: 8 * 2 ** 30, bus: 'virtio', base: testImage().disk },
    { name: 'program', sizeBytes: 16 * 2 ** 20, bus: 'virtio', base: program },
    ...disks,
  ];
  const disk = { base, baseFormat: 'raw', sizeBytes: updateDiskLayout.sizeBytes, bus: 'virtio' } as const;
  await withVm({ disk, extraDisks, recordWrites: logFile !== undefined }, async (vm) => {
    await vm.start();
    const shell = await vm.shell();
    await shell.output(
      'mkdir -p /run/program; for d in /sys/block/vd*; do [ "$(cat $d/serial)" != program ] || mount -t vfat -o ro /dev/${d##*/} /run/program; done; ls /run/program/program.js',
    );
    await work(shell);
    // Quitting, QEMU writes what it has of the disks' own tables.
    const monitor = await vm.vm.monitor();
    await monitor.quit();
    monitor.close();
    while ((await vm.vm.process()) !== undefined) await sleep(pollMs);
    if (logFile !== undefined) await rename(vm.vm.files.writeLog, logFile);
    for (const [index, { name }] of disks.entries()) {
      const raw = `${vm.vm.files.extraDisk(name)}.raw`;
      await runCommand('qemu-img', ['convert', '-O', 'raw', vm.vm.files.extraDisk(name), raw]);
      await look(index, raw);
    }
  });
}

/** Some, spread over all by chance: no two from the same stretch. */
function drawn(found: readonly Found[], count: number): Found[] {
  const random = seededRandom(sampleSeed);
  return Array.from({ length: count }, (_, stretch) => {
    const place = ((stretch + random()) * found.length) / count;
    return found[Math.floor(place)]!;
  });
}
