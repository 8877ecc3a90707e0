import { BerthError, messageOf } from '../../core/errors.ts';
import { askHttp, type HttpAgents } from '../../datasource/http-request.ts';
import { shownUrl } from '../../datasource/inline-seed.ts';
import { KeptAnswers } from './kept-answers.ts';
import { refuse } from './refusal.ts';
import { leadsElsewhere, type Source, urlBelow } from './source.ts';

/** For one file: what trickles in more slowly than this is as good as not there. */
const patienceMs = 120_000;
/** Stores answer 403 for what is not there when listing is not allowed. */
export const absentStatus: ReadonlySet<number> = new Set([403, 404, 410]);

/** A repository's files on an HTTP server. Who made them is told by their signatures, so plain HTTP will do. */
export class HttpSource implements Source {
  readonly location: string;
  readonly #agents: HttpAgents | undefined;
  readonly #kept: KeptAnswers;

  constructor(url: string, agents?: HttpAgents, kept = new KeptAnswers()) {
    this.location = url.replace(/\/+$/, '');
    this.#agents = agents;
    this.#kept = kept;
  }

  async read(path: readonly string[], maxBytes: number, signal: AbortSignal): Promise<Uint8Array | undefined> {
    if (leadsElsewhere(path)) return undefined;
    const url = urlBelow(this.location, path);
    try {
      return await this.#ask(url, maxBytes, AbortSignal.any([signal, AbortSignal.timeout(patienceMs)]));
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof BerthError) throw error;
      throw unreachable(url, messageOf(error), { cause: error });
    }
  }

  async #ask(url: string, maxBytes: number, signal: AbortSignal): Promise<Uint8Array | undefined> {
    const kept = this.#kept.get(url);
    const question = kept === undefined ? {} : { 'if-none-match': kept.etag };
    const { status, headers, body } = await askHttp(url, {
      method: 'GET',
      headers: question,
      signal,
      ...(this.#agents === undefined ? {} : { agents: this.#agents }),
    });
    if (status === 200) {
      const content = await readAtMost(body, url, maxBytes);
      this.#kept.keep(url, headers.etag, content);
      return content;
    }
    body.destroy();
    if (status === 304 && kept !== undefined) return kept.content;
    if (absentStatus.has(status)) return undefined;
    throw unreachable(url, `the server answered ${status}`, { retryAfter: headers['retry-after'] });
  }
}

async function readAtMost(body: AsyncIterable<unknown>, url: string, maxBytes: number): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of body) {
    length += (part as Uint8Array).length;
    // Leaving the loop ends the transfer.
    if (length > maxBytes)
      throw refuse('oversized', shownUrl(url), `it is longer than the ${maxBytes} bytes that are taken`);
    parts.push(part as Uint8Array);
  }
  return Buffer.concat(parts, length);
}

function unreachable(
  url: string,
  what: string,
  { cause, retryAfter }: { readonly cause?: unknown; readonly retryAfter?: string | undefined },
): BerthError {
  return new BerthError('RELEASE_UNREACHABLE', `${shownUrl(url)}: ${what}`, {
    cause,
    retryable: true,
    details: retryAfter === undefined ? {} : { retryAfter },
  });
}
