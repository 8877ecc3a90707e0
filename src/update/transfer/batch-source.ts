import { isBerthError } from '../../core/errors.ts';
import type { TrustedTarget } from '../tuf/target.ts';
import { type Batch, mostSpanBytes } from './batches.ts';
import { inOrder } from './in-order.ts';
import type { ByteSpan } from './segment.ts';
import type { Payload } from './slot-writer.ts';
import { type ArtifactSource, readSpan, whole } from './source.ts';
import { spansOfStream } from './spans-of-stream.ts';

/** Requests at once. More would share a thin line so that none of them makes progress. */
const mostRequests = 4;
/** Bytes asked for ahead. */
const mostAhead = mostRequests * mostSpanBytes;

export interface BatchOptions {
  /** The artifact's beginning, when that is there already. */
  readonly head?: Uint8Array;
  /** Reads the artifact from its beginning: cheaper than ranges when all of it is needed. */
  readonly inOneGo?: boolean;
}

/** A batch and what was fetched for it. */
export interface FetchedBatch {
  readonly batch: Batch;
  readonly payload?: Payload;
}

/** Gets parts of artifacts, by ranges as long as the source gives them, else out of the whole artifact as it passes by. */
export class BatchSource {
  readonly #source: ArtifactSource;
  readonly #signal: AbortSignal;
  #hasRanges = true;

  constructor(source: ArtifactSource, signal: AbortSignal) {
    this.#source = source;
    this.#signal = signal;
  }

  /** Reads one part into memory. Throws as {@link readSpan} does. */
  async read(artifact: TrustedTarget, span: ByteSpan): Promise<Uint8Array> {
    if (this.#hasRanges) {
      try {
        return await readSpan(this.#source, artifact, span, this.#signal);
      } catch (error) {
        this.#giveUpRanges(error);
      }
    }
    const stream = this.#source.read(artifact, whole(artifact), this.#signal);
    for await (const bytes of spansOfStream(artifact.path, stream, [span])) return bytes;
    return new Uint8Array();
  }

  /** Batches with what they need, in order. Throws as {@link readSpan} does. */
  async *batches(
    artifact: TrustedTarget,
    batches: readonly Batch[],
    { head = new Uint8Array(), inOneGo = false }: BatchOptions,
  ): AsyncGenerator<FetchedBatch> {
    let done = 0;
    if (this.#hasRanges && !inOneGo) {
      try {
        for await (const fetched of this.#byRanges(artifact, batches, head)) {
          done += 1;
          yield fetched;
        }
        return;
      } catch (error) {
        this.#giveUpRanges(error);
      }
    }
    yield* this.#inOneGo(artifact, batches.slice(done));
  }

  #byRanges(artifact: TrustedTarget, batches: readonly Batch[], head: Uint8Array): AsyncGenerator<FetchedBatch> {
    const weight = ({ span }: Batch): number =>
      span === undefined ? 0 : Math.max(span.end - span.start, mostSpanBytes);
    return inOrder(batches, { most: mostAhead, weight, signal: this.#signal }, async (batch, signal) => {
      const { span } = batch;
      if (span === undefined) return { batch };
      const bytes =
        span.end <= head.length
          ? head.slice(span.start, span.end)
          : await readSpan(this.#source, artifact, span, signal);
      return { batch, payload: { start: span.start, bytes } };
    });
  }

  async *#inOneGo(artifact: TrustedTarget, batches: readonly Batch[]): AsyncGenerator<FetchedBatch> {
    const spans = batches.flatMap(({ span }) => (span === undefined ? [] : [span]));
    const parts = spansOfStream(artifact.path, this.#source.read(artifact, whole(artifact), this.#signal), spans);
    try {
      for (const batch of batches) {
        if (batch.span === undefined) yield { batch };
        else {
          const part = await parts.next();
          if (part.done !== true) yield { batch, payload: { start: batch.span.start, bytes: part.value } };
        }
      }
    } finally {
      await parts.return(undefined);
    }
  }

  #giveUpRanges(error: unknown): void {
    if (!isBerthError(error, 'UNSUPPORTED')) throw error;
    this.#hasRanges = false;
  }
}
