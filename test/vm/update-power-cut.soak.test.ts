import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { diskLayout } from '../../image/os/layout.ts';
import { choosePowerCuts, type PowerCut } from '../../image/vm/power-cut.ts';
import { readWriteLog, replayPowerCut } from '../../image/vm/replay.ts';
import type { LoggedWrite } from '../../image/vm/write-log.ts';
import type { SlotCheck } from '../../src/agent/update-service.ts';
import { noteSoak, repetitions, sampleSeed } from './support/sample.ts';
import type { TestRelease } from './support/test-releases.ts';
import { bootLimitMs, type VmChange, withVm } from './support/test-vm.ts';
import { hostDiskBytes, isHealthy, UpdatingHost, updatingVm, withReleases } from './support/updating-host.ts';

const moments = repetitions(200, 3);
/** Machines at a time; `BERTH_SOAK_LANES` says another number. An emulated one leaves a third of two processors unused. */
const lanes = Number(process.env['BERTH_SOAK_LANES'] ?? 1);
const phases = ['while it is fetched and written', 'while it is activated', 'in its first boot'] as const;

type Phase = (typeof phases)[number];

/** How many writes were logged when something was done. */
interface Marks {
  readonly begun: number;
  readonly staged: number;
  readonly blessed: number;
}

interface PhasedCut extends PowerCut {
  readonly phase: Phase;
}

test(
  `an update whose power is cut at ${moments} moments: the host comes up on one release, whole, and gets to the new one (seed ${sampleSeed})`,
  async () => {
    await withReleases(async (works) => {
      const { releases, repository, directory } = works;
      const base = await releases.firstDisk(join(directory, 'host.raw'));
      const [first, next] = [await releases.first(), await releases.make('99.0.0')];
      await repository.publish(next);
      const change = await updatingVm(works, {});
      const logFile = join(directory, 'writes.log');
      const marks = await record({ ...change, disk: raw(base) }, first, next, logFile);
      const log = await readWriteLog(logFile);
      const failures: string[] = [];
      const counts = new Map<Phase, number>();
      const tryCut = async (cut: PhasedCut, target: string): Promise<void> => {
        const { kept, lost } = await replayPowerCut({
          ...{ base, baseFormat: 'raw', sizeBytes: hostDiskBytes, logFile, log, cut, target },
        });
        const moment = `${cut.phase}, ${cut.entries} of ${log.length} writes, seed ${cut.seed}: ${kept.length} kept, ${lost.length} lost`;
        await withVm({ ...change, disk: raw(target) }, async (vm) => {
          await comeToNext(new UpdatingHost(vm, first), next);
        }).catch((error: unknown) => failures.push(`${moment}\n${String(error)}`));
        await rm(target);
        counts.set(cut.phase, (counts.get(cut.phase) ?? 0) + 1);
        process.stderr.write(`power cut ${moment}: ${failures.length} failed so far\n`);
      };
      const left = chooseCuts(log, marks).values();
      const lane = async (_: unknown, number: number): Promise<void> => {
        for (const cut of left) await tryCut(cut, join(directory, `cut-${number}.raw`));
      };
      await Promise.all(Array.from({ length: lanes }, lane));
      for (const [phase, count] of counts) {
        const failed = failures.filter((failure) => failure.startsWith(phase)).length;
        await noteSoak(`power cuts of an update, ${phase}`, count, failed);
      }
      expect(failures).toEqual([]);
    });
  },
  (3 * moments + 3) * bootLimitMs,
);

/** An update without a cut, recorded. The log is moved to `logFile`. */
async function record(change: VmChange, first: TestRelease, next: TestRelease, logFile: string): Promise<Marks> {
  return withVm({ ...change, recordWrites: true }, async (vm) => {
    const host = new UpdatingHost(vm, first);
    const written = async (): Promise<number> => (await readWriteLog(vm.vm.files.writeLog)).length;
    await host.start();
    const begun = await written();
    expect(await host.update('--stage-only')).toMatchObject({ outcome: 'staged', version: next.version });
    const staged = await written();
    await host.restart();
    await host.keeps(next);
    const blessed = await written();
    await vm.kill();
    await rename(vm.vm.files.writeLog, logFile);
    return { begun, staged, blessed };
  });
}

/** Spread over the phases evenly, which take turns, and over each by chance. */
function chooseCuts(log: readonly LoggedWrite[], { begun, staged, blessed }: Marks): PhasedCut[] {
  const slot = diskLayout('amd64').partitions.find(({ name }) => name === 'berth-b')!;
  const isInSlot = ({ offset }: LoggedWrite): boolean =>
    offset >= slot.startBytes && offset < slot.startBytes + slot.sizeBytes;
  const written = log.slice(0, staged).findLastIndex((write) => write.kind === 'write' && isInSlot(write)) + 1;
  const bounds = [begun, written, staged, blessed];
  const cutsOfPhases = phases.map((phase, index) => {
    const [from = 0, to = 0] = bounds.slice(index, index + 2);
    const count = Math.floor((moments + phases.length - 1 - index) / phases.length);
    const cuts = choosePowerCuts(log.slice(from, to), count, sampleSeed + index);
    return cuts.map(({ entries, seed }) => ({ phase, seed, entries: from + entries }));
  });
  const turns = Array.from({ length: Math.ceil(moments / phases.length) }, (_, turn) => turn);
  return turns.flatMap((turn) => cutsOfPhases.flatMap((cuts) => cuts.slice(turn, turn + 1)));
}

/** From wherever the cut left it: healthy on one of the two releases, and then on the new one, whose every block is right. */
async function comeToNext(host: UpdatingHost, next: TestRelease): Promise<void> {
  const { vm, first } = host;
  await vm.start();
  await vm.line(/^berth: slot [ab] on/);
  await vm.statusInside('a healthy host after the cut', isHealthy);
  const { version } = await host.status();
  expect([first.version, next.version]).toContain(version);
  if (version === first.version) {
    expect(await host.update()).toMatchObject({ outcome: 'restarting', version: next.version });
    await host.keeps(next);
  }
  await vm.until('a blessed release', async () => (await host.status()).bless.kind === 'blessed');
  expect(await host.status()).toMatchObject({ version: next.version, slot: 'b' });
  expect(await host.entries()).toEqual([`berth_${first.version}.efi`, `berth_${next.version}.efi`]);
  expect(await host.json<SlotCheck>('verify')).toMatchObject({ differs: [], unknown: [] });
  const story = await host.history();
  expect(story.filter(({ kind }) => kind === 'rejected' || kind === 'rolled-back')).toEqual([]);
  expect(story.map(({ kind, version: of }) => `${kind} ${of}`)).toContain(`blessed ${next.version}`);
}

function raw(base: string) {
  return { base, baseFormat: 'raw', sizeBytes: hostDiskBytes, bus: 'virtio' } as const;
}
