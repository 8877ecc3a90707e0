import type { HostConfig } from '../../config/host-config.ts';
import { formatPath } from '../../core/diagnostic.ts';
import type { PlanContext, ResourcePlan } from '../resource.ts';
import type { BlockedChange, HostStep } from '../step.ts';

/** Module → whether it is loaded or built in; undefined without a kernel. */
export type ObservedModules = ReadonlyMap<string, boolean> | undefined;
/** Setting → its value, undefined when the kernel has none of that name; undefined without a kernel. */
export type ObservedSysctl = ReadonlyMap<string, string | undefined> | undefined;

/** Kernel modules: loaded when declared, never unloaded while the host runs. Pure. */
export function planModules(config: HostConfig, loaded: ObservedModules, context: PlanContext): ResourcePlan {
  if (loaded === undefined) return {};
  const missing = config.modules.filter((name) => loaded.get(name) !== true);
  const steps = missing.map((name) =>
    context.step(
      { kind: 'load-module', name },
      { subject: `module/${name}`, key: `berth.modules.${name}`, summary: `load kernel module ${name}` },
    ),
  );
  const removed = context.previous.modules.filter((name) => !config.modules.includes(name));
  return {
    steps,
    blocked: removed.map((name) => untilBoot(`module/${name}`, `berth.modules.${name}`, 'stays loaded')),
  };
}

/** Kernel settings. Pure. */
export function planSysctl(config: HostConfig, values: ObservedSysctl, context: PlanContext): ResourcePlan {
  if (values === undefined) return {};
  const steps: HostStep[] = [];
  const blocked: BlockedChange[] = [];
  const modules = config.modules.map((name) => `load-module:module/${name}`);
  for (const [name, value] of Object.entries(config.sysctl)) {
    const subject = `sysctl/${name}`;
    const key = formatPath(['berth', 'sysctl', name]);
    const observed = values.get(name);
    if (observed !== undefined && sameValue(observed, value)) continue;
    if (observed === undefined && config.modules.length === 0) {
      const hint = 'check its name; when a kernel module brings it, name that one under berth.modules';
      blocked.push({ subject, key, why: `the kernel has no setting ${name}`, until: 'config', hint });
      continue;
    }
    // A setting that is not there yet may come with one of the modules.
    const after = observed === undefined ? modules : [];
    const was = observed === undefined ? '' : ` (was ${tidy(observed)})`;
    steps.push(
      context.step(
        { kind: 'set-sysctl', name, value },
        { subject, key, summary: `set ${name} to ${value}${was}`, after },
      ),
    );
  }
  for (const name of Object.keys(context.previous.sysctl)) {
    if (name in config.sysctl) continue;
    blocked.push(untilBoot(`sysctl/${name}`, 'berth.sysctl', 'keeps its value'));
  }
  return { steps, blocked };
}

function untilBoot(subject: string, key: string, what: string): BlockedChange {
  return { subject, key, why: `${what} until the next boot`, until: 'boot', hint: 'reboot when it suits you' };
}

function sameValue(observed: string, wanted: string): boolean {
  return tidy(observed) === tidy(wanted);
}

/** The kernel puts tabs between several values. */
function tidy(value: string): string {
  return value.trim().split(/\s+/).join(' ');
}
