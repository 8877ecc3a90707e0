/** The release that an update brings. */
export interface UpdateTarget {
  readonly version: string;
  readonly sequence: number;
  /** SHA-256 of its `release.json`, hex: by it a release is remembered. */
  readonly digest: string;
  readonly rootHash: string;
  /** It is booted whatever the window says. */
  readonly isUrgent?: boolean;
  /** An operator named it, or where it is from: neither a pin of before nor what his host would choose by itself counts. */
  readonly isNamed?: boolean;
}

/**
 * Where an update stands. In all states but `staged` and `restarting` the boot loader knows the running release only, so a power
 * cut ends in `idle` and the next look begins anew; what was written is used again.
 */
export type UpdateState =
  /** Nothing is under way. */
  | { readonly kind: 'idle' }
  /** Asks the repository. */
  | { readonly kind: 'looking' }
  /** Takes what the other slot held out of the boot loader's sight. */
  | { readonly kind: 'clearing'; readonly target: UpdateTarget }
  /** Writes the other slot, reads it back, and holds it against the signed root hash. */
  | { readonly kind: 'writing'; readonly target: UpdateTarget }
  /** Puts the kernel image where it can be activated. */
  | { readonly kind: 'placing'; readonly target: UpdateTarget }
  /** The one write that makes the boot loader see it. */
  | { readonly kind: 'activating'; readonly target: UpdateTarget }
  /** The next boot is the new release's. */
  | { readonly kind: 'staged'; readonly target: UpdateTarget; readonly sinceMs: number }
  | { readonly kind: 'restarting'; readonly target: UpdateTarget };

export type UpdateStateKind = UpdateState['kind'];

/** What happens to an update. */
export type UpdateEvent =
  /** It is time, or somebody asks. */
  | { readonly kind: 'look' }
  /** The repository has nothing for this host, or nothing more than what is staged. `target`: that one, as it is offered now. */
  | { readonly kind: 'stay'; readonly target?: UpdateTarget }
  /** There is a release to take. */
  | { readonly kind: 'take'; readonly target: UpdateTarget }
  | { readonly kind: 'cleared' }
  | { readonly kind: 'written' }
  | { readonly kind: 'placed' }
  | { readonly kind: 'activated'; readonly atMs: number }
  /** What was under way ended without its end: an error, or an operator's word. */
  | { readonly kind: 'failed' }
  /** The staged release is dropped: revoked, or an operator's word. */
  | { readonly kind: 'dropped' }
  | { readonly kind: 'restart' };

export type UpdateEventKind = UpdateEvent['kind'];

const idle: UpdateState = { kind: 'idle' };

/**
 * The state after an event. While something is staged, a look goes on beside it: the staged release waits in `staged` until another
 * one takes its place, which begins with `clearing`. Pure. @returns undefined when the event cannot happen in that state.
 */
export function nextState(state: UpdateState, event: UpdateEvent): UpdateState | undefined {
  switch (event.kind) {
    case 'look':
      if (state.kind === 'idle') return { kind: 'looking' };
      return state.kind === 'staged' ? state : undefined;
    case 'stay':
      if (state.kind === 'looking') return idle;
      if (state.kind !== 'staged') return undefined;
      if (event.target === undefined) return state;
      return event.target.digest === state.target.digest ? { ...state, target: event.target } : undefined;
    case 'take':
      return state.kind === 'looking' || state.kind === 'staged'
        ? { kind: 'clearing', target: event.target }
        : undefined;
    case 'cleared':
      return state.kind === 'clearing' ? { kind: 'writing', target: state.target } : undefined;
    case 'written':
      return state.kind === 'writing' ? { kind: 'placing', target: state.target } : undefined;
    case 'placed':
      return state.kind === 'placing' ? { kind: 'activating', target: state.target } : undefined;
    case 'activated':
      return state.kind === 'activating' ? { kind: 'staged', target: state.target, sinceMs: event.atMs } : undefined;
    case 'failed':
      // What is staged is whole, whatever became of a look at the repository.
      if (state.kind === 'staged') return state;
      return state.kind === 'idle' || state.kind === 'restarting' ? undefined : idle;
    case 'dropped':
      return state.kind === 'staged' ? idle : undefined;
    case 'restart':
      return state.kind === 'staged' ? { kind: 'restarting', target: state.target } : undefined;
  }
}
