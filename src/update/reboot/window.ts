import { parseDuration } from '../../config/compose/units.ts';
import type { UpdateWindow } from '../../config/host-config.ts';
import { offsetSpan } from '../../core/schedule/time-zone.ts';

const dayMs = 86_400_000;
const weekdays = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
/** A window that opened yesterday may be open still, and a zone may have left out a day meanwhile. */
const daysBack = 2;
/** The same weekday comes again within seven days; a zone may leave out one. */
const daysAhead = 9;

/** A time in which a host may restart: from `openMs` until just before `closeMs`. Milliseconds since the epoch. */
export interface WindowSpan {
  readonly openMs: number;
  readonly closeMs: number;
}

/**
 * The window that is open at an instant, or undefined. It opens when clocks in its zone show its start for the first time on
 * one of its days, or at the end of the jump where they never do, and stays open for its duration, whatever clocks show
 * meanwhile. Pure. Throws RangeError for a zone that the runtime does not know.
 */
export function openWindow(window: UpdateWindow, nowMs: number): WindowSpan | undefined {
  return spansAround(window, nowMs).findLast(({ openMs, closeMs }) => openMs <= nowMs && nowMs < closeMs);
}

/** The next window to open after an instant; undefined only where no day is named. As {@link openWindow}. */
export function nextWindow(window: UpdateWindow, nowMs: number): WindowSpan | undefined {
  return spansAround(window, nowMs).find(({ openMs }) => openMs > nowMs);
}

/** In the order in which they open. */
function spansAround({ days, start, duration, timezone }: UpdateWindow, nowMs: number): WindowSpan[] {
  const durationMs = parseDuration(duration) / 1e6;
  const [hour = 0, minute = 0] = start.split(':').map(Number);
  const today = Math.floor((nowMs + offsetSpan(timezone, nowMs).offset) / dayMs);
  const spans: WindowSpan[] = [];
  for (let day = today - daysBack; day <= today + daysAhead; day += 1) {
    if (!days.includes(weekdayOf(day))) continue;
    const openMs = firstInstant(timezone, day * dayMs + (hour * 60 + minute) * 60_000);
    spans.push({ openMs, closeMs: openMs + durationMs });
  }
  return spans;
}

/** @param day counted from 1 January 1970, a Thursday. */
function weekdayOf(day: number): string {
  return weekdays[(((day + 4) % 7) + 7) % 7] ?? '';
}

/**
 * When clocks first show a date and time, or one after it.
 * @param wallMs the instant at which a clock set to UTC shows them.
 */
function firstInstant(timezone: string, wallMs: number): number {
  // No zone is a day from UTC, so clocks show an earlier time then.
  let at = wallMs - 2 * dayMs;
  for (;;) {
    const { offset, end } = offsetSpan(timezone, at);
    if (wallMs - offset < end) return Math.max(at, wallMs - offset);
    at = end;
  }
}
