import type { PlannedStep, PlanReport } from '../agent/model.ts';
import { costs } from '../core/plan.ts';
import type { Style } from './style.ts';
import { table } from './text.ts';

type Change = 'add' | 'change' | 'remove';

const signs: Readonly<Record<Change, string>> = { add: '+', change: '~', remove: '-' };

/** What a step does to its subject, told from its kind. */
export function changeOf({ kind, reasons }: PlannedStep): Change {
  if (/^(remove|delete|prune|stop)/.test(kind)) return 'remove';
  if (/^(replace|recreate|return|update|restart|adjust|rename|roll-?back)/.test(kind)) return 'change';
  return reasons.some((reason) => reason.endsWith(' changed')) ? 'change' : 'add';
}

/** A plan as a person reads it: one line a step with its cost and reason, what is left alone, a sum. */
export function renderPlan(plan: PlanReport, style: Style): string {
  const parts: string[] = [];
  if (plan.steps.length > 0)
    parts.push(
      table(
        ['', 'STEP', 'COST', 'WHY'],
        plan.steps.map((step) => renderStep(step, style)),
      ),
    );
  if (plan.skipped.length > 0) {
    const rows = plan.skipped.map(({ key, why }) => [style.dim('.'), key, style.dim(why)]);
    parts.push(`${style.dim('Left alone on this host:')}\n${table(['', 'KEY', 'WHY'], rows)}`);
  }
  parts.push(summarizePlan(plan));
  return parts.join('\n\n');
}

/** `2 to add, 1 to change, 0 to remove; highest cost: restart-service`. */
export function summarizePlan({ steps, cost }: PlanReport): string {
  if (steps.length === 0) return 'Nothing to do: the host is as declared.';
  const number = (change: Change): number => steps.filter((step) => changeOf(step) === change).length;
  return `${number('add')} to add, ${number('change')} to change, ${number('remove')} to remove; highest cost: ${cost ?? costs[0]}`;
}

function renderStep(step: PlannedStep, style: Style): string[] {
  const change = changeOf(step);
  const paint = { add: style.good, change: style.warn, remove: style.bad }[change];
  const waits = step.waitsFor.length === 0 ? '' : ` ${style.dim(`(waits for ${step.waitsFor.join(', ')})`)}`;
  return [paint(signs[change]), `${step.summary}${waits}`, step.cost, style.dim(step.reasons.join(' ← '))];
}
