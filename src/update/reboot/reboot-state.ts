/** A release that waits to be booted, or the one that runs, with something else. */
export interface StagedRelease {
  readonly version: string;
  /** Absent: the release itself. */
  readonly what?: 'kernel arguments';
  /** Milliseconds since the epoch. */
  readonly stagedAtMs: number;
  readonly isUrgent: boolean;
}

/** How far this host is on its way to the next boot; `why` is for a person. */
export type RebootState =
  /** `untilMs`: when it is decided again at the latest. */
  | { readonly kind: 'waiting'; readonly why: string; readonly untilMs?: number }
  | { readonly kind: 'asking'; readonly why: string }
  /** Those who are logged in were told. */
  | { readonly kind: 'announced'; readonly why: string; readonly atMs: number }
  /** The services' hooks run. */
  | { readonly kind: 'preparing'; readonly why: string }
  | { readonly kind: 'restarting'; readonly why: string };
