import { openBelow } from '../tuf/directory-source.ts';
import { type OpenedFile, readPieces } from '../tuf/opened-file.ts';
import { refuse } from '../tuf/refusal.ts';
import type { TrustedTarget } from '../tuf/target.ts';
import type { ByteSpan } from './segment.ts';
import { type ArtifactSource, missing } from './source.ts';

/** Artifacts in a directory: a mounted disk, or a repository on this machine. */
export class DirectorySource implements ArtifactSource {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  async *read(artifact: TrustedTarget, span: ByteSpan, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    yield* readOpened(artifact, await openBelow(this.#directory, artifact.place), span, signal);
  }
}

/** A part of an artifact that was opened, and closes it. Throws as {@link ArtifactSource} does; `undefined` is one that is missing. */
export async function* readOpened(
  artifact: TrustedTarget,
  opened: OpenedFile | undefined,
  { start, end }: ByteSpan,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  if (opened === undefined) throw missing(artifact);
  const { file, name, size } = opened;
  try {
    if (size !== artifact.bytes) throw refuse('mix-and-match', name, `it has ${size} bytes, not ${artifact.bytes}`);
    yield* readPieces(opened, start, end, signal);
  } finally {
    await file.close();
  }
}
