import { matchFrom, matchUntil } from './calendar.ts';
import type { CronSchedule } from './expression.ts';
import { offsetSpan } from './time-zone.ts';

export { type CronSchedule, parseCron } from './expression.ts';
export { isTimeZone } from './time-zone.ts';

/** No clock has ever been moved by more than a day (Samoa, December 2011). */
const longestShiftMs = 2 * 86_400_000;

/**
 * The first run strictly after an instant, or null when there is none within nine years. Pure: the same answer on every
 * host with the same time zone database.
 *
 * A wall-clock time that occurs twice in autumn runs twice. One that is jumped over in spring follows
 * {@link CronSchedule.jumpedOver}; several of them make one late run, at the first instant after the jump.
 *
 * @param timeZone IANA name; RangeError when {@link isTimeZone} refuses it.
 */
export function nextTime(schedule: CronSchedule, fromMs: number, timeZone: string): number | null {
  const start = fromMs + 1;
  let at = start;
  for (;;) {
    const { offset, end } = offsetSpan(timeZone, at);
    const wall = matchFrom(schedule, at + offset);
    if (wall === undefined) return null;
    const instant = wall - offset;
    if (instant < end) return instant;
    const offsetAfter = offsetSpan(timeZone, end).offset;
    if (schedule.jumpedOver === 'late' && wall < end + offsetAfter) return end;
    // Only near the start can a clock set back show times again that this search has passed.
    const settled = at - start > longestShiftMs;
    at = settled ? Math.max(end, instant - longestShiftMs) : end;
  }
}

/** The last run strictly before an instant, or null when there is none within nine years. See {@link nextTime}. */
export function previousTime(schedule: CronSchedule, fromMs: number, timeZone: string): number | null {
  const start = fromMs - 1;
  let at = start;
  for (;;) {
    const span = offsetSpan(timeZone, at);
    const wall = matchUntil(schedule, at + span.offset);
    if (wall === undefined) return null;
    const instant = wall - span.offset;
    if (instant >= span.start) return instant;
    const offsetBefore = offsetSpan(timeZone, span.start - 1).offset;
    if (schedule.jumpedOver === 'late' && wall >= span.start + offsetBefore) return span.start;
    const settled = start - at > longestShiftMs;
    at = settled ? Math.min(span.start - 1, instant + longestShiftMs) : span.start - 1;
  }
}

/** Whether a run is due at exactly this instant. */
export function firesAt(schedule: CronSchedule, atMs: number, timeZone: string): boolean {
  return nextTime(schedule, atMs - 1, timeZone) === atMs;
}
