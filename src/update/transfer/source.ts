import { type BerthError, isBerthError } from '../../core/errors.ts';
import { refuse } from '../tuf/refusal.ts';
import type { TrustedTarget } from '../tuf/target.ts';
import type { ByteSpan } from './segment.ts';

/** Where artifacts come from, in parts: they are too big for a source of metadata. */
export interface ArtifactSource {
  /**
   * The bytes of a part of an artifact as they arrive; they are not verified. The whole artifact can always be asked for.
   * Throws UNSUPPORTED when the source gives whole artifacts only, RELEASE_UNREACHABLE when it does not give them,
   * RELEASE_REFUSED when it gives something else or has no such file; rejects with the signal's reason.
   */
  read(artifact: TrustedTarget, span: ByteSpan, signal: AbortSignal): AsyncIterable<Uint8Array>;
}

/** All of an artifact. Pure. */
export function whole({ bytes }: TrustedTarget): ByteSpan {
  return { start: 0, end: bytes };
}

/** The error for an artifact that its source does not have. Pure. */
export function missing({ path }: TrustedTarget): BerthError {
  return refuse('missing', path, 'the source has no such file');
}

/** The artifact itself is to blame, not the way to it: another one may do. Pure. */
export function isBadArtifact(error: unknown): boolean {
  return isBerthError(error, 'RELEASE_REFUSED') || (isBerthError(error, 'RELEASE_UNREACHABLE') && !error.retryable);
}

/** Reads a part of an artifact into memory. Throws as the source does, and RELEASE_REFUSED when it gives more or less than asked. */
export async function readSpan(
  source: ArtifactSource,
  artifact: TrustedTarget,
  span: ByteSpan,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const bytes = new Uint8Array(span.end - span.start);
  let length = 0;
  for await (const part of source.read(artifact, span, signal)) {
    if (length + part.length > bytes.length)
      throw refuse('oversized', artifact.path, 'the source gave more than was asked for');
    bytes.set(part, length);
    length += part.length;
  }
  if (length < bytes.length) throw refuse('mix-and-match', artifact.path, 'the source gave less than was asked for');
  return bytes;
}
