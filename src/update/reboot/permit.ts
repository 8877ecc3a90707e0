/** What one who gives permits says. */
export type PermitAnswer =
  | { readonly kind: 'held' }
  /** `why` is for a person, in one line. */
  | { readonly kind: 'refused'; readonly why: string };

/**
 * The port: who says that this host may restart now. A permit outlives the restart: the host has it until the release that it
 * booted is blessed, so a fleet never restarts into a bad release all at once. Adapters: `file-permit.ts`.
 */
export interface RebootPermit {
  /**
   * Asks for it; whoever has it already is told so. Throws HOST_REFUSED or a network's error, retryable, when nobody can be
   * asked; rejects with the signal's reason. It may then have been given all the same: release it.
   */
  acquire(signal: AbortSignal): Promise<PermitAnswer>;
  /** Gives it back; not to have it is not an error. Throws as {@link acquire} does. */
  release(signal: AbortSignal): Promise<void>;
}
