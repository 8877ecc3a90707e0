import { nextTime, parseCron } from '../../core/schedule/cron.ts';
import { type LastPoll, nextPollMs } from '../feed/poll-schedule.ts';

/** What decides when a host looks for releases by itself. */
export interface LookPolicy {
  readonly strategy: string;
  readonly hasFeed: boolean;
  /** Cron expression, in `timeZone`; absent: about every 45 minutes. */
  readonly schedule?: string;
  readonly timeZone: string;
}

/** A fleet with the same schedule does not come in one second; nor does it wait for the next time. */
const spreadMs = 10 * 60_000;
const spreadShare = 0.25;
/** A host that has just booted has other things to do. */
const firstLookMs = 60_000;

/**
 * When to look next; milliseconds since the epoch, undefined: never. `random`: in [0, 1), the same for one waiting. Pure.
 * @param last undefined: this host has never looked.
 */
export function nextLook(
  { strategy, hasFeed, schedule, timeZone }: LookPolicy,
  last: (LastPoll & { readonly atMs: number }) | undefined,
  startedMs: number,
  random: number,
): number | undefined {
  if (strategy === 'off' || !hasFeed) return undefined;
  const earliest = startedMs + firstLookMs * (0.5 + random);
  if (schedule === undefined) {
    const due = last === undefined ? 0 : last.atMs + nextPollMs(last, last.atMs, random);
    return Math.max(due, earliest);
  }
  const retry = last !== undefined && last.failures > 0 ? last.atMs + nextPollMs(last, last.atMs, random) : undefined;
  const since = Math.max(last?.atMs ?? startedMs, 0);
  const next = Math.min(scheduledLook(schedule, since, timeZone, random), retry ?? Number.POSITIVE_INFINITY);
  return Number.isFinite(next) ? Math.max(next, earliest) : undefined;
}

function scheduledLook(schedule: string, sinceMs: number, timeZone: string, random: number): number {
  const parsed = parseCron(schedule);
  const due = nextTime(parsed, sinceMs, timeZone);
  if (due === null) return Number.POSITIVE_INFINITY;
  const after = nextTime(parsed, due, timeZone) ?? Number.POSITIVE_INFINITY;
  return due + random * Math.min(spreadMs, (after - due) * spreadShare);
}
