import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { UpdateWindow } from '../../../../src/config/host-config.ts';
import { nextWindow, openWindow } from '../../../../src/update/reboot/window.ts';
import { clockChanges } from '../../../support/clock-changes.ts';

const minuteMs = 60_000;
const dayMs = 1440 * minuteMs;
const weekdays = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
const utc = (atMs: number | undefined): string | undefined =>
  atMs === undefined ? undefined : new Date(atMs).toISOString().slice(0, 16);
const berlin = { timezone: 'Europe/Berlin', days: weekdays };

interface Row {
  readonly what: string;
  readonly window: UpdateWindow;
  /** UTC. */
  readonly now: string;
  readonly open?: readonly [string, string];
  readonly next?: string;
}

const rows: Row[] = [
  {
    what: 'before it opens',
    window: { ...berlin, start: '03:30', duration: '2h' },
    now: '2026-07-01T01:29:59.999Z',
    next: '2026-07-01T01:30',
  },
  {
    what: 'at the moment it opens',
    window: { ...berlin, start: '03:30', duration: '2h' },
    now: '2026-07-01T01:30:00Z',
    open: ['2026-07-01T01:30', '2026-07-01T03:30'],
    next: '2026-07-02T01:30',
  },
  {
    what: 'just before it closes',
    window: { ...berlin, start: '03:30', duration: '2h' },
    now: '2026-07-01T03:29:59.999Z',
    open: ['2026-07-01T01:30', '2026-07-01T03:30'],
    next: '2026-07-02T01:30',
  },
  {
    what: 'at the moment it closes',
    window: { ...berlin, start: '03:30', duration: '2h' },
    now: '2026-07-01T03:30:00Z',
    next: '2026-07-02T01:30',
  },
  {
    what: 'over midnight, on the day after its own',
    window: { timezone: 'UTC', days: ['fri'], start: '23:00', duration: '4h' },
    now: '2026-07-04T02:59:00Z',
    open: ['2026-07-03T23:00', '2026-07-04T03:00'],
    next: '2026-07-10T23:00',
  },
  {
    what: 'over midnight, but the day before is not one of its days',
    window: { timezone: 'UTC', days: ['fri'], start: '23:00', duration: '4h' },
    now: '2026-07-03T02:00:00Z',
    next: '2026-07-03T23:00',
  },
  {
    what: 'its day is the one in its zone',
    window: { timezone: 'Pacific/Auckland', days: ['mon'], start: '08:00', duration: '1h' },
    now: '2026-07-05T20:30:00Z',
    open: ['2026-07-05T20:00', '2026-07-05T21:00'],
    next: '2026-07-12T20:00',
  },
  {
    what: 'a start that clocks jump over in spring: from the end of the jump',
    window: { ...berlin, start: '02:30', duration: '1h' },
    now: '2026-03-29T01:10:00Z',
    open: ['2026-03-29T01:00', '2026-03-29T02:00'],
    next: '2026-03-30T00:30',
  },
  {
    what: 'a start that clocks show twice in autumn: the first time',
    window: { ...berlin, start: '02:30', duration: '1h' },
    now: '2026-10-25T00:45:00Z',
    open: ['2026-10-25T00:30', '2026-10-25T01:30'],
    next: '2026-10-26T01:30',
  },
  {
    what: 'a start that clocks show twice in autumn: not a second time',
    window: { ...berlin, start: '02:30', duration: '1h' },
    now: '2026-10-25T01:45:00Z',
    next: '2026-10-26T01:30',
  },
  {
    what: 'over midnight and the jump in spring: four hours are four hours',
    window: { ...berlin, start: '23:00', duration: '4h' },
    now: '2026-03-29T01:59:00Z',
    open: ['2026-03-28T22:00', '2026-03-29T02:00'],
    next: '2026-03-29T21:00',
  },
  {
    what: 'over midnight and the hour more in autumn',
    window: { ...berlin, start: '23:00', duration: '4h' },
    now: '2026-10-25T01:00:00Z',
    next: '2026-10-25T22:00',
  },
  {
    what: 'a whole day, every day, has no end',
    window: { timezone: 'UTC', days: weekdays, start: '00:00', duration: '24h' },
    now: '2026-07-04T00:00:00Z',
    open: ['2026-07-04T00:00', '2026-07-05T00:00'],
    next: '2026-07-05T00:00',
  },
  {
    what: 'on a day that a zone left out: when the next begins',
    window: { timezone: 'Pacific/Apia', days: ['fri'], start: '10:00', duration: '1h' },
    now: '2011-12-30T09:00:00Z',
    next: '2011-12-30T10:00',
  },
  {
    what: 'no day at all',
    window: { timezone: 'UTC', days: [], start: '00:00', duration: '1h' },
    now: '2026-07-04T00:00:00Z',
  },
];

