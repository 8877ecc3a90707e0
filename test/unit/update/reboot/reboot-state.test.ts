import { expect, test } from '@jest/globals';
import { type RebootState, restartText } from '../../../../src/update/reboot/reboot-state.ts';

const atMs = Date.parse('2026-05-01T12:00:00Z');

test.each<[RebootState, string]>([
  [{ kind: 'waiting', why: 'the window names no day' }, 'the window names no day'],
  [
    { kind: 'waiting', why: 'the window opens at 2026-05-01T12:00:00Z', untilMs: atMs },
    'the window opens at 2026-05-01T12:00:00Z',
  ],
  [
    { kind: 'waiting', why: 'no permit: web-1 (m-1) has it since 2026-05-01T11:00:00Z', untilMs: atMs + 500 },
    'no permit: web-1 (m-1) has it since 2026-05-01T11:00:00Z; decided again at 2026-05-01T12:00:00Z',
  ],
  [{ kind: 'asking', why: 'a release is staged' }, 'asks for a permit: a release is staged'],
  [{ kind: 'announced', why: 'a release is staged', atMs }, 'at 2026-05-01T12:00:00Z: a release is staged'],
  [{ kind: 'preparing', why: 'a release is staged' }, 'services get ready for it: a release is staged'],
  [{ kind: 'restarting', why: 'a release is staged' }, 'now: a release is staged'],
])('%j is told as: %s', (state, text) => {
  expect(restartText(state)).toBe(text);
});
