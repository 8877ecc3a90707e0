import type { StepRecord } from '../services/ports.ts';
import type { MetricFamily } from './agent-service.ts';

/** Counts what the reconciler does, for Prometheus. */
export class StepCounters {
  readonly #steps = new Map<string, number>();
  #rounds = 0;

  count({ kind, outcome }: StepRecord): void {
    const key = `${kind} ${outcome}`;
    this.#steps.set(key, (this.#steps.get(key) ?? 0) + 1);
  }

  /** Steps of a kind that were done. */
  of(kind: string): number {
    return this.#steps.get(`${kind} done`) ?? 0;
  }

  countRound(): void {
    this.#rounds += 1;
  }

  families(): MetricFamily[] {
    const steps = [...this.#steps].map(([key, value]) => {
      const [kind = '', outcome = ''] = key.split(' ');
      return { labels: { kind, outcome }, value };
    });
    return [
      { name: 'berth_steps_total', help: 'Steps carried out, by kind and outcome.', type: 'counter', samples: steps },
      {
        name: 'berth_reconcile_rounds_total',
        help: 'Reconcile rounds.',
        type: 'counter',
        samples: [{ value: this.#rounds }],
      },
    ];
  }
}
