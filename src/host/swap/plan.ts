import { deviceTag } from '../../config/device-path.ts';
import type { HostConfig, SwapConfig } from '../../config/host-config.ts';
import { formatPath } from '../../core/diagnostic.ts';
import type { BlockDevice } from '../ports.ts';
import type { PlanContext, ResourcePlan } from '../resource.ts';
import type { BlockedChange, HostStep } from '../step.ts';
import { makersOf } from '../storage/makers.ts';

export interface ObservedSwap {
  /** Paths that are swapped to. */
  readonly active: readonly string[];
  /** By the name in the config: path of the file or device. */
  readonly spaces: ReadonlyMap<string, BlockDevice | undefined>;
  readonly memoryBytes: number;
}

const gibibyte = 2 ** 30;
/** cloud-init's sizes for `auto` (cc_mounts): memory up to → swap. */
const automaticSizes: readonly { readonly upTo: number; readonly size: (memory: number) => number }[] = [
  { upTo: gibibyte, size: (memory) => memory * 2 },
  { upTo: 2 * gibibyte, size: () => 2 * gibibyte },
  { upTo: 4 * gibibyte, size: (memory) => memory },
  { upTo: 16 * gibibyte, size: () => 4 * gibibyte },
  { upTo: 64 * gibibyte, size: (memory) => memory / 2 },
];
const pageBytes = 4096;
/** mkswap(8) refuses less than ten pages. */
const leastBytes = 10 * pageBytes;

/** Swap files and devices. Pure. */
export function planSwap(config: HostConfig, observed: ObservedSwap | undefined, context: PlanContext): ResourcePlan {
  if (observed === undefined) return {};
  const steps: HostStep[] = [];
  const blocked: BlockedChange[] = [];
  for (const old of context.previous.swap) {
    if (!config.swap.some((swap) => nameOf(swap) === nameOf(old))) steps.push(...removal(old, observed, context));
  }
  for (const swap of config.swap) {
    const plan =
      swap.kind === 'file' ? planFile(swap, config, observed, context) : planDevice(swap, config, observed, context);
    steps.push(...(plan.steps ?? []));
    blocked.push(...(plan.blocked ?? []));
  }
  return { steps, blocked };
}

function planFile(
  swap: Extract<SwapConfig, { kind: 'file' }>,
  config: HostConfig,
  { active, spaces, memoryBytes }: ObservedSwap,
  context: PlanContext,
): ResourcePlan {
  const { path } = swap;
  const about = aboutOf(swap);
  const isKept = [...config.mounts.map(({ target }) => target), '/var'].some((place) => path.startsWith(`${place}/`));
  if (!isKept) {
    const why = `${path} would be in memory: only /var and declared mounts are on a disk`;
    return { blocked: [{ ...about, why, until: 'config', hint: 'for example /var/swap.img' }] };
  }
  const wanted = swap.size === 'auto' ? automaticSize(memoryBytes) : swap.size;
  const sizeBytes = Math.floor(Math.min(wanted, swap.maxBytes ?? wanted) / pageBytes) * pageBytes;
  if (sizeBytes < leastBytes) {
    const why = `${sizeBytes} bytes are too few for swap space`;
    return { blocked: [{ ...about, why, until: 'config', hint: 'give a larger size' }] };
  }
  const present = spaces.get(path);
  const isActive = present !== undefined && active.includes(present.path);
  const isSwap = present?.signature.kind === 'filesystem' && present.signature.type === 'swap';
  const hasSize = present?.sizeBytes === sizeBytes;
  const steps: HostStep[] = [];
  if (isActive && hasSize) return {};
  if (isActive) steps.push(switchOff(present.path, about, context));
  if (!isSwap || !hasSize) {
    if (present !== undefined && !isSwap && present.sizeBytes > 0) {
      const why = `${path} is there and is no swap space`;
      return { blocked: [{ ...about, why, until: 'config', hint: 'choose another file name' }] };
    }
    const after = steps.map(({ id }) => id);
    const summary = `make the swap file ${path} (${Math.round(sizeBytes / 2 ** 20)} MiB)`;
    steps.push(context.step({ kind: 'make-swap-file', path, sizeBytes }, { ...about, summary, after }));
  }
  const after = steps.filter(({ kind }) => kind === 'make-swap-file').map(({ id }) => id);
  steps.push(context.step({ kind: 'swap-on', path, options: [] }, { ...about, summary: `swap to ${path}`, after }));
  return { steps };
}

function planDevice(
  swap: Extract<SwapConfig, { kind: 'device' }>,
  config: HostConfig,
  { active, spaces }: ObservedSwap,
  context: PlanContext,
): ResourcePlan {
  const { source, options } = swap;
  const about = aboutOf(swap);
  const present = spaces.get(source);
  if (present !== undefined && active.includes(present.path)) return {};
  const makers = makersOf(source, config.storage);
  const isSwap = present?.signature.kind === 'filesystem' && present.signature.type === 'swap';
  const { filesystems } = config.storage;
  const isMade = filesystems.some(({ device, type }) => deviceTag(device) === deviceTag(source) && type === 'swap');
  // What is in an array or an encrypted device can be seen once it is there.
  const mayHold = present === undefined && makers.length > 0;
  if (!isSwap && !isMade && !mayHold) {
    const [why, until] =
      present === undefined
        ? [`${source} is not there`, 'device' as const]
        : [`${source} is no swap space`, 'config' as const];
    const hint =
      present === undefined ? 'it is looked for again later' : 'make it one with fs_setup (filesystem: swap)';
    return { blocked: [{ ...about, why, until, hint }] };
  }
  const step = context.step(
    {
      kind: 'swap-on',
      path: deviceTag(source),
      options: options.filter((option) => /^(pri=\d+|discard(=\w+)?)$/.test(option)),
    },
    {
      ...about,
      summary: `swap to ${source}`,
      after: makers,
      optional: options.includes('nofail'),
    },
  );
  return { steps: [step] };
}

function removal(old: SwapConfig, { active, spaces }: ObservedSwap, context: PlanContext): HostStep[] {
  const about = aboutOf(old);
  const present = spaces.get(nameOf(old));
  if (present === undefined) return [];
  const off = active.includes(present.path) ? [switchOff(present.path, about, context)] : [];
  const isFile = old.kind === 'file' && present.signature.kind === 'filesystem' && present.signature.type === 'swap';
  if (!isFile) return off;
  const after = off.map(({ id }) => id);
  return [
    ...off,
    context.step({ kind: 'remove-file', path: old.path }, { ...about, summary: `remove ${old.path}`, after }),
  ];
}

function switchOff(
  path: string,
  about: { readonly key: string; readonly subject: string },
  context: PlanContext,
): HostStep {
  return context.step({ kind: 'swap-off', path }, { ...about, summary: `swap to ${path} no more` });
}

function aboutOf(swap: SwapConfig): { key: string; subject: string } {
  const name = nameOf(swap);
  return { key: formatPath(['swap', name]), subject: `swap${name.startsWith('/') ? '' : '/'}${name}` };
}

export function nameOf(swap: SwapConfig): string {
  return swap.kind === 'file' ? swap.path : swap.source;
}

function automaticSize(memoryBytes: number): number {
  return automaticSizes.find(({ upTo }) => memoryBytes <= upTo)?.size(memoryBytes) ?? 0;
}
