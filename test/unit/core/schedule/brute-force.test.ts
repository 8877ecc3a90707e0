import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { nextTime, parseCron, previousTime } from '../../../../src/core/schedule/cron.ts';
import { clockChanges } from '../../../support/clock-changes.ts';

const minuteMs = 60_000;
const dayMs = 1440 * minuteMs;

interface WallMinute {
  readonly at: number;
  readonly minute: number;
  readonly hour: number;
  readonly day: number;
  readonly month: number;
  readonly weekday: number;
}

/** What the clocks on the wall show, as a number that can be counted on: UTC milliseconds of the same reading. */
const reading = ({ month, day, hour, minute }: WallMinute): number => Date.UTC(2024, month - 1, day, hour, minute);

/** Every minute of three days around a change of the clocks, as a person in that zone reads it. */
function wallMinutes(timeZone: string, day: string): WallMinute[] {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone,
    hourCycle: 'h23',
    weekday: 'short',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
  });
  const start = Date.parse(`${day}T00:00:00Z`) - dayMs;
  return Array.from({ length: 3 * 1440 }, (_, index) => {
    const at = start + index * minuteMs;
    const parts = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, value]));
    return {
      at,
      minute: Number(parts['minute']),
      hour: Number(parts['hour']),
      day: Number(parts['day']),
      month: Number(parts['month']),
      weekday: ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'].indexOf(parts['weekday'] ?? ''),
    };
  });
}

interface Fields {
  readonly minutes: readonly number[] | '*';
  readonly hours: readonly number[] | '*';
  readonly days: readonly number[] | '*';
  readonly weekdays: readonly number[] | '*';
}

const field = (min: number, max: number, most: number) =>
  fc.oneof(fc.constant('*' as const), fc.uniqueArray(fc.integer({ min, max }), { minLength: 1, maxLength: most }));

const fields: fc.Arbitrary<Fields> = fc.record({
  minutes: field(0, 59, 4),
  // The hours around midnight and the small ones: where clocks are moved.
  hours: fc.oneof(fc.constant('*' as const), fc.uniqueArray(fc.constantFrom(0, 1, 2, 3, 4, 12, 23), { minLength: 1 })),
  days: field(1, 31, 20),
  weekdays: field(0, 6, 5),
});

const has = (values: readonly number[] | '*', value: number): boolean => values === '*' || values.includes(value);

function matches(wanted: Fields, wall: WallMinute): boolean {
  const inMonth = has(wanted.days, wall.day);
  const inWeek = has(wanted.weekdays, wall.weekday);
  const onDay = wanted.days === '*' || wanted.weekdays === '*' ? inMonth && inWeek : inMonth || inWeek;
  return onDay && has(wanted.hours, wall.hour) && has(wanted.minutes, wall.minute);
}

/** Every minute at which a run is due, found by looking at every minute, shown or jumped over. */
function runs(wanted: Fields, walls: readonly WallMinute[]): number[] {
  const found: number[] = [];
  for (const [index, wall] of walls.entries()) {
    const before = walls[index - 1];
    const jump = before === undefined ? 0 : reading(wall) - reading(before) - minuteMs;
    let due = matches(wanted, wall);
    for (
      let missed = minuteMs;
      missed <= jump && wanted.hours !== '*' && wanted.hours.length < 24;
      missed += minuteMs
    ) {
      const shown = new Date(reading(wall) - missed);
      due ||= matches(wanted, {
        at: wall.at,
        minute: shown.getUTCMinutes(),
        hour: shown.getUTCHours(),
        day: shown.getUTCDate(),
        month: shown.getUTCMonth() + 1,
        weekday: shown.getUTCDay(),
      });
    }
    if (due) found.push(wall.at);
  }
  return found;
}

const text = (values: readonly number[] | '*'): string => (values === '*' ? '*' : values.join(','));

describe('the runs of a random expression are those a search of every minute finds', () => {
  test.each(clockChanges)('%s around %s', (timeZone, day) => {
    const walls = wallMinutes(timeZone, day);
    const [first, last] = [walls[0]?.at ?? 0, (walls.at(-1)?.at ?? 0) + minuteMs];
    fc.assert(
      fc.property(fields, (wanted) => {
        const schedule = parseCron(
          `${text(wanted.minutes)} ${text(wanted.hours)} ${text(wanted.days)} * ${text(wanted.weekdays)}`,
        );
        const forwards: number[] = [];
        for (let at = nextTime(schedule, first - 1, timeZone); at !== null && at < last; ) {
          forwards.push(at);
          at = nextTime(schedule, at, timeZone);
        }
        const backwards: number[] = [];
        for (let at = previousTime(schedule, last, timeZone); at !== null && at >= first; ) {
          backwards.unshift(at);
          at = previousTime(schedule, at, timeZone);
        }
        const expected = runs(wanted, walls);
        expect(forwards).toEqual(expected);
        expect(backwards).toEqual(expected);
      }),
      { numRuns: 25 },
    );
  });
});
