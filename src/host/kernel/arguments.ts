import { failureOf, type KernelArgumentsState } from '../../boot/kernel-arguments.ts';
import type { HostConfig } from '../../config/host-config.ts';
import { argumentWords, longestArguments } from '../../config/kernel-arguments.ts';
import { messageOf } from '../../core/errors.ts';
import type { HostPorts } from '../ports.ts';
import type { PlanContext, ResourcePlan } from '../resource.ts';
import type { BlockedChange } from '../step.ts';

/** undefined: nothing is declared, and nothing was; or there is no boot loader to be told. */
export type ObservedArguments = KernelArgumentsState | undefined;

const key = 'berth.kernel.arguments';
const subject = 'kernel/arguments';

export async function observeArguments(
  { kernelArguments }: HostConfig,
  previous: HostConfig,
  { kernelArguments: port }: HostPorts,
): Promise<ObservedArguments> {
  if (port === undefined) return undefined;
  const isDeclared = kernelArguments !== undefined || previous.kernelArguments !== undefined;
  try {
    return isDeclared || (await port.isUsed()) ? await port.look() : undefined;
  } catch (error) {
    // The rest of the config does not wait for the EFI system partition.
    return { kind: 'fixed', why: messageOf(error), hint: 'apply the config again' };
  }
}

/** Kernel arguments: written for the next boot, which alone can give them. Pure. */
export function planArguments(config: HostConfig, state: ObservedArguments, context: PlanContext): ResourcePlan {
  if (state === undefined) return {};
  const { present = [], absent = [] } = config.kernelArguments ?? {};
  if (state.kind === 'fixed')
    return present.length === 0
      ? {}
      : { blocked: [{ subject, key, why: state.why, until: 'config', hint: state.hint }] };
  const own = argumentWords(state.own) ?? [];
  const blocked = absent.filter((word) => own.includes(word)).map(ownWord);
  const wanted = present.filter((word) => !own.includes(word)).join(' ');
  const why = whyNot(wanted, state);
  if (why !== undefined) return { blocked: [...blocked, why] };
  if (state.next === wanted && state.current === wanted) {
    // What failed is forgotten once something else is declared: then it may be tried again.
    if (state.failed.size === 0) return { blocked };
    return { blocked, steps: [stage(wanted, 'live', 'forget the kernel arguments that failed', context)] };
  }
  if (state.next !== wanted) {
    const summary = state.current === wanted ? 'keep the kernel arguments of this boot' : `boot with ${shown(wanted)}`;
    return { blocked, steps: [stage(wanted, state.current === wanted ? 'live' : 'reboot', summary, context)] };
  }
  const hint = 'the host restarts as berth.update.strategy says, or with you';
  return { blocked: [...blocked, { subject, key, why: `${shown(wanted)} at the next boot`, until: 'boot', hint }] };
}

function stage(text: string, cost: 'live' | 'reboot', summary: string, context: PlanContext) {
  return context.step({ kind: 'stage-kernel-arguments', text }, { subject, key, summary, cost });
}

/** What keeps arguments from being tried, or from having an effect. */
function whyNot(wanted: string, state: KernelArgumentsState & { readonly kind: 'open' }): BlockedChange | undefined {
  const held = (why: string, hint: string, until: BlockedChange['until'] = 'config'): BlockedChange => ({
    ...{ subject, key, why, until, hint },
  });
  if (wanted.length > longestArguments)
    return held(`they have ${wanted.length} characters`, `${longestArguments} are the most`);
  const failure = failureOf(state, wanted);
  if (failure !== undefined)
    return held(
      `${shown(wanted)} was tried and taken back: ${failure}`,
      'declare others; to have these tried again, apply a config without them first',
    );
  if (state.current === wanted && state.next === wanted && !hasAll(wanted, state))
    return held('the boot loader starts the kernel without them', 'look at its entry in loader/entries');
  if (state.isReleaseOnTrial && state.next !== wanted)
    return held(`${shown(wanted)} once the release has proved itself`, 'berth os status shows what it lacks', 'boot');
  return undefined;
}

function hasAll(wanted: string, { commandLine }: { readonly commandLine: string }): boolean {
  const words = argumentWords(commandLine) ?? [];
  return (argumentWords(wanted) ?? []).every((word) => words.includes(word));
}

function ownWord(word: string): BlockedChange {
  return {
    ...{ subject: 'kernel/absent-arguments', key: 'berth.kernel.absent_arguments', until: 'config' },
    why: `"${word}" is among the release's own arguments, which are part of its kernel image`,
    hint: 'a later word of the same name may go before it: berth.kernel.arguments',
  };
}

function shown(wanted: string): string {
  return wanted === '' ? 'no kernel arguments of the config' : `kernel arguments ${wanted}`;
}
