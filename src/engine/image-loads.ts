import type { ImageSummary } from './container-engine.ts';

/** One load or pull of an image, and what it takes to do it anew. */
export interface ImageLoad<Result> {
  readonly reference: string;
  /** May be called twice. */
  readonly load: () => Promise<Result>;
  readonly engine: ImageKeeping;
}

/** What of an engine is needed to judge and discard images. */
export interface ImageKeeping {
  /** undefined when the reference is not here. */
  readonly find: (reference: string) => Promise<ImageSummary | undefined>;
  /** In use by a container: ENGINE_CONFLICT; absent is not an error. */
  readonly remove: (reference: string) => Promise<void>;
}

/**
 * Keeps the loads of an engine from being half on the medium. An engine syncs what it knows of an image but not the files of
 * the image's layers, so that a power cut can leave an image that the engine takes for whole and whose files are empty.
 */
export interface ImageLoads {
  /** True when a power cut came before this image was on the medium: it is to be loaded anew, not used. */
  isTorn(reference: string, id: string): boolean;
  /** Carries out a load. Resolves when the medium has all of it; rejects as the load does. */
  settle<Result>(load: ImageLoad<Result>): Promise<Result>;
}
