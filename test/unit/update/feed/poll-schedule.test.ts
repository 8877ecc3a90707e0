import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type LastPoll, nextPollMs } from '../../../../src/update/feed/poll-schedule.ts';
import { noon } from './releases.ts';

const minute = 60_000;

test.each<[string, LastPoll, number, number]>([
  ['45 minutes less a fifth', { failures: 0 }, 0, 36],
  ['45 minutes', { failures: 0 }, 0.5, 45],
  ['5 minutes after a failure', { failures: 1 }, 0.5, 5],
  ['twice that after a second', { failures: 2 }, 0.5, 10],
  ['a day at most', { failures: 30 }, 0.5, 1440],
  ['a day at most, whatever the lot', { failures: 30 }, 0.99, 1440],
  ['not before the server wants', { failures: 1, retryAfter: '3600' }, 0.5, 60],
  ['not before the server wants, as a date', { failures: 1, retryAfter: 'Fri, 01 May 2026 14:00:00 GMT' }, 0.5, 120],
  ['not earlier because the server would not mind', { failures: 1, retryAfter: '1' }, 0.5, 5],
  ['a server cannot keep hosts away', { failures: 1, retryAfter: '999999999' }, 0.5, 1440],
  ['what it does not understand is no word', { failures: 1, retryAfter: 'later' }, 0.5, 5],
])('%s', (_rule, last, random, minutes) => {
  expect(nextPollMs(last, noon, random)).toBe(minutes * minute);
});

test('hosts spread over a fifth more and less', () => {
  fc.assert(
    fc.property(fc.double({ min: 0, max: 0.999999, noNaN: true }), (random) => {
      const wait = nextPollMs({ failures: 0 }, noon, random);
      expect(wait).toBeGreaterThanOrEqual(36 * minute);
      expect(wait).toBeLessThanOrEqual(54 * minute);
    }),
  );
});
