import { refuse } from '../tuf/refusal.ts';
import type { ByteSpan } from './segment.ts';

/**
 * Cuts parts out of a stream that begins at byte 0. `spans` are in order and do not overlap; one is in memory at a time. The
 * stream is not read any further than to the end of the last. Throws RELEASE_REFUSED when the stream ends before that. `name` is the artifact's.
 */
export async function* spansOfStream(
  name: string,
  stream: AsyncIterable<Uint8Array>,
  spans: readonly ByteSpan[],
): AsyncGenerator<Uint8Array> {
  const [first, ...others] = spans;
  if (first === undefined) return;
  const rest = others.values();
  let span = first;
  let bytes = new Uint8Array(span.end - span.start);
  let position = 0;
  for await (const part of stream) {
    const end = position + part.length;
    while (span.start < end) {
      const from = Math.max(span.start, position);
      const to = Math.min(span.end, end);
      bytes.set(part.subarray(from - position, to - position), from - span.start);
      if (to < span.end) break;
      yield bytes;
      const next = rest.next();
      if (next.done === true) return;
      span = next.value;
      bytes = new Uint8Array(span.end - span.start);
    }
    position = end;
  }
  throw refuse('mix-and-match', name, `the source gave ${position} bytes, less than was asked for`);
}
