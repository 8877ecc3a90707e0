import type { Reason } from '../../core/plan.ts';
import { nextTime, parseCron, previousTime } from '../../core/schedule/cron.ts';
import type { DesiredService, ObservedContainer } from '../model.ts';
import type { Containers } from '../readiness.ts';
import type { DecideContext, Decision, Draft } from './decide.ts';

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
  const running = runs.filter(({ state }) => state === 'running' || state === 'paused' || state === 'restarting');
  // What ran before the service got its schedule.
  const formerly = [containers.current, containers.next, containers.previous].filter((one) => one !== undefined);
  const wakeAt = nextRun(service, context.now);
  const wake = wakeAt === undefined ? {} : { wakeAt };
  if (memory.wish?.kind === 'stopped')
    return { drafts: [...running, ...formerly].map((run) => discardRun(service, run, memory.wish?.reason)) };
  if (formerly.length > 0) {
    const reason = memory.cause ?? { kind: 'config' as const, key: service.key, change: 'changed' as const };
    return { drafts: formerly.map((container) => discardRun(service, container, reason)), ...wake };
  }

  const due = previousTime(parseCron(expression), context.now + 1, timezone);
  const lastDue = dealtWith(memory.lastDue, runs);
  if (due === null || lastDue === undefined || due <= lastDue) {
    return { drafts: oldRuns(runs).map((run) => discardRun(service, run)), ...wake };
  }
  const skip = overlap === 'skip' && running.length > 0;
  const discard = overlap === 'allow' || skip ? [] : runs;
  const reason: Reason = { kind: 'schedule', expression, due: new Date(due).toISOString() };
  const common = { subject: `service/${service.name}`, cost: 'live' as const, reason, engine: service.engine, service };
  const drafts: Draft[] = [];
  if (imageId === undefined && !skip) {
    drafts.push({
      ...common,
      id: `pull-image:${service.name}`,
      kind: 'pull-image',
      summary: `pull ${service.container.image}`,
      starts: false,
    });
  }
  const summary = skip ? `skip the run of ${service.name}: the last one still runs` : `run ${service.name}`;
  drafts.push({
    ...common,
    id: `run-job:${service.name}`,
    kind: 'run-job',
    dueMs: due,
    discard,
    skip,
    summary,
    starts: !skip,
  });
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

function discardRun(service: DesiredService, container: ObservedContainer, reason?: Reason): Draft {
  return {
    id: `discard-container:${container.name}`,
    kind: 'discard-container',
    subject: `service/${service.name}`,
    cost: 'live',
    reason: reason ?? { kind: 'schedule', expression: service.schedule?.expression ?? '', due: 'a newer run is done' },
    summary: `remove ${container.name}`,
    engine: service.engine,
    container,
    starts: false,
  };
}
