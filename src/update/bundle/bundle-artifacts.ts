import { readOpened } from '../transfer/directory-source.ts';
import type { ByteSpan } from '../transfer/segment.ts';
import type { ArtifactSource } from '../transfer/source.ts';
import type { TrustedTarget } from '../tuf/target.ts';
import type { Bundle } from './bundle.ts';

/** Artifacts in a bundle. */
export class BundleArtifacts implements ArtifactSource {
  readonly #bundle: Bundle;

  constructor(bundle: Bundle) {
    this.#bundle = bundle;
  }

  async *read(artifact: TrustedTarget, span: ByteSpan, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    yield* readOpened(artifact, await this.#bundle.open(['targets', ...artifact.place], signal), span, signal);
  }
}
