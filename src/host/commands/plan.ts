import type { HostConfig } from '../../config/host-config.ts';
import type { PlanContext, ResourcePlan } from '../resource.ts';
import type { BlockedChange, HostStep } from '../step.ts';
import type { ObservedCommands } from './observe.ts';
import { programOf } from './programs.ts';
import type { TaskMark } from './task-state.ts';
import { type CommandTask, commandTasks } from './tasks.ts';

/** What the host still has to run, and what it will not run (again), each with why. Pure. */
export function planCommands(
  config: HostConfig,
  { marks, missing }: ObservedCommands,
  context: PlanContext,
): ResourcePlan {
  if (marks === undefined) return {};
  const steps: HostStep[] = [];
  const blocked: BlockedChange[] = [];
  for (const task of commandTasks(config)) {
    const mark = marks.get(task.id);
    const about = { subject: `commands/${task.id}`, key: task.key };
    if (mark !== undefined) {
      blocked.push(...afterwards(task, mark).map((why) => ({ ...about, ...why })));
      continue;
    }
    const lacking = programOf(task).filter(({ program }) => missing.has(program));
    for (const { program, key } of lacking)
      blocked.push({
        ...{ subject: about.subject, key, until: 'config' },
        why: `this host has no program ${program}`,
        hint: 'run it in a container, as a service under berth.services',
      });
    if (lacking.some(({ isNeeded }) => isNeeded)) continue;
    const phase = task.stage === 'early' ? 'early' : 'online';
    const step = context.step({ kind: 'run-task', task }, { ...about, summary: task.summary, phase });
    steps.push(step);
  }
  return { steps, blocked };
}

/** What there is to say of a task that was begun. */
function afterwards(
  { digest, frequency }: CommandTask,
  mark: TaskMark,
): Pick<BlockedChange, 'why' | 'until' | 'hint'>[] {
  if (mark.digest !== digest) {
    if (frequency === 'boot') return [{ why: 'it has changed, and runs at the next boot', until: 'boot' }];
    const where = frequency === 'once' ? 'on this disk' : 'on this instance';
    const hint = 'another instance-id of the datasource makes it run anew';
    return [{ why: `it has changed, and has run ${where} before: it is not run again`, until: 'config', hint }];
  }
  if (mark.outcome === 'failed') return [{ why: `it has run: ${mark.detail ?? 'it failed'}`, until: 'config' }];
  if (mark.outcome === 'started')
    return [{ why: 'it was cut short when the host or its agent stopped, and is not run again', until: 'config' }];
  return [];
}
