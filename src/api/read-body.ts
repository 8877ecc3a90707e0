import type { IncomingMessage } from 'node:http';
import { BerthError } from '../core/errors.ts';

/** Config files are far smaller; the agent's memory is small, too. */
const maxBodyBytes = 10 * 2 ** 20;

/** A request body that is too large: HTTP has a status of its own for it. */
export class BodyTooLarge extends Error {
  readonly status = 413;
}

/**
 * The JSON value of a request's body. (express' own parser would bring tables of all the world's character sets.)
 * Throws {@link BodyTooLarge} beyond 10 MB, USAGE when it is not JSON.
 */
export async function readJsonBody(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    // The rest is read and dropped: a client that is cut off while it sends never sees the answer.
    if (size <= maxBodyBytes) chunks.push(chunk);
  }
  if (size > maxBodyBytes)
    throw new BodyTooLarge(`the body has ${size} bytes; ${maxBodyBytes} is the most that is taken`);
  if (size === 0) return undefined;
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch (error) {
    throw new BerthError('USAGE', `the body is not JSON: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  }
}
