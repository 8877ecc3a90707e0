import type { Cost, Reason } from '../core/plan.ts';
import type { Memory } from './model.ts';

/** One finished step, as the reconciler reports it. */
export interface StepRecord {
  readonly at: number;
  readonly kind: string;
  readonly subject: string;
  readonly cost: Cost;
  readonly reason: Reason;
  readonly summary: string;
  readonly outcome: 'done' | 'failed';
  readonly durationMs: number;
  readonly error?: string;
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
