import type { Memory } from '../model.ts';
import type { ServiceStepKind, StepOf } from '../steps.ts';

export interface DecideContext {
  readonly memory: Memory;
  /** Image id by normalised reference, on the service's engine. */
  readonly images: ReadonlyMap<string, string>;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** During the first convergence after a start of the agent, stopped containers are the boot's doing. */
  readonly booting: boolean;
  /** When this agent started: what it has started itself since then and ended is not the boot's doing. */
  readonly bootedAt: number;
}

/** A step before its place in the plan (conditions, order) is known. */
export type Draft = {
  [K in ServiceStepKind]: Omit<StepOf<K>, 'after' | 'waitsFor'> & { readonly starts: boolean };
}[ServiceStepKind];

export interface Decision {
  readonly drafts: readonly Draft[];
  /** When to look again though nothing happened: milliseconds since the epoch. */
  readonly wakeAt?: number;
}
