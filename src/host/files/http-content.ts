import { createHash } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import type { FetchConfig, RemoteContent } from '../../config/host-config.ts';
import type { Clock } from '../../core/clock.ts';
import { BerthError } from '../../core/errors.ts';
import { HttpFetcher } from '../../datasource/http-fetcher.ts';
import type { ContentFetcher } from '../ports.ts';

/** Larger content belongs into a volume or an image. */
const maxBytes = 64 * 2 ** 20;
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
    const { url, headers, hash, compression } = content;
    const { responseSeconds = defaultResponseSeconds, totalSeconds = 0 } = limits;
    const totalMs = (totalSeconds === 0 ? defaultTotalSeconds : totalSeconds) * 1000;
    const fetcher = new HttpFetcher({
      clock: this.#clock,
      random: Math.random,
      onRetry: () => undefined,
      answerMs: (responseSeconds === 0 ? defaultTotalSeconds : responseSeconds) * 1000,
      maxBytes,
    });
    const until = AbortSignal.any([signal, AbortSignal.timeout(totalMs)]);
    const named = Object.fromEntries(headers.map(({ name, value }) => [name, value]));
    const bytes = await fetcher.get(url, until, named).catch((cause: unknown) => {
      signal.throwIfAborted();
      if (!until.aborted) throw cause;
      throw new BerthError('DATASOURCE_UNREACHABLE', `${url} has not answered in time`, { cause, retryable: true });
    });
    if (bytes === undefined) throw new BerthError('NOT_FOUND', `there is nothing at ${url}`, { retryable: true });
    return verify(compression === 'gzip' ? unpack(bytes, url) : bytes, hash, url);
  }
}

function unpack(bytes: Uint8Array, url: string): Uint8Array {
  try {
    return gunzipSync(bytes, { maxOutputLength: maxBytes });
  } catch (cause) {
    throw new BerthError('HOST_REFUSED', `what is at ${url} is not gzip data, or unpacks to too much`, { cause });
  }
}

/** The hash is that of the unpacked content. */
function verify(bytes: Uint8Array, hash: string | undefined, url: string): Uint8Array {
  if (hash === undefined) return bytes;
  const [name = '', digits = ''] = hash.split('-');
  const found = createHash(name).update(bytes).digest('hex');
  if (found === digits.toLowerCase()) return bytes;
  throw new BerthError('HOST_REFUSED', `what is at ${url} has the ${name} hash ${found}, and ${digits} was asked for`);
}
