import type { StepRecord, StepRecorder } from '../services/ports.ts';
import type { Declaration } from './declaration.ts';
import type { EventFeed } from './event-feed.ts';
import type { Ledger } from './ledger.ts';
import type { StepCounters } from './step-counters.ts';

export interface StepBooksDependencies {
  readonly ledger: Ledger;
  readonly counters: StepCounters;
  readonly feed: EventFeed;
  /** Which generation a step belongs to, and what must not be told. */
  readonly declaration: Declaration;
}

/** Puts finished steps into the ledger and the metrics, and tells those who look on. */
export class StepBooks implements StepRecorder {
  readonly #deps: StepBooksDependencies;

  constructor(deps: StepBooksDependencies) {
    this.#deps = deps;
  }

  record(step: StepRecord): void {
    const { ledger, counters, feed, declaration } = this.#deps;
    counters.count(step);
    const { at, error, ...rest } = step;
    const entry = ledger.append({
      ...rest,
      at: new Date(at).toISOString(),
      generation: declaration.generation,
      ...(error === undefined ? {} : { error: declaration.redact(error) }),
    });
    feed.emit({ kind: 'ledger', entry });
  }
}
