import { beforeAll, describe, expect, jest, test } from '@jest/globals';
import type { CrashState } from '../../../support/crash/crash-states.ts';
import { SlotDevices, slotFileModule } from '../../../support/crash/slot-devices.ts';

const devices = new SlotDevices();
jest.unstable_mockModule('../../../../src/update/transfer/slot-file.ts', () => slotFileModule(devices));
jest.unstable_mockModule('../../../../src/update/transfer/slot-lane.ts', async () => ({
  SlotLane: (await import('../../../support/crash/in-process-lane.ts')).InProcessLane,
}));

const { crashStates } = await import('../../../support/crash/crash-states.ts');
const { faultsOf, blessFaultsOf, unconverged, unblessed } = await import('../../../support/crash/crash-check.ts');
const { SmallHost, renamed, shown } = await import('../../../support/crash/small-host.ts');
const { makeSmallReleases } = await import('../../../support/crash/releases.ts');
const { scenarios, situationOf } = await import('../../../support/crash/scenarios.ts');
const { afterTry } = await import('../../../support/crash/boot-model.ts');

let small: Awaited<ReturnType<typeof makeSmallReleases>>;
beforeAll(async () => {
  small = await makeSmallReleases(5);
});

describe.each(scenarios.map((s) => [s.name, s] as const))('%s', (_, scenario) => {
  test('holds', async () => {
    const parts = { releases: small.source, devices };
    const situation = situationOf(scenario, small.all, { parts, mostFetched: 10 ** 6 });
    const initial = scenario.cells({ ...Object.fromEntries(small.all.map((r) => [r.sequence, r])) });
    const host = new SmallHost(parts, initial, situation.running);
    await host.bring(situation.next);
    const bad = new Map<string, number>();
    const note = (what: string, s: CrashState) => { if (!bad.has(what)) console.log(what, s.at, s.how, host.medium.log[s.at-1]); bad.set(what, (bad.get(what) ?? 0) + 1); };
    let n = 0, m = 0; const began = performance.now();
    for (const s of crashStates(initial, host.medium.log)) {
      n++;
      for (const f of faultsOf(s, situation)) note(f, s);
      for (const f of await unconverged(s, situation).catch((e) => [String(e.stack)])) note('C ' + f, s);
    }
    const t1 = performance.now() - began;
    const before = host.medium.cells; const [first] = shown(before);
    const booted = renamed(before, first!.name, afterTry(first!.entry));
    const b = new SmallHost(parts, booted, situation.running);
    await b.bless(situation.next.name);
    for (const s of crashStates(booted, b.medium.log)) {
      m++;
      for (const f of blessFaultsOf(s, situation)) note('B ' + f, s);
      for (const f of await unblessed(s, situation).catch((e) => [String(e.stack)])) note('BC ' + f, s);
    }
    console.log(n, t1, m, bad);
  });
});
