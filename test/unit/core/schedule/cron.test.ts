import { describe, expect, test } from '@jest/globals';
import { firesAt, isTimeZone, nextTime, parseCron, previousTime } from '../../../../src/core/schedule/cron.ts';

const iso = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString().slice(0, 19));
const next = (expression: string, from: string, timeZone = 'UTC') =>
  iso(nextTime(parseCron(expression), Date.parse(`${from}Z`), timeZone));
const previous = (expression: string, from: string, timeZone = 'UTC') =>
  iso(previousTime(parseCron(expression), Date.parse(`${from}Z`), timeZone));

describe('next run', () => {
  test.each([
    ['is strictly after the instant', '0 12 * * *', '2026-05-01T12:00:00', '2026-05-02T12:00:00'],
    ['starts at the next whole minute', '* * * * *', '2026-05-01T12:00:01', '2026-05-01T12:01:00'],
    ['a/n runs from a to the end of the field', '50/5 * * * *', '2026-05-01T12:56:00', '2026-05-01T13:50:00'],
    ['a-b/n stops at b', '10-20/5 * * * *', '2026-05-01T12:20:00', '2026-05-01T13:10:00'],
    ['a list is sorted', '45,15 * * * *', '2026-05-01T12:20:00', '2026-05-01T12:45:00'],
    ['a range may wrap', '0 22-1 * * *', '2026-05-01T23:00:00', '2026-05-02T00:00:00'],
    ['a step keeps its pace when a range wraps', '0 21-4/3 * * *', '2026-05-01T21:00:00', '2026-05-02T00:00:00'],
    ['months have names in any case', '0 0 1 SEP,nov *', '2026-09-01T00:00:00', '2026-11-01T00:00:00'],
    ['days of the week have names', '0 0 * * wed', '2026-05-01T00:00:00', '2026-05-06T00:00:00'],
    ['7 is Sunday', '0 0 * * 7', '2026-05-01T00:00:00', '2026-05-03T00:00:00'],
    ['a range may end in Sunday', '0 0 * * 6-7', '2026-05-02T00:00:00', '2026-05-03T00:00:00'],
    ['a range from a day to itself is the whole week', '0 0 * * Sun-Sun', '2026-05-04T00:00:00', '2026-05-05T00:00:00'],
    ['a range from a minute to itself is that minute', '5-5 * * * *', '2026-05-01T00:05:00', '2026-05-01T01:05:00'],
    ['? is *', '0 0 ? * 1', '2026-05-01T00:00:00', '2026-05-04T00:00:00'],
    ['both days restricted: either matches', '0 0 13 * 5', '2026-05-08T00:00:00', '2026-05-13T00:00:00'],
    ['a step restricts a day field', '0 0 */10 * 3', '2026-05-01T00:00:00', '2026-05-06T00:00:00'],
    ['one day field a star: the other decides', '0 0 * * 3', '2026-05-06T00:00:00', '2026-05-13T00:00:00'],
    ['L is the last day of the month', '0 0 L * *', '2026-02-01T00:00:00', '2026-02-28T00:00:00'],
    ['L ends a range', '0 0 30-L * *', '2026-05-30T00:00:00', '2026-05-31T00:00:00'],
    ['29 February waits for a leap year', '0 0 29 2 *', '2026-05-01T00:00:00', '2028-02-29T00:00:00'],
    ['29 February over a century without one', '0 0 29 2 *', '2096-03-01T00:00:00', '2104-02-29T00:00:00'],
    ['a date that no year has', '0 0 31 4 *', '2026-05-01T00:00:00', null],
    ['six fields begin with seconds', '*/20 0 0 * * *', '2026-05-01T00:00:20', '2026-05-01T00:00:40'],
    ['@hourly', '@hourly', '2026-05-01T00:00:00', '2026-05-01T01:00:00'],
    ['@midnight', '@midnight', '2026-05-01T00:00:00', '2026-05-02T00:00:00'],
    ['@weekly is Sunday', '@Weekly', '2026-05-01T00:00:00', '2026-05-03T00:00:00'],
    ['@monthly', '@monthly', '2026-05-01T00:00:00', '2026-06-01T00:00:00'],
    ['@annually', '@annually', '2026-05-01T00:00:00', '2027-01-01T00:00:00'],
  ])('%s', (_rule, expression, from, expected) => {
    expect(next(expression, from)).toBe(expected);
  });
});

