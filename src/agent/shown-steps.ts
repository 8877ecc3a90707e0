import { reasonChain, type StepBase } from '../core/plan.ts';
import type { StepEvent } from '../services/step-runner.ts';
import type { ApplyEvent, PlannedStep } from './model.ts';

/** A step as others see it: its reasons as text, nothing that only the executor needs. Pure. */
export function shownStep({
  id,
  kind,
  subject,
  cost,
  summary,
  reason,
  after,
  waitsFor = [],
}: StepBase & { readonly waitsFor?: readonly string[] }): PlannedStep {
  return { id, kind, subject, cost, summary, reasons: reasonChain(reason), after, waitsFor };
}

/** The reconciler's event as a line of an apply. Pure. */
export function applyEvent(event: StepEvent): ApplyEvent {
  switch (event.kind) {
    case 'step-started':
      return { kind: 'step-started', step: shownStep(event.step) };
    case 'step-failed':
      return {
        kind: 'step-failed',
        id: event.id,
        error: event.error,
        retryAt: event.retryAt === undefined ? null : new Date(event.retryAt).toISOString(),
      };
    case 'step-progress':
    case 'step-done':
      return event;
  }
}
