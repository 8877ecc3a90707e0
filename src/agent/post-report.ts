import { causeOf, retriedStatus } from '../datasource/http-fetcher.ts';
import { askHttp } from '../datasource/http-request.ts';

/** What went wrong with a report, and whether it may arrive another time. */
export interface ReportRefusal {
  readonly why: string;
  readonly isRetried: boolean;
}

/** Sends a JSON text to a server. @returns undefined when it took it; rejects with the signal's reason. */
export type Post = (url: string, body: string, signal: AbortSignal) => Promise<ReportRefusal | undefined>;

/** @param answerMs how long the server may take. */
export function postReport(answerMs = 10_000): Post {
  return async (url, body, signal) => {
    try {
      const answer = await askHttp(url, {
        method: 'POST',
        body,
        headers: { 'content-type': 'application/json' },
        signal: AbortSignal.any([signal, AbortSignal.timeout(answerMs)]),
      });
      answer.body.destroy();
      const { status } = answer;
      const isTaken = status >= 200 && status < 300;
      return isTaken ? undefined : { why: `the server answered ${status}`, isRetried: retriedStatus(status) };
    } catch (error) {
      signal.throwIfAborted();
      return { why: causeOf(error), isRetried: true };
    }
  };
}
