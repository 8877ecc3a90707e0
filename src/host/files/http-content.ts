import { maxContentBytes, openContent } from '../../config/content.ts';
import type { RemoteContent } from '../../config/remote-content.ts';
import type { Clock } from '../../core/clock.ts';
import { BerthError } from '../../core/errors.ts';
import { HttpFetcher } from '../../datasource/http-fetcher.ts';
import { shownUrl } from '../../datasource/inline-seed.ts';
import type { ObjectStores } from '../../datasource/objects/object-stores.ts';
import { SourceFetcher } from '../../datasource/objects/source-fetcher.ts';
import type { ContentFetcher, FetchTerms } from '../ports.ts';

/** Without a limit of the config's: one round of the host's reconciling must come to an end; the next one tries again. */
const defaultTotalSeconds = 60;
const defaultResponseSeconds = 10;

/** Content over http and https, and from object stores. */
export class HttpContent implements ContentFetcher {
  readonly #clock: Clock;
  readonly #stores: ObjectStores;

  constructor(clock: Clock, stores: ObjectStores) {
    this.#clock = clock;
    this.#stores = stores;
  }

  /** Throws DATASOURCE_UNREACHABLE or DATASOURCE_UNREADABLE from the network, HOST_REFUSED for content that is not what was meant. */
  async fetch(content: RemoteContent, terms: FetchTerms, signal: AbortSignal): Promise<Uint8Array> {
    const { url, headers } = content;
    const { responseSeconds = defaultResponseSeconds, totalSeconds = 0, way } = terms;
    const totalMs = (totalSeconds === 0 ? defaultTotalSeconds : totalSeconds) * 1000;
    const http = new HttpFetcher({
      clock: this.#clock,
      random: Math.random,
      onRetry: () => undefined,
      answerMs: (responseSeconds === 0 ? defaultTotalSeconds : responseSeconds) * 1000,
      maxBytes: maxContentBytes,
    });
    const until = AbortSignal.any([signal, AbortSignal.timeout(totalMs)]);
    const named = Object.fromEntries(headers.map(({ name, value }) => [name, value]));
    const fetcher = new SourceFetcher(http, this.#stores);
    const bytes = await fetcher.get(url, until, named, way).catch((cause: unknown) => {
      signal.throwIfAborted();
      if (!until.aborted) throw cause;
      throw new BerthError('DATASOURCE_UNREACHABLE', `${shownUrl(url)} has not answered in time`, {
        cause,
        retryable: true,
      });
    });
    if (bytes === undefined)
      throw new BerthError('NOT_FOUND', `there is nothing at ${shownUrl(url)}`, { retryable: true });
    const opened = openContent(bytes, content);
    if (opened.kind === 'bytes') return opened.bytes;
    throw new BerthError('HOST_REFUSED', `${shownUrl(url)}: ${opened.why}`);
  }
}
