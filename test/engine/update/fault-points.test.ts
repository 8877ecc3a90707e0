import { beforeAll, describe, expect, jest, test } from '@jest/globals';
import { isBerthError, messageOf } from '../../../src/core/errors.ts';
import type { Fault } from '../../support/crash/medium.ts';
import { orderedUnpacking, SlotDevices, slotFileModule } from '../../support/crash/slot-devices.ts';

const devices = new SlotDevices();
jest.unstable_mockModule('../../../src/update/transfer/slot-file.ts', () => slotFileModule(devices));
jest.unstable_mockModule('../../../src/update/transfer/unpack-frame.ts', () => orderedUnpacking);
const { faultsOf, unconverged } = await import('../../support/crash/crash-check.ts');
const { makeSmallReleases } = await import('../../support/crash/releases.ts');
const { scenarios, situationOf } = await import('../../support/crash/scenarios.ts');
const { SmallHost, shown } = await import('../../support/crash/small-host.ts');

let small: Awaited<ReturnType<typeof makeSmallReleases>>;

beforeAll(async () => {
  small = await makeSmallReleases(5);
});

const codes: readonly Fault['code'][] = ['ENOSPC', 'EIO', 'EROFS'];
const kinds = codes.flatMap((code) => (['once', 'for-good'] as const).map((lasts) => ({ code, lasts })));

describe.each(scenarios.map((scenario) => [scenario.name, scenario] as const))('%s', (_, scenario) => {
  test.each(kinds)('$code $lasts at any operation is told, and changes nothing', async ({ code, lasts }) => {
    const initial = scenario.cells(Object.fromEntries(small.all.map((release) => [release.sequence, release])));
    const situation = situationOf(scenario, small.all, {
      parts: { releases: small.source, devices },
      mostFetched: Number.POSITIVE_INFINITY,
    });
    const { parts, running, next } = situation;
    const clean = new SmallHost(parts, initial, running);
    await clean.bring(next);
    const wrong: string[] = [];
    for (const [at, operation] of clean.medium.operations.entries()) {
      const host = new SmallHost(parts, initial, running);
      host.medium.fault = { at, code, lasts };
      const note = (what: string): void => void wrong.push(`${at}, ${operation}: ${what}`);
      const error = await host.bring(next).then(
        () => undefined,
        (reason: unknown) => reason,
      );
      if (error !== undefined) {
        if (!isBerthError(error)) note(`it fails with ${messageOf(error)}`);
        else if (error.code !== (code === 'ENOSPC' ? 'DISK_FULL' : 'HOST_REFUSED')) note(`it is called ${error.code}`);
        // Refused before anything was written, it is as it was; whoever looks ends that.
        const isStaged = shown(host.medium.cells)[0]?.entry.name !== running.name;
        if (!['idle', 'looking', ...(isStaged ? ['staged'] : [])].includes(host.updater.state.kind))
          note(`the updater is ${host.updater.state.kind}`);
      } else if (shown(host.medium.cells)[0]?.entry.name !== next.name) note('nobody is told of it');
      const state = { cells: host.medium.cells, promised: new Set<string>(), at, how: 'as it is' };
      for (const fault of faultsOf(state, situation)) note(fault);
      const later = await unconverged(state, situation).catch((reason: unknown) => [String(reason)]);
      for (const fault of later) note(`later: ${fault}`);
    }
    expect(wrong).toEqual([]);
  });
});
