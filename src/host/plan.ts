import type { HostConfig } from '../config/host-config.ts';
import type { SkippedStep } from '../core/plan.ts';
import { accountsOf, planAccounts, planHomes } from './accounts/plan.ts';
import { declaredKey, declaredKeys } from './declared.ts';
import { planNodes } from './files/nodes.ts';
import { planFiles } from './files/plan.ts';
import type { ObservedHost } from './observe.ts';
import { type HostPlanOptions, PlanContext } from './resource.ts';
import { planResources } from './resources.ts';
import type { BlockedChange, HostPlan, HostStep } from './step.ts';

/** `host`: Berth runs the machine. `local`: it is a guest on somebody's own machine and changes nothing of it. */
export type HostMode = 'host' | 'local';

/** What the config asks of the machine itself and a guest leaves alone, each with its reason. Pure. */
export function skippedOnLocalHost(config: HostConfig): SkippedStep[] {
  return declaredKeys.flatMap(({ key, subject, declared, whyLocal }) =>
    declared(config).map((name) => ({ subject: subject(name), key: declaredKey(key, name), why: whyLocal })),
  );
}

/** What the config asks for and a directory tree cannot have, each with its reason. Pure. */
export function skippedInTree(config: HostConfig): SkippedStep[] {
  const keys = config.users
    .filter(({ sshAuthorizedKeys }) => sshAuthorizedKeys.length > 0)
    .map(({ name }) => ({
      subject: `user/${name}`,
      key: declaredKey('users', name),
      why: 'the keys open the account when the system runs: a service of it lets people in',
    }));
  const kernel = declaredKeys
    .filter(({ needsKernel }) => needsKernel === true)
    .flatMap(({ key, subject, declared }) =>
      declared(config).map((name) => ({
        subject: subject(name),
        key: declaredKey(key, name),
        why: 'done when the system boots: a directory tree has no kernel and no disks',
      })),
    );
  return [...keys, ...kernel];
}

/**
 * What has to be done so that the machine is as the config says, in an order that works: files below /etc, names, kernel,
 * disks, mounts, other files, homes, deferred files. Empty when everything is as declared. Pure.
 */
export function planHost(config: HostConfig, observed: ObservedHost, options: HostPlanOptions = {}): HostPlan {
  if ((config.refused ?? []).length > 0) return { steps: [], blocked: refusals(config) };
  const context = new PlanContext(config, observed.files, options);
  const accounts = accountsOf(config, context);
  const plans = planResources(config, observed.resources, context);
  const everyone = planAccounts(config, accounts, context);
  const managed = [everyone, ...plans].flatMap(({ files = [] }) => files);
  const files = planFiles(managed, config, accounts, context);
  const nodes = planNodes(config, accounts, context);
  const homes = planHomes(config, accounts, context);
  const steps = [
    ...nodes.directories.settings,
    ...files.stages.settings,
    ...nodes.links.settings,
    ...undoFirst(plans.flatMap((plan) => plan.steps ?? [])),
    ...nodes.directories.data,
    ...files.stages.data,
    ...nodes.links.data,
    ...(homes.steps ?? []),
    ...files.stages.deferred,
    ...nodes.hardLinks,
  ];
  const blocked = [everyone, ...plans, files, nodes, homes].flatMap((plan) => plan.blocked ?? []);
  const { free, held } = holdBack(steps, config, observed);
  return { steps: withinPlan(free), blocked: [...blocked, ...held] };
}

/** All or nothing: what must not be left out keeps all the rest back. */
function refusals({ refused = [] }: HostConfig): BlockedChange[] {
  return refused.map(({ key, why, hint }) => ({ key, subject: `config/${key}`, why, until: 'config', hint }));
}

/** What is given up goes before anything is made of it, and swap files before what they are on. */
function undoFirst(steps: readonly HostStep[]): HostStep[] {
  const given = ['swap-off', 'remove-file', 'unmount'] as const;
  const isGiven = ({ kind }: HostStep): boolean => given.some((name) => name === kind);
  const undone = given.flatMap((name) => steps.filter(({ kind }) => kind === name));
  return [...undone, ...steps.filter((step) => !isGiven(step))];
}

/**
 * What belongs on a file system waits until that is mounted: before, it would land below the mount point, and what is there
 * now says nothing about it.
 */
function holdBack(
  steps: readonly HostStep[],
  config: HostConfig,
  { resources }: ObservedHost,
): { free: HostStep[]; held: BlockedChange[] } {
  const { mounts } = resources.mounts;
  const isMounted = (target: string): boolean =>
    mounts === undefined || mounts.some((mount) => mount.target === target);
  const missing = config.mounts
    .filter(({ target, options }) => !options.includes('noauto') && !isMounted(target))
    .map(({ target }) => target);
  const placeOf = (step: HostStep): string | undefined =>
    'path' in step ? missing.find((target) => step.path.startsWith(`${target}/`)) : undefined;
  const held = new Map<string, BlockedChange>();
  for (const step of steps) {
    const target = placeOf(step);
    if (target === undefined) continue;
    const { subject, key } = step;
    const hint = `it is done once something is mounted on ${target}`;
    held.set(subject, { subject, key, why: `${target} is not mounted`, until: 'device', hint });
  }
  return { free: steps.filter((step) => placeOf(step) === undefined), held: [...held.values()] };
}

/** Resources name whatever might have to be done before; what is not in the plan is done. */
function withinPlan(steps: readonly HostStep[]): HostStep[] {
  const ids = new Set(steps.map(({ id }) => id));
  return steps.map((step) => ({ ...step, after: step.after.filter((id) => ids.has(id)) }));
}
