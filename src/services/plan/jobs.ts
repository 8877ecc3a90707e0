import type { Reason } from '../../core/plan.ts';
import { nextTime, parseCron, previousTime } from '../../core/schedule/cron.ts';
import type { DesiredService, ObservedContainer } from '../model.ts';
import { type Containers, isUp } from '../readiness.ts';
import type { DecideContext, Decision, Draft } from './decision.ts';
import { discard, draft, pullDrafts } from './drafts.ts';
import { configReason } from './reasons.ts';

/** When a scheduled service runs next: milliseconds since the epoch, or undefined for never. */
export function nextRun(service: DesiredService, now: number): number | undefined {
  if (service.schedule === undefined) return undefined;
  return nextTime(parseCron(service.schedule.expression), now, service.schedule.timezone) ?? undefined;
}

/**
 * What to do about a scheduled service: nothing until a due time has passed, then one run. Runs missed while nobody was
 * there are made up for once, not one by one.
 */
export function decideJob(
  service: DesiredService,
  containers: Containers,
  context: DecideContext,
  imageId: string | undefined,
): Decision {
  if (service.schedule === undefined) return { drafts: [] };
  const { expression, timezone, overlap } = service.schedule;
  const memory = context.memory[service.name] ?? {};
  const { runs } = containers;
  // One that was made and not started is what a crash left: it does nothing.
  const running = runs.filter(isUp);
  // What ran before the service got its schedule.
  const formerly = [containers.current, containers.next, containers.previous].filter((one) => one !== undefined);
  const wakeAt = nextRun(service, context.now);
  const wake = wakeAt === undefined ? {} : { wakeAt };
  if (memory.wish?.kind === 'stopped') {
    const { reason } = memory.wish;
    return { drafts: [...running, ...formerly].map((run) => discard(service, run, reason)) };
  }
  if (formerly.length > 0) {
    const reason = configReason(service, memory);
    return { drafts: formerly.map((container) => discard(service, container, reason)), ...wake };
  }

  const due = previousTime(parseCron(expression), context.now + 1, timezone);
  const lastDue = dealtWith(memory.lastDue, runs);
  if (due === null || lastDue === undefined || due <= lastDue) {
    const reason: Reason = { kind: 'schedule', expression, due: 'a newer run is done' };
    return { drafts: oldRuns(runs).map((run) => discard(service, run, reason)), ...wake };
  }
  const skip = overlap === 'skip' && running.length > 0;
  const replaced = overlap === 'allow' || skip ? [] : runs;
  const reason: Reason = { kind: 'schedule', expression, due: new Date(due).toISOString() };
  const drafts: Draft[] = skip ? [] : pullDrafts(service, imageId, reason);
  const summary = skip ? `skip the run of ${service.name}: the last one still runs` : `run ${service.name}`;
  drafts.push(draft('run-job', service, reason, { dueMs: due, discard: replaced, skip }, summary, { starts: !skip }));
  return { drafts, ...wake };
}

/** The last due time that needs no run any more. A run that was started counts even if a crash came before it was remembered. */
function dealtWith(remembered: number | undefined, runs: readonly ObservedContainer[]): number | undefined {
  if (remembered === undefined) return undefined;
  return Math.max(remembered, ...runs.flatMap(({ state, runDue }) => (state === 'created' ? [] : (runDue ?? []))));
}

/** Finished runs but the newest, whose exit code and log stay to be looked at; and those that never were started. */
function oldRuns(runs: readonly ObservedContainer[]): ObservedContainer[] {
  const finished = runs.filter(({ state }) => state === 'exited' || state === 'dead');
  finished.sort((a, b) => (b.runDue ?? b.createdAt) - (a.runDue ?? a.createdAt));
  return [...finished.slice(1), ...runs.filter(({ state }) => state === 'created')];
}
