import type { Readable } from 'node:stream';
import { backoffMs } from '../core/backoff.ts';
import type { Clock } from '../core/clock.ts';
import { BerthError, isBerthError } from '../core/errors.ts';
import { askHttp } from './http-request.ts';
import { shownUrl } from './inline-seed.ts';
import { type Fetcher, maxDocumentBytes } from './seed-ports.ts';

export interface HttpFetcherDeps {
  readonly clock: Clock;
  /** In [0, 1). */
  readonly random: () => number;
  /** Told before each wait, for the console. */
  readonly onRetry: (what: { readonly url: string; readonly error: string; readonly waitMs: number }) => void;
  /** How long a server may take to answer. */
  readonly answerMs?: number;
  /** How long it may pause within its answer. */
  readonly stallMs?: number;
  readonly maxBytes?: number;
}

/** Answers that another try may change: too early, too many, and the server's own faults. */
export const retriedStatus = (status: number): boolean =>
  status === 408 || status === 425 || status === 429 || status >= 500;

/** Documents over HTTP and HTTPS. There is no number of tries after which it gives up: a host without its config is of no use. */
export class HttpFetcher implements Fetcher {
  readonly #deps: HttpFetcherDeps;

  constructor(deps: HttpFetcherDeps) {
    this.#deps = deps;
  }

  async get(
    url: string,
    signal: AbortSignal,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Uint8Array | undefined> {
    for (let failures = 1; ; failures += 1) {
      try {
        return await this.#tryOnce(url, headers, signal);
      } catch (error) {
        signal.throwIfAborted();
        if (isBerthError(error) && !error.retryable) throw error;
        const waitMs = backoffMs(failures, this.#deps.random());
        this.#deps.onRetry({ url: shownUrl(url), error: causeOf(error), waitMs });
        await this.#deps.clock.sleep(waitMs, signal);
      }
    }
  }

  async #tryOnce(
    url: string,
    headers: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<Uint8Array | undefined> {
    const { answerMs = 10_000, stallMs = 30_000, maxBytes = maxDocumentBytes } = this.#deps;
    const timer = new Deadline();
    timer.restart(answerMs, 'no answer');
    const until = AbortSignal.any([signal, timer.signal]);
    try {
      const { status, body } = await askHttp(url, { method: 'GET', headers, signal: until });
      const isGood = status >= 200 && status < 300;
      if (!isGood) body.destroy();
      if (status === 404 || status === 410) return undefined;
      if (retriedStatus(status)) throw unreachable(url, `the server answered ${status}`);
      if (!isGood) {
        const hint = status === 401 || status === 403 ? 'the server wants other credentials' : undefined;
        throw new BerthError(
          'DATASOURCE_UNREADABLE',
          `${shownUrl(url)}: the server answered ${status}`,
          hint === undefined ? {} : { hint },
        );
      }
      return await readBody(body, url, maxBytes, () => timer.restart(stallMs, 'the answer stalled'));
    } catch (error) {
      until.throwIfAborted();
      throw error;
    } finally {
      timer.stop();
    }
  }
}

async function readBody(body: Readable, url: string, maxBytes: number, onProgress: () => void): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let length = 0;
  onProgress();
  for await (const part of body) {
    onProgress();
    length += (part as Uint8Array).length;
    // Leaving the loop ends the transfer.
    if (length > maxBytes)
      throw new BerthError('DATASOURCE_UNREADABLE', `${shownUrl(url)} is longer than ${maxBytes} bytes`);
    parts.push(part as Uint8Array);
  }
  return new Uint8Array(Buffer.concat(parts, length));
}

/** A time limit that starts anew at each sign of life. */
class Deadline {
  readonly #controller = new AbortController();
  #timer: NodeJS.Timeout | undefined;

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  restart(ms: number, what: string): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#controller.abort(new Error(`${what} within ${ms} ms`)), ms);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}

function unreachable(url: string, what: string): BerthError {
  return new BerthError('DATASOURCE_UNREACHABLE', `${shownUrl(url)}: ${what}`, { retryable: true });
}

/** What went wrong, in a word: the cause says more where there is one, and several failed addresses have only a code in common. Pure. */
export function causeOf(error: unknown): string {
  const { cause = error } = error as { readonly cause?: unknown };
  const { message, code } = cause as { readonly message?: string; readonly code?: string };
  return [message, code, String(cause)].find((text) => text !== undefined && text !== '') ?? '';
}
