import type { CronSchedule } from './expression.ts';

const dayMs = 86_400_000;
/** 29 February is up to 8 years from the next one (1896 to 1904); nothing else a calendar has is rarer. */
const searchedMonths = 9 * 12;

/**
 * Wall-clock times as numbers: the milliseconds since the epoch at which a clock set to UTC shows that date and time.
 * A search in them knows no time zone and no daylight saving.
 */
export type WallTime = number;

/** The first matching wall-clock time at or after `wall`; undefined when there is none within nine years. */
export function matchFrom(schedule: CronSchedule, wall: WallTime): WallTime | undefined {
  const start = Math.ceil(wall / 1000) * 1000;
  const startDay = Math.floor(start / dayMs);
  const today = timeOfDayFrom(schedule, (start - startDay * dayMs) / 1000);
  const first = timeOfDayFrom(schedule, 0);
  if (first === undefined) return undefined;

  const date = new Date(startDay * dayMs);
  for (let index = 0; index <= searchedMonths; index += 1) {
    const month = monthAt(date.getUTCFullYear(), date.getUTCMonth() + index);
    if (!schedule.months.includes(month.number)) continue;
    for (let day = index === 0 ? date.getUTCDate() : 1; day <= month.length; day += 1) {
      const dayNumber = month.firstDay + day - 1;
      if (!matchesDay(schedule, day, month.length, dayNumber)) continue;
      const second = dayNumber === startDay ? today : first;
      if (second !== undefined) return dayNumber * dayMs + second * 1000;
    }
  }
  return undefined;
}

/** The last matching wall-clock time at or before `wall`; undefined when there is none within nine years. */
export function matchUntil(schedule: CronSchedule, wall: WallTime): WallTime | undefined {
  const end = Math.floor(wall / 1000) * 1000;
  const endDay = Math.floor(end / dayMs);
  const today = timeOfDayUntil(schedule, (end - endDay * dayMs) / 1000);
  const last = timeOfDayUntil(schedule, dayMs / 1000 - 1);
  if (last === undefined) return undefined;

  const date = new Date(endDay * dayMs);
  for (let index = 0; index <= searchedMonths; index += 1) {
    const month = monthAt(date.getUTCFullYear(), date.getUTCMonth() - index);
    if (!schedule.months.includes(month.number)) continue;
    for (let day = index === 0 ? date.getUTCDate() : month.length; day >= 1; day -= 1) {
      const dayNumber = month.firstDay + day - 1;
      if (!matchesDay(schedule, day, month.length, dayNumber)) continue;
      const second = dayNumber === endDay ? today : last;
      if (second !== undefined) return dayNumber * dayMs + second * 1000;
    }
  }
  return undefined;
}

interface Month {
  /** 1 to 12. */
  readonly number: number;
  readonly length: number;
  /** Day number of the first, counted from the epoch. */
  readonly firstDay: number;
}

/** @param index month counted from January of `year`, 0-based; may be outside that year. */
function monthAt(year: number, index: number): Month {
  const firstDay = Date.UTC(year, index, 1) / dayMs;
  const length = Date.UTC(year, index + 1, 1) / dayMs - firstDay;
  return { number: (((index % 12) + 12) % 12) + 1, length, firstDay };
}

function matchesDay(schedule: CronSchedule, day: number, monthLength: number, dayNumber: number): boolean {
  const inMonth = schedule.daysOfMonth.includes(day) || (schedule.lastDayOfMonth && day === monthLength);
  // 1 January 1970 was a Thursday.
  const inWeek = schedule.daysOfWeek.includes((((dayNumber + 4) % 7) + 7) % 7);
  return schedule.dayRule === 'either' ? inMonth || inWeek : inMonth && inWeek;
}

/** Seconds since midnight. */
function timeOfDayFrom({ hours, minutes, seconds }: CronSchedule, from: number): number | undefined {
  for (const hour of hours) {
    if (hour * 3600 + 3599 < from) continue;
    for (const minute of minutes) {
      const start = hour * 3600 + minute * 60;
      if (start + 59 < from) continue;
      const second = seconds.find((value) => start + value >= from);
      if (second !== undefined) return start + second;
    }
  }
  return undefined;
}

/** Seconds since midnight. */
function timeOfDayUntil({ hours, minutes, seconds }: CronSchedule, until: number): number | undefined {
  for (const hour of hours.toReversed()) {
    if (hour * 3600 > until) continue;
    for (const minute of minutes.toReversed()) {
      const start = hour * 3600 + minute * 60;
      if (start > until) continue;
      const second = seconds.findLast((value) => start + value <= until);
      if (second !== undefined) return start + second;
    }
  }
  return undefined;
}
