import { expect, test } from '@jest/globals';
import { nextState, type UpdateEvent, type UpdateState } from '../../../../src/update/machine/update-state.ts';

const target = { version: '1.1.0', sequence: 2, digest: 'd'.repeat(64), rootHash: 'a'.repeat(64) };
const other = { ...target, version: '1.2.0', sequence: 3 };

const states: readonly UpdateState[] = [
  { kind: 'idle' },
  { kind: 'looking' },
  { kind: 'clearing', target },
  { kind: 'writing', target },
  { kind: 'placing', target },
  { kind: 'activating', target },
  { kind: 'staged', target, sinceMs: 5 },
  { kind: 'restarting', target },
];

const events: Readonly<Record<UpdateEvent['kind'], UpdateEvent>> = {
  look: { kind: 'look' },
  stay: { kind: 'stay' },
  take: { kind: 'take', target: other },
  cleared: { kind: 'cleared' },
  written: { kind: 'written' },
  placed: { kind: 'placed' },
  activated: { kind: 'activated', atMs: 7 },
  failed: { kind: 'failed' },
  dropped: { kind: 'dropped' },
  restart: { kind: 'restart' },
};

/** As docs/update-states.md has it; what is not here cannot happen. */
const expected: Readonly<Partial<Record<`${UpdateState['kind']} ${UpdateEvent['kind']}`, UpdateState>>> = {
  'idle look': { kind: 'looking' },
  'looking stay': { kind: 'idle' },
  'looking take': { kind: 'clearing', target: other },
  'looking failed': { kind: 'idle' },
  'clearing cleared': { kind: 'writing', target },
  'clearing failed': { kind: 'idle' },
  'writing written': { kind: 'placing', target },
  'writing failed': { kind: 'idle' },
  'placing placed': { kind: 'activating', target },
  'placing failed': { kind: 'idle' },
  'activating activated': { kind: 'staged', target, sinceMs: 7 },
  'activating failed': { kind: 'idle' },
  'staged look': { kind: 'staged', target, sinceMs: 5 },
  'staged stay': { kind: 'staged', target, sinceMs: 5 },
  'staged take': { kind: 'clearing', target: other },
  'staged failed': { kind: 'staged', target, sinceMs: 5 },
  'staged dropped': { kind: 'idle' },
  'staged restart': { kind: 'restarting', target },
};

test('what stays staged is what is offered now, since when it was; another one does not come in this way', () => {
  const staged: UpdateState = { kind: 'staged', target, sinceMs: 5 };
  const urgent = { ...target, isUrgent: true };
  expect(nextState(staged, { kind: 'stay', target: urgent })).toEqual({ ...staged, target: urgent });
  expect(nextState({ kind: 'looking' }, { kind: 'stay', target: urgent })).toEqual({ kind: 'idle' });
  expect(nextState(staged, { kind: 'stay', target: { ...other, digest: 'e'.repeat(64) } })).toBeUndefined();
});

test.each(
  states.flatMap((state) => Object.values(events).map((event) => ({ state, event }))),
)('$state.kind, $event.kind', ({ state, event }) => {
  expect(nextState(state, event)).toEqual(expected[`${state.kind} ${event.kind}`]);
});
