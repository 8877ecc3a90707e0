import { maxContentBytes, openContent } from '../../config/content.ts';
import type { FetchConfig } from '../../config/host-config.ts';
import type { RemoteContent } from '../../config/remote-content.ts';
import type { Clock } from '../../core/clock.ts';
import { BerthError } from '../../core/errors.ts';
import { HttpFetcher } from '../../datasource/http-fetcher.ts';
import type { ContentFetcher } from '../ports.ts';

/** Without a limit of the config's: one round of the host's reconciling must come to an end; the next one tries again. */
const defaultTotalSeconds = 60;
const defaultResponseSeconds = 10;

/** Content over http and https. */
export class HttpContent implements ContentFetcher {
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Throws DATASOURCE_UNREACHABLE or DATASOURCE_UNREADABLE from the network, HOST_REFUSED for content that is not what was meant. */
  async fetch(content: RemoteContent, limits: FetchConfig, signal: AbortSignal): Promise<Uint8Array> {
    const { url, headers } = content;
    const { responseSeconds = defaultResponseSeconds, totalSeconds = 0 } = limits;
    const totalMs = (totalSeconds === 0 ? defaultTotalSeconds : totalSeconds) * 1000;
    const fetcher = new HttpFetcher({
      clock: this.#clock,
      random: Math.random,
      onRetry: () => undefined,
      answerMs: (responseSeconds === 0 ? defaultTotalSeconds : responseSeconds) * 1000,
      maxBytes: maxContentBytes,
    });
    const until = AbortSignal.any([signal, AbortSignal.timeout(totalMs)]);
    const named = Object.fromEntries(headers.map(({ name, value }) => [name, value]));
    const bytes = await fetcher.get(url, until, named).catch((cause: unknown) => {
      signal.throwIfAborted();
      if (!until.aborted) throw cause;
      throw new BerthError('DATASOURCE_UNREACHABLE', `${url} has not answered in time`, { cause, retryable: true });
    });
    if (bytes === undefined) throw new BerthError('NOT_FOUND', `there is nothing at ${url}`, { retryable: true });
    const opened = openContent(bytes, content);
    if (opened.kind === 'bytes') return opened.bytes;
    throw new BerthError('HOST_REFUSED', `${url}: ${opened.why}`);
  }
}