describe('daylight saving', () => {
  // Paris: 2026-03-29 02:00 → 03:00 (01:00 UTC), 2026-10-25 03:00 → 02:00 (01:00 UTC).
  const paris = 'Europe/Paris';
  test.each([
    [
      'a time jumped over runs when the jump is over',
      '30 2 * * *',
      '2026-03-28T12:00:00',
      '2026-03-29T01:00:00',
      paris,
    ],
    ['and is back at its own time the day after', '30 2 * * *', '2026-03-29T01:00:00', '2026-03-30T00:30:00', paris],
    ['several times jumped over make one run', '*/20 2 * * *', '2026-03-29T01:00:00', '2026-03-30T00:00:00', paris],
    ['an hourly job runs only at its own minute', '30 * * * *', '2026-03-29T00:30:00', '2026-03-29T01:30:00', paris],
    ['a job with seconds is skipped', '0 30 2 * * *', '2026-03-28T12:00:00', '2026-03-30T00:30:00', paris],
    [
      'midnight may be what is jumped over',
      '0 0 * * *',
      '2018-11-03T12:00:00',
      '2018-11-04T03:00:00',
      'America/Sao_Paulo',
    ],
    ['a whole day may be', '0 9 30 12 *', '2011-12-29T20:00:00', '2011-12-30T10:00:00', 'Pacific/Apia'],
    ['a time that occurs twice runs first', '30 2 * * *', '2026-10-24T12:00:00', '2026-10-25T00:30:00', paris],
    ['and again', '30 2 * * *', '2026-10-25T00:30:00', '2026-10-25T01:30:00', paris],
    ['and no third time', '30 2 * * *', '2026-10-25T01:30:00', '2026-10-26T01:30:00', paris],
    [
      'again also when the search starts in between',
      '30 2 25 10 *',
      '2026-10-25T00:45:00',
      '2026-10-25T01:30:00',
      paris,
    ],
    ['half an hour is enough', '45 1 * * *', '2026-04-04T14:45:00', '2026-04-04T15:15:00', 'Australia/Lord_Howe'],
  ])('%s', (_rule, expression, from, expected, zone) => {
    expect(next(expression, from, zone)).toBe(expected);
  });
});

describe('previous run', () => {
  test.each([
    ['is strictly before the instant', '0 12 * * *', '2026-05-01T12:00:00', '2026-04-30T12:00:00', 'UTC'],
    ['in the same minute', '* * * * *', '2026-05-01T12:00:01', '2026-05-01T12:00:00', 'UTC'],
    ['years ago', '0 0 29 2 *', '2104-02-29T00:00:00', '2096-02-29T00:00:00', 'UTC'],
    ['never', '0 0 30 2 *', '2026-05-01T00:00:00', null, 'UTC'],
    ['before the epoch', '0 0 1 1 *', '1970-01-01T00:00:00', '1969-01-01T00:00:00', 'UTC'],
    ['the late run of a time jumped over', '30 2 * * *', '2026-03-30T00:30:00', '2026-03-29T01:00:00', 'Europe/Paris'],
    ['the second of two', '30 2 * * *', '2026-10-26T01:30:00', '2026-10-25T01:30:00', 'Europe/Paris'],
    ['the first of two', '30 2 * * *', '2026-10-25T01:30:00', '2026-10-25T00:30:00', 'Europe/Paris'],
  ])('%s', (_rule, expression, from, expected, zone) => {
    expect(previous(expression, from, zone)).toBe(expected);
  });
});

test('a run is due at its instant and at no other', () => {
  const schedule = parseCron('0 12 * * *');
  const noon = Date.parse('2026-05-01T12:00:00Z');
  expect([noon - 1, noon, noon + 1].map((at) => firesAt(schedule, at, 'UTC'))).toEqual([false, true, false]);
});

describe('refused, with what, where and why', () => {
  test.each([
    ['', 'is empty'],
    ['* * * *', 'has 4 fields, not 5 or 6'],
    ['* * * * * * *', 'has 7 fields, not 5 or 6'],
    ['60 * * * *', '"60" in the minute field: 60 is above 59'],
    ['* 24 * * *', '"24" in the hour field: 24 is above 23'],
    ['* * 0 * *', '"0" in the day of month field: 0 is below 1'],
    ['* * * 13 *', '"13" in the month field: 13 is above 12'],
    ['* * * * 8', '"8" in the day of week field: 8 is above 6'],
    ['* * * janu *', '"janu" in the month field: "janu" is not 1-12 or jan-dec'],
    ['* * * * mon#2', '"mon#2" in the day of week field: "mon#2" is not 0-6 or sun-sat'],
    ['*/0 * * * *', '"*/0" in the minute field: the step must be a whole number from 1'],
    ['*/x * * * *', '"*/x" in the minute field: the step must be a whole number from 1'],
    ['*/2/3 * * * *', '"*/2/3" in the minute field: more than one "/"'],
    ['1-2-3 * * * *', '"1-2-3" in the minute field: more than one "-"'],
    ['-5 * * * *', '"-5" in the minute field: a value is missing'],
    ['1,,2 * * * *', '"" in the minute field: a value is missing'],
    ['? * * * *', '"?" in the minute field: "?" is not 0-59'],
    ['* * L/2 * *', '"L/2" in the day of month field: "L" stands alone or ends a range'],
    ['@fortnightly', 'unknown macro; there are @yearly'],
    ['TZ=UTC 0 0 * * *', 'the time zone has a key of its own, "timezone"'],
  ])('%j', (expression, why) => {
    expect(() => parseCron(expression)).toThrow(
      expect.objectContaining({ code: 'CONFIG_INVALID', message: expect.stringContaining(why) }),
    );
  });

  test('a number of fields other than the one asked for', () => {
    expect(() => parseCron('* * * * *', { seconds: true })).toThrow('has 5 fields, not 6');
    expect(() => parseCron('* * * * * *', { seconds: false })).toThrow('has 6 fields, not 5');
  });
});

test.each([
  ['Europe/Paris', true],
  ['UTC', true],
  ['Europe/Atlantis', false],
  ['', false],
])('time zone %j: %j', (name, known) => {
  expect(isTimeZone(name)).toBe(known);
});
