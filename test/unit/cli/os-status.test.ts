import { expect, test } from '@jest/globals';
import { renderOs } from '../../../src/cli/commands/os.ts';
import { createStyle } from '../../../src/cli/style.ts';
import type { OsEntry, OsStatus } from '../../../src/update/os-status.ts';

const running: OsEntry = {
  ...{ file: 'berth_1.1+2-1.efi', name: 'berth_1.1', version: '1.1', tries: { left: 2, done: 1 }, isRunning: true },
};
const older: OsEntry = { file: 'berth_1.0.efi', name: 'berth_1.0', version: '1.0', isRunning: false };
const onTrial: OsStatus = {
  ...{
    version: '1.1',
    slot: 'b',
    device: '/dev/vda3',
    rootHash: 'ab'.repeat(32),
    entries: [running, older],
    rejected: [],
  },
  bless: { kind: 'on-trial', checks: [], blockers: [], secondsLeft: 45 },
  state: { schema: 1, kept: [] },
  volumes: { snapshot: null, takenBack: null, forwardOnly: [] },
};

test.each<[string, Partial<OsStatus>, string | undefined]>([
  ['it goes back', {}, 'It has 45 s left to prove itself; then the host goes back to the other release.'],
  [
    'there is no other',
    { entries: [running] },
    'It has 45 s left to prove itself; there is no other release to go back to.',
  ],
  [
    'the other has used up its tries',
    { entries: [running, { ...older, tries: { left: 0, done: 3 } }] },
    'It has 45 s left to prove itself; there is no other release to go back to.',
  ],
  [
    'volumes go forward only',
    { volumes: { ...onTrial.volumes, forwardOnly: ['user/db'] } },
    'It has 45 s left to prove itself; then it stays, for its volumes go forward only.',
  ],
  [
    'the time is over',
    { bless: { kind: 'on-trial', checks: [], blockers: [], secondsLeft: 0 } },
    'Its time to prove itself is over.',
  ],
  ['it has proved itself', { bless: { kind: 'blessed' } }, undefined],
])('what a release on trial has left: %s', (_, part, line) => {
  const lines = renderOs({ ...onTrial, ...part }, createStyle({ write: () => true }, {}, false)).split('\n');
  expect(lines.find((text) => text.includes('prove itself'))).toBe(line);
});
