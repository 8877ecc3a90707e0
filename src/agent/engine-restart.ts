import type { Clock } from '../core/clock.ts';
import { messageOf } from '../core/errors.ts';
import type { EngineSettings } from '../engine/engine-settings.ts';
import type { StepRecorder } from '../services/ports.ts';
import type { EngineStep } from './engine-plan.ts';
import type { EngineSet } from './engine-set.ts';
import type { ApplyEvent } from './model.ts';
import { shownStep } from './shown-steps.ts';

export interface EngineRestartDependencies {
  readonly engines: EngineSet;
  readonly recorder: StepRecorder;
  readonly clock: Clock;
  readonly redact: (text: string) => string;
}

/**
 * Gives the system engine its settings, and keeps the books of the restart (`step`) when it needs one.
 * @returns why the engine did not take them; undefined when it did.
 */
export async function configureEngine(
  settings: EngineSettings,
  step: EngineStep | undefined,
  { engines, recorder, clock, redact }: EngineRestartDependencies,
  onEvent: (event: ApplyEvent) => void,
): Promise<string | undefined> {
  const started = performance.now();
  if (step !== undefined) onEvent({ kind: 'step-started', step: shownStep(step) });
  const failure = await engines.configure(settings).then(
    () => undefined,
    (error: unknown) => redact(messageOf(error)),
  );
  if (step === undefined) return failure;
  const { id, kind, subject, cost, reason, summary } = step;
  const durationMs = Math.round(performance.now() - started);
  const common = { at: clock.now(), kind, subject, cost, reason, summary, durationMs };
  if (failure === undefined) {
    recorder.record({ ...common, outcome: 'done' });
    onEvent({ kind: 'step-done', id, durationMs });
  } else {
    recorder.record({ ...common, outcome: 'failed', error: failure });
    onEvent({ kind: 'step-failed', id, error: failure, retryAt: null });
  }
  return failure;
}
