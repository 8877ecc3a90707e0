/** Somebody's wish that this host does not restart for a release yet. */
export interface Inhibitor {
  /** Whose; each has one at most. */
  readonly who: string;
  /** For a person, in one line. */
  readonly why: string;
  /** From then on it does not count. Milliseconds since the epoch. */
  readonly untilMs: number;
}
