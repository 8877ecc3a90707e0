import { expect, test } from '@jest/globals';
import { nextLook } from '../../../../src/update/machine/look-times.ts';

const minute = 60_000;
const start = Date.parse('2026-11-29T10:00:00Z');
const policy = { strategy: 'staged', hasFeed: true, timeZone: 'UTC' };
const half = 0.5;

test.each([
  { strategy: 'off', hasFeed: true },
  { strategy: 'staged', hasFeed: false },
])('a host with strategy $strategy and a feed: $hasFeed does not look', (change) => {
  expect(nextLook({ ...policy, ...change }, undefined, start, half)).toBeUndefined();
});

test('a host that has just started looks within a minute or so', () => {
  expect(nextLook(policy, undefined, start, 0)).toBe(start + minute / 2);
  expect(nextLook(policy, { atMs: start - 600 * minute, failures: 0 }, start, 0.99)).toBeLessThan(start + 2 * minute);
});

test('after a look it waits three quarters of an hour, after a failure five minutes', () => {
  const past = start - 600 * minute;
  expect(nextLook(policy, { atMs: start, failures: 0 }, past, half)).toBe(start + 45 * minute);
  expect(nextLook(policy, { atMs: start, failures: 1 }, past, half)).toBe(start + 5 * minute);
  expect(nextLook(policy, { atMs: start, failures: 1, retryAfter: '3600' }, past, half)).toBe(start + 60 * minute);
});

test('a schedule is kept, at most ten minutes late', () => {
  const nightly = { ...policy, schedule: '30 3 * * *', timeZone: 'Europe/Berlin' };
  const due = Date.parse('2026-11-30T02:30:00Z');
  expect(nextLook(nightly, { atMs: start, failures: 0 }, start, 0)).toBe(due);
  expect(nextLook(nightly, { atMs: start, failures: 0 }, start, 0.999)).toBeLessThan(due + 10 * minute);
  expect(nextLook(nightly, undefined, start, 0)).toBe(due);
});

test('a look each minute is no more than a quarter of a minute late', () => {
  const often = { ...policy, schedule: '* * * * *' };
  expect(nextLook(often, { atMs: start, failures: 0 }, start - 600 * minute, 0.999)).toBeLessThan(
    start + 1.25 * minute,
  );
});

test('a failed look on a schedule is tried again before the next time', () => {
  const nightly = { ...policy, schedule: '30 3 * * *' };
  expect(nextLook(nightly, { atMs: start, failures: 2 }, start - 600 * minute, half)).toBe(start + 10 * minute);
});
