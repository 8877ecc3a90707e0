import { emptyHostConfig, type HostConfig } from '../../config/host-config.ts';
import type { HostPorts } from '../ports.ts';
import { programOf } from './programs.ts';
import type { TaskMark } from './task-state.ts';
import { commandTasks } from './tasks.ts';

/** What was seen of what the host runs. */
export interface ObservedCommands {
  /** Absent: nothing is run here, as below a directory. */
  readonly marks?: ReadonlyMap<string, TaskMark>;
  /** Programs that are named and that this host does not have. */
  readonly missing: ReadonlySet<string>;
}

/** Where the host looks for a program. */
const searchPath = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];

export async function observeCommands(
  config: HostConfig = emptyHostConfig,
  _previous: HostConfig,
  { tasks, files }: HostPorts,
): Promise<ObservedCommands> {
  if (tasks === undefined || config.commands === undefined) return { missing: new Set() };
  const programs = new Set(commandTasks(config).flatMap((task) => programOf(task).map(({ program }) => program)));
  const missing = new Set<string>();
  for (const program of programs) {
    const paths = program.includes('/') ? [program] : searchPath.map((directory) => `${directory}/${program}`);
    const found = await Promise.all(paths.map((path) => files.exists(path)));
    if (!found.includes(true)) missing.add(program);
  }
  return { marks: await tasks.marks(), missing };
}
