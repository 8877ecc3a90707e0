import { expect, test } from '@jest/globals';
import { OwnUpdates, type OwnUpdatesDependencies } from '../../../src/agent/own-updates.ts';

const operator = { who: 'ops', command: 'berth os cancel' };

/** A host with a release under way or staged, or not, and with a permit that is kept, or not. */
function updatesWith(isUnderWay: boolean, why: string | undefined) {
  const story: string[] = [];
  const keeper = {
    cancel: async () => Promise.resolve(isUnderWay),
    status: () => ({ state: isUnderWay ? 'staged' : 'idle' }),
  };
  const reboots = {
    keeper: {
      state: { kind: 'waiting', why: 'the window is closed' },
      withdraw: () => story.push('withdraw'),
      wake: () => story.push('wake'),
    },
    inhibitors: { list: () => [] },
    keptPermit: { why, excuse: async () => Promise.resolve(void story.push('excuse')).then(() => why !== undefined) },
  };
  const updates = new OwnUpdates({ keeper, reboots, waits: () => isUnderWay } as unknown as OwnUpdatesDependencies);
  return { updates, story };
}

test.each([
  {
    ...{ what: 'an update, and leaves the permit', isUnderWay: true, why: '1.1 failed here' },
    ...{ answer: { cancelled: true, permitGoesBack: false }, story: ['withdraw'] },
  },
  {
    ...{ what: 'nothing but the permit', isUnderWay: false, why: '1.1 failed here' },
    ...{ answer: { cancelled: false, permitGoesBack: true }, story: ['excuse', 'wake'] },
  },
  {
    ...{ what: 'nothing', isUnderWay: false, why: undefined },
    ...{ answer: { cancelled: false, permitGoesBack: false }, story: ['excuse'] },
  },
])('an operator cancels $what', async ({ isUnderWay, why, answer, story }) => {
  const host = updatesWith(isUnderWay, why);
  expect(await host.updates.cancelUpdate(operator)).toEqual(answer);
  expect(host.story).toEqual(story);
});

test.each([
  { isUnderWay: true, why: '1.1 failed here', restart: 'the window is closed' },
  { isUnderWay: false, why: '1.1 failed here', restart: '1.1 failed here' },
  { isUnderWay: false, why: undefined, restart: null },
])('the status tells of a permit that is kept: $restart', async ({ isUnderWay, why, restart }) => {
  expect((await updatesWith(isUnderWay, why).updates.updateStatus()).restart).toBe(restart);
});