describe('a window', () => {
  test.each(rows)('$what', ({ window, now, open, next }) => {
    const span = openWindow(window, Date.parse(now));
    expect(span === undefined ? undefined : [utc(span.openMs), utc(span.closeMs)]).toEqual(open);
    expect(utc(nextWindow(window, Date.parse(now))?.openMs)).toBe(next);
  });

  test('an unknown zone is an error', () => {
    const window = { timezone: 'Nowhere/Land', days: weekdays, start: '00:00', duration: '1h' };
    expect(() => openWindow(window, 0)).toThrow(RangeError);
  });
});

/** What clocks show at each minute of some days, as a number that can be counted on, and the day. */
function wallMinutes(timeZone: string, day: string): { readonly at: number; readonly reading: number }[] {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
  });
  const start = Date.parse(`${day}T00:00:00Z`) - 4 * dayMs;
  return Array.from({ length: 8 * 1440 }, (_, index) => {
    const at = start + index * minuteMs;
    const parts = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, Number(value)]));
    const { year = 0, month = 0, day: date = 0, hour = 0, minute = 0 } = parts;
    return { at, reading: Date.UTC(year, month - 1, date, hour, minute) };
  });
}

describe('a random window is open when a search of every minute finds that it is', () => {
  test.each([...clockChanges, ['Pacific/Apia', '2011-12-30'] as const])('%s around %s', (timezone, day) => {
    const walls = wallMinutes(timezone, day);
    const first = walls[0]?.reading ?? 0;
    const middle = walls.slice(2.5 * 1440, 5 * 1440).filter((_, index) => index % 5 === 0);
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.constantFrom(...weekdays), { minLength: 1 }),
        fc.oneof(fc.integer({ min: 0, max: 4 * 60 }), fc.integer({ min: 0, max: 1439 })),
        fc.integer({ min: 5, max: 1440 }),
        (days, startMinute, minutes) => {
          const start = `${String(Math.floor(startMinute / 60)).padStart(2, '0')}:${String(startMinute % 60).padStart(2, '0')}`;
          const window: UpdateWindow = { timezone, days, start, duration: `${minutes}m` };
          const openings = Array.from({ length: 8 }, (_, index) => Math.ceil(first / dayMs) * dayMs + index * dayMs)
            .filter((midnight) => days.includes(weekdays[new Date(midnight).getUTCDay()] ?? ''))
            .flatMap((midnight) => walls.find(({ reading }) => reading >= midnight + startMinute * minuteMs)?.at ?? []);
          const wrong = middle.filter(({ at }) => {
            const expected = openings.findLast((opening) => opening <= at && at < opening + minutes * minuteMs);
            const coming = openings.find((opening) => opening > at);
            const isNext = coming === undefined || nextWindow(window, at)?.openMs === coming;
            return openWindow(window, at)?.openMs !== expected || !isNext;
          });
          expect(wrong.map(({ at }) => utc(at))).toEqual([]);
        },
      ),
      { numRuns: 10 },
    );
  });
});
