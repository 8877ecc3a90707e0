const pollMs = 45 * 60_000;
const spread = 0.2;
const firstRetryMs = 5 * 60_000;
const longestMs = 86_400_000;

/** How the last look at the feed ended. */
export interface LastPoll {
  /** In a row, up to and including it. */
  readonly failures: number;
  /** The server's Retry-After (RFC 9110, 10.2.3): seconds, or a date. */
  readonly retryAfter?: string;
}

/**
 * How long to wait before looking at the feed again: 45 minutes; after failures from 5 minutes, doubled each time, up to a
 * day; a fifth more or less, so that hosts do not come in step; never before the server wants. `random` is in [0, 1). Pure.
 */
export function nextPollMs({ failures, retryAfter }: LastPoll, nowMs: number, random: number): number {
  const base = failures === 0 ? pollMs : Math.min(longestMs, firstRetryMs * 2 ** Math.min(failures - 1, 20));
  const jittered = base * (1 - spread + 2 * spread * random);
  return Math.round(Math.min(longestMs, Math.max(jittered, waitOf(retryAfter, nowMs))));
}

function waitOf(retryAfter: string | undefined, nowMs: number): number {
  if (retryAfter === undefined) return 0;
  const until = /^\d{1,9}$/.test(retryAfter) ? nowMs + Number(retryAfter) * 1000 : Date.parse(retryAfter);
  return Number.isNaN(until) ? 0 : until - nowMs;
}
