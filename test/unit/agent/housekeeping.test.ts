import { expect, test } from '@jest/globals';
import { imagesOf, imagesToKeep } from '../../../src/agent/housekeeping.ts';
import type { Generation } from '../../../src/agent/model.ts';
import { configOf, SimulatedHost } from '../../support/simulate.ts';

/** Each with an image of its number; `!`: something of it was rolled back. Oldest first. */
function generations(...releases: readonly string[]): Generation[] {
  const current = releases.length - 1;
  return releases
    .map((release, index) => ({
      ...{ number: index + 1, createdAt: '', source: 'x', configDigest: '', changes: [], rolledBack: {} },
      ...{ images: { web: `image ${index + 1}` }, release: release.replace('!', '') },
      state:
        index === current
          ? ('current' as const)
          : release.endsWith('!')
            ? ('rejected' as const)
            : ('previous' as const),
    }))
    .reverse();
}

test.each([
  { what: 'nothing was applied', list: generations(), kept: [] },
  { what: 'one was applied', list: generations('1.0'), kept: [1] },
  { what: 'all are of one release', list: generations('1.0', '1.0', '1.0'), kept: [3, 2] },
  { what: 'something of the one before was rolled back', list: generations('1.0', '1.0', '1.0!', '1.0'), kept: [4, 2] },
  { what: 'two were applied under the newer release', list: generations('1.0', '1.1', '1.1'), kept: [3, 2, 1] },
  { what: 'many were', list: generations('1.0', '1.0', '1.1', '1.1', '1.1', '1.1'), kept: [6, 5, 2] },
  { what: 'the one to return to had its own trouble', list: generations('1.0', '1.0!', '1.1', '1.1'), kept: [4, 3, 2] },
])('where $what, the images of these stay: $kept', ({ list, kept }) => {
  expect([...new Set(imagesToKeep(list))]).toEqual(kept.map((number) => `image ${number}`));
});

test('of a generation, the images are noted that its own containers run, and that its schedules will', async () => {
  const host = new SimulatedHost();
  const nightly = { image: 'backup:1', network_mode: 'host', 'x-berth': { schedule: '0 3 * * *' } };
  host.declare(configOf({ web: { image: 'web:1', network_mode: 'host' }, nightly }));
  await host.converge();
  const noted = async () => imagesOf({ desired: host.desired, ...(await host.look()) });
  expect(await noted()).toEqual({ web: 'sha256:web:1', nightly: 'sha256:backup:1' });
  // What still runs is of the generation before.
  host.declare(configOf({ web: { image: 'web:2', network_mode: 'host' } }));
  expect(await noted()).toEqual({});
});
