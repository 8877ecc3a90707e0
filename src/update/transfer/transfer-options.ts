import type { Clock } from '../../core/clock.ts';
import type { SlotFacts, TransferArtifacts } from './artifacts.ts';
import type { ArtifactSource } from './source.ts';

/** A slot that holds a release. */
export interface SeedSlot extends SlotFacts {
  readonly device: string;
}

/** How far a transfer is. */
export interface TransferProgress {
  /** Taken from the source so far. */
  readonly bytesFetched: number;
  /** Of `total`, what the target has. */
  readonly bytesWritten: number;
  readonly total: number;
}

export interface WriteSlotOptions {
  readonly source: ArtifactSource;
  readonly artifacts: TransferArtifacts;
  /** What the target will hold. */
  readonly release: SlotFacts;
  /** Partition or file, as big as the slot's content at least. Nobody else may use it. */
  readonly target: string;
  /** The running slot; without it, everything is fetched. It need not be intact. */
  readonly seed?: SeedSlot;
  readonly signal: AbortSignal;
  readonly clock: Clock;
  /** Bytes a second. */
  readonly rateLimit?: number;
  readonly onProgress?: (progress: TransferProgress) => void;
}

/** What a transfer took. */
export interface WrittenSlot {
  readonly bytesFetched: number;
  /** Why a cheaper way was left, for the history. */
  readonly detours: readonly string[];
}
