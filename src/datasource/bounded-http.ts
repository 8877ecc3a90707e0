import type { IncomingHttpHeaders } from 'node:http';
import type { Readable } from 'node:stream';
import { BerthError } from '../core/errors.ts';
import { askHttp, type HttpQuestion } from './http-request.ts';
import { shownUrl } from './inline-seed.ts';

export interface HttpLimits {
  /** How long a server may take to answer. */
  readonly answerMs: number;
  /** How long it may pause within its answer. */
  readonly stallMs: number;
  readonly maxBytes: number;
}

/** An answer as a whole. */
export interface WholeAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** Unpacked; empty unless the status says success. */
  readonly body: Uint8Array;
}

/**
 * Asks once, and reads the answer to its end. Throws DATASOURCE_UNREADABLE for one that is too long; else rejects with the
 * signal's reason, or with what the network or the clock said.
 */
export async function askBounded(
  url: string,
  question: HttpQuestion,
  { answerMs, stallMs, maxBytes }: HttpLimits,
): Promise<WholeAnswer> {
  const timer = new Deadline();
  timer.restart(answerMs, 'no answer');
  const until = AbortSignal.any([question.signal, timer.signal]);
  try {
    const { status, headers, body } = await askHttp(url, { ...question, signal: until });
    if (status < 200 || status >= 300) {
      body.destroy();
      return { status, headers, body: new Uint8Array() };
    }
    const read = await readBody(body, url, maxBytes, () => timer.restart(stallMs, 'the answer stalled'));
    return { status, headers, body: read };
  } catch (error) {
    until.throwIfAborted();
    throw error;
  } finally {
    timer.stop();
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
