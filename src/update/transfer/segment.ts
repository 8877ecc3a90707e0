import type { BlockRange } from './verity.ts';

/** A piece of an artifact. */
export interface ByteSpan {
  readonly start: number;
  /** The first byte after it. */
  readonly end: number;
}

/** How some neighbouring blocks of a slot come about. Block numbers count from the start of a slot. */
export type Segment = BlockRange &
  (
    | { readonly kind: 'zero' }
    /** As the seed has them from `seedBlock` on. */
    | { readonly kind: 'copy'; readonly seedBlock: number }
    /** A zstd frame of the delta. Its dictionary is what the seed has in `windows`, one after the other. */
    | {
        readonly kind: 'patch';
        readonly windows: readonly BlockRange[];
        readonly payload: ByteSpan;
        /** SHA-256 of the blocks: a seed that is not what it should be is noticed here. */
        readonly sha256: Uint8Array;
      }
    /** A zstd frame of the full stream. */
    | {
        readonly kind: 'frame';
        readonly payload: ByteSpan;
        /** Of each block the first 8 bytes of its SHA-256. */
        readonly keys: Uint8Array;
      }
  );

/** What must be fetched for a segment. Pure. */
export function payloadOf(segment: Segment): ByteSpan | undefined {
  return segment.kind === 'patch' || segment.kind === 'frame' ? segment.payload : undefined;
}
