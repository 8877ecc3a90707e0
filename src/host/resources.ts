import type { HostConfig } from '../config/host-config.ts';
import { accountFilePaths } from './accounts/plan.ts';
import { observeCommands } from './commands/observe.ts';
import { planCommands } from './commands/plan.ts';
import { observeKeyboard, planKeyboard } from './console/keyboard.ts';
import { consoleHashPath, planConsole } from './console/plan.ts';
import { observeLocale } from './environment/observe.ts';
import { planLocale, planProxy } from './environment/plan.ts';
import { fetchedPaths } from './files/fetched.ts';
import { observeArguments, planArguments } from './kernel/arguments.ts';
import { observeModules, observeSysctl } from './kernel/observe.ts';
import { planModules, planSysctl } from './kernel/plan.ts';
import { observeMounts } from './mounts/observe.ts';
import { fstab, planMounts } from './mounts/plan.ts';
import { observeNames } from './names/observe.ts';
import { planNames } from './names/plan.ts';
import type { HostPorts } from './ports.ts';
import type { PlanContext, ResourcePlan } from './resource.ts';
import { planGrowth } from './storage/growth-plan.ts';
import { observeStorage } from './storage/observe.ts';
import { planStorage } from './storage/plan.ts';
import { observeSwap } from './swap/observe.ts';
import { planSwap } from './swap/plan.ts';
import { observeZone } from './time/observe.ts';
import { planZone } from './time/plan.ts';
import { planTrust, trustBundle } from './trust/plan.ts';

/** One kind of the machine's own resources. */
interface HostResource<Observed> {
  /** Files that its plan reads or writes whole. */
  readonly paths: readonly string[];
  /** Looks, and changes nothing; only at what is declared now or was before. */
  readonly observe: (config: HostConfig, previous: HostConfig, ports: HostPorts) => Promise<Observed>;
  /** Pure. */
  readonly plan: (config: HostConfig, observed: Observed, context: PlanContext) => ResourcePlan;
}

/** A resource that is nothing but files. */
function ofFiles(
  paths: readonly string[],
  plan: (config: HostConfig, context: PlanContext) => ResourcePlan,
): HostResource<null> {
  return { paths, observe: async () => null, plan: (config, _observed, context) => plan(config, context) };
}

function resource<Observed>(row: HostResource<Observed>): HostResource<Observed> {
  return row;
}

/**
 * The machine's own resources, in the order their steps run, after the files below /etc and before all others. Accounts and
 * files are everywhere, so the planner has them itself (plan.ts). A new resource is a row here and one in declared.ts.
 */
export const hostResources = {
  names: resource({
    paths: ['/etc/hostname', '/etc/hosts'],
    observe: observeNames,
    plan: planNames,
  }),
  zone: resource({
    paths: ['/etc/localtime', '/etc/timezone'],
    observe: (config, _previous, ports) => observeZone(config, ports),
    plan: planZone,
  }),
  trust: ofFiles([trustBundle], planTrust),
  proxy: ofFiles(['/etc/environment'], planProxy),
  locale: resource({
    paths: ['/etc/default/locale'],
    observe: (config, _previous, ports) => observeLocale(config, ports),
    plan: planLocale,
  }),
  console: ofFiles([consoleHashPath], planConsole),
  keyboard: resource({ paths: [], observe: observeKeyboard, plan: planKeyboard }),
  modules: resource({
    paths: [],
    observe: (config, _previous, ports) => observeModules(config, ports),
    plan: planModules,
  }),
  kernelArguments: resource({ paths: [], observe: observeArguments, plan: planArguments }),
  sysctl: resource({
    paths: [],
    observe: (config, _previous, ports) => observeSysctl(config, ports),
    plan: planSysctl,
  }),
  storage: resource({
    paths: [],
    observe: (config, _previous, ports) => observeStorage(config, ports),
    plan: planStorage,
  }),
  mounts: resource({
    paths: [fstab],
    observe: (config, _previous, ports) => observeMounts(config, ports),
    plan: planMounts,
  }),
  growth: resource({
    paths: [],
    observe: (config, _previous, ports) => observeStorage(config, ports),
    plan: planGrowth,
  }),
  swap: resource({ paths: [], observe: observeSwap, plan: planSwap }),
  /** Of its steps the early ones run before all others, the late ones after (plan.ts). */
  commands: resource({ paths: [], observe: observeCommands, plan: planCommands }),
} as const;

export type ResourceName = keyof typeof hostResources;
/** What was seen of each resource. */
export type ObservedResources = {
  readonly [K in ResourceName]: Awaited<ReturnType<(typeof hostResources)[K]['observe']>>;
};

const rows: { readonly [K in ResourceName]: HostResource<ObservedResources[K]> } = hostResources;

export const resourceNames = Object.keys(hostResources) as readonly ResourceName[];

/** Looks at one resource. */
export async function observeResource<K extends ResourceName>(
  name: K,
  config: HostConfig,
  previous: HostConfig,
  ports: HostPorts,
): Promise<ObservedResources[K]> {
  return await rows[name].observe(config, previous, ports);
}

/** What each resource wants, in the order of the table. Pure. */
export function planResources(config: HostConfig, observed: ObservedResources, context: PlanContext): ResourcePlan[] {
  const planOne = <K extends ResourceName>(name: K, seen: ObservedResources[K]): ResourcePlan =>
    rows[name].plan(config, seen, context);
  return resourceNames.map((name) => planOne(name, observed[name]));
}

/** Every path whose content tells something about the config. */
export function observedPaths(config: HostConfig): string[] {
  return [
    ...resourceNames.flatMap((name) => rows[name].paths),
    ...accountFilePaths(config),
    ...config.files.map(({ path }) => path),
    ...fetchedPaths(config),
    ...(config.directories ?? []).map(({ path }) => path),
    ...(config.links ?? []).flatMap(({ path, target, hard }) => (hard ? [path, target] : [path])),
  ];
}
