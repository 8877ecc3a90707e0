import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { Rollout } from '../../../../src/update/feed/feed.ts';
import { promoteRelease, publishRelease } from '../../../../src/update/repository/channel-changes.ts';
import { createRepository } from '../../../../src/update/repository/create.ts';
import { toAll, Workshop } from './workshop.ts';

let workshop: Workshop;

beforeEach(async () => {
  workshop = await Workshop.open();
  await createRepository(workshop.repository, await workshop.keys(), {}, await workshop.signing());
});

afterEach(async () => workshop.close());

test.each<[string, Rollout]>([
  ['over no time', { kind: 'ramp', start: '2026-05-01T12:00:00Z', share: 0, minutes: 0 }],
  ['to more than all', { kind: 'waves', start: '2026-05-01T12:00:00Z', waves: [{ afterMinutes: 0, share: 2 }] }],
  ['since nobody knows when', { kind: 'ramp', start: 'noon', share: 0, minutes: 1 }],
])('whoever offers a release in a way that hosts do not read changes nothing: %s', async (_, rollout) => {
  const signing = await workshop.signing();
  await publishRelease(workshop.repository, await workshop.release('1.0.0', 1), 'stable', toAll, signing);
  const before = await workshop.files();
  const refused = {
    code: 'USAGE',
    message: expect.stringMatching(/^hosts would refuse what edge is to offer: .*feed\.json/),
  };
  const offer = { ...toAll, rollout };
  const release = await workshop.release('1.1.0', 2);
  await expect(publishRelease(workshop.repository, release, 'edge', offer, signing)).rejects.toMatchObject(refused);
  const promoted = promoteRelease(workshop.repository, '1.0.0', 'stable', 'edge', offer, signing);
  await expect(promoted).rejects.toMatchObject(refused);
  expect(await workshop.files()).toEqual(before);
});
