import { expect, test } from '@jest/globals';
import { Dying } from '../../../src/services/dying.ts';
import type { ObservedContainer } from '../../../src/services/model.ts';

const event = (action: string) => ({ kind: 'container' as const, action, id: 'a', attributes: {}, at: 0 });
const look = (state: string) => ({
  engines: {
    user: {
      containers: [{ id: 'a', state } as ObservedContainer],
      networks: new Map(),
      volumes: new Set<string>(),
      images: new Map(),
    },
  },
});

test.each([
  { name: 'a death that the list does not show yet is awaited', actions: ['die'], state: 'running', now: 10, is: true },
  { name: 'one that it shows is not', actions: ['die'], state: 'exited', now: 10, is: false },
  { name: 'one that was started again is not', actions: ['die', 'start'], state: 'running', now: 10, is: false },
  { name: 'not for ever', actions: ['die'], state: 'running', now: 10_000, is: false },
  { name: 'without a death nothing is', actions: [], state: 'running', now: 10, is: false },
])('$name', ({ actions, state, now, is }) => {
  const dying = new Dying();
  for (const action of actions) dying.note(event(action), 0);
  expect(dying.isAwaited(look(state), now)).toBe(is);
});
