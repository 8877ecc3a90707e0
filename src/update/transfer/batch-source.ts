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
/** Bytes asked for or in use: what a power cut loses beside what is not durable. */
const limits = {
  most: mostRequests * mostSpanBytes,
  weight: ({ span }: Batch): number => Math.max(span === undefined ? 0 : span.end - span.start, mostSpanBytes),
};
/** Batches in use while the artifact passes by. */
const usedAtATime = 2;

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

  /**
   * Has something done with batches and what they need, several at a time. Gives what comes of it in the order of the batches; nothing
   * is being done any more when it ends. Throws as {@link readSpan} does, and what `use` throws.
   */
  async *batches<Result>(
    artifact: TrustedTarget,
    batches: readonly Batch[],
    { head = new Uint8Array(), inOneGo = false }: BatchOptions,
    use: (batch: FetchedBatch) => Promise<Result>,
  ): AsyncGenerator<Result> {
    let done = 0;
    if (this.#hasRanges && !inOneGo) {
      const fetch = async (batch: Batch, signal: AbortSignal): Promise<FetchedBatch> => {
        const { span } = batch;
        if (span === undefined) return { batch };
        const isThere = span.end <= head.length;
        const bytes = isThere ? head.slice(span.start, span.end) : await readSpan(this.#source, artifact, span, signal);
        return { batch, payload: { start: span.start, bytes } };
      };
      try {
        for await (const result of inOrder(batches, { ...limits, signal: this.#signal }, async (batch, signal) =>
          use(await fetch(batch, signal)),
        )) {
          done += 1;
          yield result;
        }
        return;
      } catch (error) {
        this.#giveUpRanges(error);
      }
    }
    const passing = this.#inOneGo(artifact, batches.slice(done));
    yield* inOrder(passing, { most: usedAtATime, signal: this.#signal }, use);
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
