import type { Expiry } from './tuf-client.ts';

const day = 86_400_000;
/** A timestamp is renewed by cron; what people sign with keys from a safe takes them longer. */
const noticeMs: Readonly<Record<string, number>> = { timestamp: 2 * day, snapshot: 7 * day };
const longNoticeMs = 30 * day;

/** Those that somebody should look after: hosts will refuse the repository when they are over. Pure. */
export function expiringSoon(expiries: readonly Expiry[], nowMs: number): Expiry[] {
  return expiries.filter(({ role, expires }) => Date.parse(expires) - nowMs < (noticeMs[role] ?? longNoticeMs));
}

/** Whether no host takes it any more. Pure. */
export function isOver({ expires }: Expiry, nowMs: number): boolean {
  return Date.parse(expires) <= nowMs;
}
