import type { FinishedStep } from '../core/plan.ts';
import type { Memory } from './model.ts';

/** One finished step, as the reconciler reports it. */
export interface StepRecord extends FinishedStep {
  /** The end of the step: milliseconds since the epoch. */
  readonly at: number;
}

/** Where finished steps go: the ledger. Must not block. */
export interface StepRecorder {
  record(step: StepRecord): void;
}

/** Keeps the reconciler's memory across restarts of the agent. */
export interface MemoryStore {
  load(): Promise<Memory>;
  /** Durable when it resolves. */
  save(memory: Memory): Promise<void>;
}
