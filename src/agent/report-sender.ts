import { backoffMs } from '../core/backoff.ts';
import type { Clock } from '../core/clock.ts';
import { messageOf } from '../core/errors.ts';
import { Turns } from '../core/turns.ts';
import type { BootReport } from './boot-report.ts';
import { postReport } from './post-report.ts';

export interface ReportSenderDependencies {
  readonly clock: Clock;
  /** In [0, 1). */
  readonly random: () => number;
  /** Resolves when there is a network to send by; rejects when aborted. */
  readonly whenOnline: (signal: AbortSignal) => Promise<void>;
  /** Told once for each report that could not be delivered, with why. */
  readonly onGiveUp: (why: string) => void;
  readonly signal: AbortSignal;
  /** About a quarter of an hour by default. */
  readonly tries?: number;
  /** How long a server may take. */
  readonly answerMs?: number;
}

/** Sends reports one after the other, in the background: nothing ever waits for it, and it never fails a boot. */
export class ReportSender {
  readonly #deps: ReportSenderDependencies;
  readonly #turns = new Turns();

  constructor(deps: ReportSenderDependencies) {
    this.#deps = deps;
  }

  /** Returns at once; the report goes out when the network is there, as often as it takes within the tries. */
  send(url: string, report: BootReport): void {
    const body = JSON.stringify(report);
    void this.#turns.take(() => this.#deliver(url, body));
  }

  /** Resolves when nothing is left to send. */
  async idle(): Promise<void> {
    await this.#turns.over();
  }

  async #deliver(url: string, body: string): Promise<void> {
    const { clock, random, whenOnline, onGiveUp, signal, tries = 20, answerMs } = this.#deps;
    const post = postReport(answerMs);
    try {
      await whenOnline(signal);
      for (let failures = 1; ; failures += 1) {
        const answer = await post(url, body, signal);
        if (answer === undefined) return;
        if (!answer.isRetried || failures >= tries) {
          onGiveUp(answer.why);
          return;
        }
        await clock.sleep(backoffMs(failures, random()), signal);
      }
    } catch (error) {
      // The agent ends: another start of it reports again.
      if (!signal.aborted) onGiveUp(messageOf(error));
    }
  }
}
