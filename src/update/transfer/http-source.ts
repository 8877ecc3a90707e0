import type { Readable } from 'node:stream';
import { backoffMs } from '../../core/backoff.ts';
import type { Clock } from '../../core/clock.ts';
import { BerthError, isBerthError, messageOf } from '../../core/errors.ts';
import { askHttp, type HttpAgents, type HttpAnswer } from '../../datasource/http-request.ts';
import { shownUrl } from '../../datasource/inline-seed.ts';
import { absentStatus } from '../tuf/http-source.ts';
import { refuse } from '../tuf/refusal.ts';
import { leadsElsewhere, urlBelow } from '../tuf/source.ts';
import type { TrustedTarget } from '../tuf/target.ts';
import type { ByteSpan } from './segment.ts';
import { type ArtifactSource, missing, whole } from './source.ts';
import { Watch } from './watch.ts';

export interface HttpSourceOptions {
  /** The artifacts' places are below it. */
  readonly url: string;
  /** Whoever made them closes them. */
  readonly agents: HttpAgents;
  readonly clock: Clock;
  /** In [0, 1). */
  readonly random: () => number;
  /** In this time a server must begin its answer, and then send {@link leastBytes} again and again. Milliseconds. */
  readonly patienceMs?: number;
  /** Told before each wait, for a log. */
  readonly onRetry?: (what: { readonly error: string; readonly waitMs: number }) => void;
}

/** Less than this in the time of patience is no progress: a quarter of 64 kbit/s brings three times as much. */
const leastBytes = 16 * 1024;
/** Tries without progress before it gives up. */
const mostTries = 6;

/** Artifacts on an HTTP server, by range requests (RFC 9110, section 14). */
export class HttpSource implements ArtifactSource {
  readonly #options: HttpSourceOptions;
  readonly #location: string;
  /** The strong entity tag with which each artifact was first answered. */
  readonly #tags = new Map<string, string>();

  constructor(options: HttpSourceOptions) {
    this.#options = options;
    this.#location = options.url.replace(/\/+$/, '');
  }

  async *read(artifact: TrustedTarget, span: ByteSpan, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    if (leadsElsewhere(artifact.place)) throw missing(artifact);
    const url = urlBelow(this.#location, artifact.place);
    let start = span.start;
    let lastProgress = start;
    for (let failures = 0; start < span.end; ) {
      try {
        for await (const part of this.#try(url, { artifact, asked: span, start }, signal)) {
          start += part.length;
          yield part;
        }
      } catch (error) {
        signal.throwIfAborted();
        if (!isBerthError(error, 'RELEASE_UNREACHABLE') || !error.retryable) throw error;
        failures = start - lastProgress >= leastBytes ? 1 : failures + 1;
        lastProgress = start;
        if (failures >= mostTries) throw error;
        const waitMs = backoffMs(failures, this.#options.random());
        this.#options.onRetry?.({ error: error.message, waitMs });
        await this.#options.clock.sleep(waitMs, signal);
      }
    }
  }

  async *#try(url: string, question: Question, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    const { agents, patienceMs = 30_000 } = this.#options;
    const watch = new Watch(patienceMs, leastBytes, signal);
    try {
      const headers = this.#headersFor(question);
      const answer = await askHttp(url, { method: 'GET', headers, signal: watch.signal, agents });
      const { body } = answer;
      try {
        const expected = this.#expected(url, question, answer);
        yield* takeAll(body, expected, url, watch);
      } finally {
        // Leaving early ends the transfer; a body that was read to its end leaves the connection to the next request.
        if (!body.readableEnded) body.destroy();
      }
    } catch (error) {
      signal.throwIfAborted();
      if (isBerthError(error) && !watch.signal.aborted) throw error;
      throw unreachable(url, messageOf(watch.signal.aborted ? watch.signal.reason : error), true, error);
    } finally {
      watch.stop();
    }
  }

  #headersFor({ artifact, asked, start }: Question): Record<string, string> {
    const headers: Record<string, string> = { 'accept-encoding': 'identity' };
    if (start === 0 && asked.end === artifact.bytes) return headers;
    const tag = this.#tags.get(artifact.path);
    const range = `bytes=${start}-${asked.end - 1}`;
    return { ...headers, range, ...(tag === undefined ? {} : { 'if-range': tag }) };
  }

  /** Holds an answer against what was asked. @returns what its body must be. */
  #expected(url: string, { artifact, asked, start }: Question, { status, headers }: HttpAnswer): Body {
    if (absentStatus.has(status)) throw missing(artifact);
    if (status !== 200 && status !== 206) throw unreachable(url, `the server answered ${status}`, isPassing(status));
    const encoding = headers['content-encoding'] ?? 'identity';
    if (encoding !== 'identity')
      throw refuse('malformed', shownUrl(url), `the server packed it with ${encoding} though asked not to`);
    this.#holdTag(artifact.path, headers.etag, url);
    const isWhole = asked.start === 0 && asked.end === artifact.bytes;
    if (status === 200 && !isWhole)
      throw new BerthError('UNSUPPORTED', `${shownUrl(url)}: the server does not answer range requests`);
    const span = status === 200 ? whole(artifact) : { start, end: asked.end };
    const range = `bytes ${span.start}-${span.end - 1}/${artifact.bytes}`;
    if (status === 206 && headers['content-range'] !== range)
      throw refuse(
        'mix-and-match',
        shownUrl(url),
        `the server sent ${headers['content-range'] ?? 'an unknown range'} instead of ${range}`,
      );
    const bytes = span.end - span.start;
    const length = headers['content-length'];
    if (length !== undefined && Number(length) !== bytes)
      throw refuse('mix-and-match', shownUrl(url), `the server announced ${length} bytes instead of ${bytes}`);
    return { bytes, skip: start - span.start };
  }

  #holdTag(name: string, tag: string | undefined, url: string): void {
    if (tag === undefined || tag.startsWith('W/')) return;
    const known = this.#tags.get(name);
    if (known !== undefined && known !== tag) {
      // The mirror is being renewed: the next transfer begins anew.
      this.#tags.delete(name);
      throw refuse('mix-and-match', shownUrl(url), 'the file changed on the server meanwhile');
    }
    this.#tags.set(name, tag);
  }
}

/** What of an artifact is wanted, and from where on it is not there yet. */
interface Question {
  readonly artifact: TrustedTarget;
  readonly asked: ByteSpan;
  readonly start: number;
}

interface Body {
  readonly bytes: number;
  /** How many of the first ones are there already. */
  readonly skip: number;
}

async function* takeAll(body: Readable, { bytes, skip }: Body, url: string, watch: Watch): AsyncGenerator<Uint8Array> {
  let left = bytes;
  let toSkip = skip;
  for await (const part of body as AsyncIterable<Buffer>) {
    if (part.length > left) throw refuse('oversized', shownUrl(url), `the server sends more than ${bytes} bytes`);
    left -= part.length;
    watch.received(part.length);
    watch.pause();
    if (part.length > toSkip) yield part.subarray(toSkip);
    toSkip = Math.max(0, toSkip - part.length);
    watch.resume();
  }
  if (left > 0) throw unreachable(url, 'the answer was cut short', true);
}

/** Whether a server that answers so may do better soon. */
function isPassing(status: number): boolean {
  return status === 408 || status === 425 || status === 429 || status >= 500;
}

function unreachable(url: string, what: string, retryable: boolean, cause?: unknown): BerthError {
  return new BerthError('RELEASE_UNREACHABLE', `${shownUrl(url)}: ${what}`, { retryable, cause });
}
