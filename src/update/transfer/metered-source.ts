import type { TrustedTarget } from '../tuf/target.ts';
import type { ByteSpan } from './segment.ts';
import type { ArtifactSource } from './source.ts';
import type { TokenBucket } from './token-bucket.ts';

/** Counts what comes from a source, and holds it at a rate. */
export class MeteredSource implements ArtifactSource {
  readonly #source: ArtifactSource;
  readonly #limit: TokenBucket | undefined;
  readonly #onBytes: (bytes: number) => void;

  constructor(source: ArtifactSource, limit: TokenBucket | undefined, onBytes: (bytes: number) => void) {
    this.#source = source;
    this.#limit = limit;
    this.#onBytes = onBytes;
  }

  async *read(artifact: TrustedTarget, span: ByteSpan, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    for await (const part of this.#source.read(artifact, span, signal)) {
      this.#onBytes(part.length);
      await this.#limit?.take(part.length, signal);
      yield part;
    }
  }
}
