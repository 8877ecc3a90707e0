import { openBelow, unreadable } from '../tuf/directory-source.ts';
import { refuse } from '../tuf/refusal.ts';
import type { TrustedTarget } from '../tuf/target.ts';
import type { ByteSpan } from './segment.ts';
import { type ArtifactSource, missing } from './source.ts';

const pieceBytes = 256 * 1024;

/** Artifacts in a directory: a mounted disk, or a repository on this machine. */
export class DirectorySource implements ArtifactSource {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  async *read(artifact: TrustedTarget, { start, end }: ByteSpan, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    const opened = await openBelow(this.#directory, artifact.place);
    if (opened === undefined) throw missing(artifact);
    const { file, name, size } = opened;
    try {
      if (size !== artifact.bytes) throw refuse('mix-and-match', name, `it has ${size} bytes, not ${artifact.bytes}`);
      for (let position = start; position < end; ) {
        signal.throwIfAborted();
        const piece = new Uint8Array(Math.min(pieceBytes, end - position));
        const { bytesRead } = await file.read(piece, 0, piece.length, position).catch((error: unknown) => {
          throw unreadable(name, error);
        });
        if (bytesRead === 0) throw unreadable(name, new Error(`it ends at byte ${position}`));
        position += bytesRead;
        yield piece.subarray(0, bytesRead);
      }
    } finally {
      await file.close();
    }
  }
}
