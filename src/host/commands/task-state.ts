import type { CommandTask } from './tasks.ts';

/** What is remembered of a task that was begun. */
export interface TaskMark {
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** {@link CommandTask.digest} of what ran. */
  readonly digest: string;
  /** `started`: it was cut short, by a crash or a power cut; it is not run again. */
  readonly outcome: 'started' | 'done' | 'failed';
  /** What went wrong. */
  readonly detail?: string;
}

/** Runs what the config has the host run, and remembers it: the port. */
export interface TaskRunner {
  /** Marks that count for this boot of this instance, by the task's id. */
  marks(): Promise<ReadonlyMap<string, TaskMark>>;
  /** Runs a task, unless it was begun before. Throws HOST_REFUSED, naming what failed; it counts as run all the same. */
  run(task: CommandTask, signal: AbortSignal): Promise<void>;
}
