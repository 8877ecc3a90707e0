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

/** For a person, in one line. Pure. */
export function restartText(state: RebootState): string {
  switch (state.kind) {
    case 'waiting':
      return waitingText(state.why, state.untilMs);
    case 'asking':
      return `asks for a permit: ${state.why}`;
    case 'announced':
      return `at ${iso(state.atMs)}: ${state.why}`;
    case 'preparing':
      return `services get ready for it: ${state.why}`;
    case 'restarting':
      return `now: ${state.why}`;
  }
}

/** What is waited for often ends at the very time that it names. */
function waitingText(why: string, untilMs: number | undefined): string {
  return untilMs === undefined || why.includes(iso(untilMs)) ? why : `${why}; decided again at ${iso(untilMs)}`;
}

/** To the second: nobody waits by the millisecond. */
function iso(atMs: number): string {
  return `${new Date(atMs).toISOString().slice(0, 19)}Z`;
}
