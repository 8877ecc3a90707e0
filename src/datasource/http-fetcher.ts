import { backoffMs } from '../core/backoff.ts';
import type { Clock } from '../core/clock.ts';
import { BerthError, isBerthError } from '../core/errors.ts';
import { askBounded } from './bounded-http.ts';
import type { HttpWay } from './http-way.ts';
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

/** How one try asks. */
export interface HttpTry {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly way: HttpWay;
  /** What to do when the server says that this asker may not have it, for the message. */
  readonly refusedAdvice?: string;
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
    way: HttpWay = {},
  ): Promise<Uint8Array | undefined> {
    return await this.getBy(url, async () => Promise.resolve({ url, headers, way }), signal);
  }

  /** The same, with each try made ready anew. @param url what is asked for, for a person. */
  async getBy(url: string, prepare: () => Promise<HttpTry>, signal: AbortSignal): Promise<Uint8Array | undefined> {
    for (let failures = 1; ; failures += 1) {
      try {
        return await this.#tryOnce(url, await prepare(), signal);
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
    { url: address, headers, way, refusedAdvice }: HttpTry,
    signal: AbortSignal,
  ): Promise<Uint8Array | undefined> {
    const { answerMs = 10_000, stallMs = 30_000, maxBytes = maxDocumentBytes } = this.#deps;
    const limits = { answerMs, stallMs, maxBytes };
    const { status, body } = await askBounded(address, { method: 'GET', headers, way, signal }, limits);
    if (status >= 200 && status < 300) return body;
    if (status === 404 || status === 410) return undefined;
    if (retriedStatus(status)) throw unreachable(url, `the server answered ${status}`);
    const isRefused = status === 401 || status === 403;
    const advice = isRefused && refusedAdvice !== undefined ? `; ${refusedAdvice}` : '';
    throw new BerthError(
      'DATASOURCE_UNREADABLE',
      `${shownUrl(url)}: the server answered ${status}${advice}`,
      isRefused && advice === '' ? { hint: 'the server wants other credentials' } : {},
    );
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
