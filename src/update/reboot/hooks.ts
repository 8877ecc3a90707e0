import type { ServiceSpec } from '../../config/service-spec.ts';
import type { Clock } from '../../core/clock.ts';
import { messageOf } from '../../core/errors.ts';

/** What runs in a service's container before the host restarts. */
export interface RebootHook {
  readonly service: string;
  readonly command: readonly string[];
  readonly deadlineMs: number;
}

/** Runs a hook in its service's container; throws when it cannot or does not end with 0. The signal aborts when it is late. */
export type RunHook = (hook: RebootHook, signal: AbortSignal) => Promise<void>;

export interface HooksDependencies {
  readonly runHook: RunHook;
  readonly clock: Clock;
  readonly onProblem: (why: string) => void;
}

const defaultDeadlineMs = 30_000;

/** The hooks that services declare; runs of a schedule have none. Pure. */
export function hooksOf(services: Iterable<{ readonly name: string; readonly spec: ServiceSpec }>): RebootHook[] {
  return [...services].flatMap(({ name, spec }) => {
    const { pre_reboot: hook, schedule } = spec['x-berth'] ?? {};
    if (hook === undefined || schedule !== undefined) return [];
    const deadlineMs = hook.deadline === undefined ? defaultDeadlineMs : Math.ceil(hook.deadline / 1e6);
    return [{ service: name, command: hook.command, deadlineMs }];
  });
}

/** Runs all at once, each until its deadline; what fails or is late is told, and nobody waits for it. Rejects with the signal's reason. */
export async function runHooks(
  hooks: readonly RebootHook[],
  deps: HooksDependencies,
  signal: AbortSignal,
): Promise<void> {
  await Promise.all(hooks.map(async (hook) => runOne(hook, deps, signal)));
  signal.throwIfAborted();
}

async function runOne(
  hook: RebootHook,
  { runHook, clock, onProblem }: HooksDependencies,
  signal: AbortSignal,
): Promise<void> {
  const over = new AbortController();
  const limited = AbortSignal.any([signal, over.signal]);
  const late = clock.sleep(hook.deadlineMs, limited).then(() => {
    throw new Error(`it was not done after ${hook.deadlineMs / 1000} s`);
  });
  try {
    await Promise.race([runHook(hook, limited), late]);
  } catch (error) {
    if (!signal.aborted) onProblem(`pre_reboot of ${hook.service}: ${messageOf(error)}`);
  } finally {
    over.abort(new Error('its time is over'));
  }
}
