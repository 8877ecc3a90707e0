import type { BootEntry } from '../../boot/boot-entry.ts';
import { entryName } from '../../boot/boot-entry.ts';
import { bootOrder } from '../../boot/entry-order.ts';
import type { Reason, StepBase } from '../../core/plan.ts';
import { shownSize } from '../../core/shown-size.ts';
import type { CarriedImage } from '../bundle/image-list.ts';
import type { UpdateTarget } from './update-state.ts';

export type UpdateStepKind =
  | 'take-images'
  | 'clear-slot'
  | 'write-slot'
  | 'place-kernel'
  | 'activate-release'
  | 'restart-host';

/** A part of an update, as a person sees it before anything happens. */
export interface UpdateStep extends StepBase {
  readonly kind: UpdateStepKind;
}

/** What an update has to do with. */
export interface UpdateFacts {
  readonly running: { readonly name: string; readonly rootHash: string };
  readonly entries: readonly BootEntry[];
  readonly target: UpdateTarget;
  /** What will be fetched at most. */
  readonly bytes: { readonly slot: number; readonly kernel: number };
  readonly reason: Reason;
}

/** The steps from what a host has to a release that it boots next, the restart included. None when it runs that already. Pure. */
export function planUpdate({ running, entries, target, bytes, reason }: UpdateFacts): readonly UpdateStep[] {
  if (target.rootHash === running.rootHash) return [];
  const name = entryName(target.version);
  const next = bootOrder(entries)[0];
  const isStaged = next?.name === name && next.tries !== undefined && next.tries.left > 0;
  const others = entries.filter((entry) => entry.name !== running.name);
  const clearing =
    others.length === 0
      ? 'make sure that the boot loader has nothing of the other slot'
      : `take ${others.map(({ file }) => file).join(', ')} from the boot loader`;
  const drafts: readonly (readonly [UpdateStepKind, UpdateStep['cost'], string])[] = isStaged
    ? []
    : [
        ['clear-slot', 'live', clearing],
        ['write-slot', 'live', `write ${target.version} to the other slot: at most ${shownSize(bytes.slot)} to fetch`],
        ['place-kernel', 'live', `put its kernel beside the running one: at most ${shownSize(bytes.kernel)} to fetch`],
        ['activate-release', 'live', `let the boot loader take ${target.version} next`],
      ];
  const all = [...drafts, ['restart-host', 'reboot', `restart into ${target.version}`] as const];
  return all.map(([kind, cost, summary], place) => ({
    id: `${kind}:${target.version}`,
    subject: `os/${target.version}`,
    after: place === 0 ? [] : [`${all[place - 1]?.[0] ?? ''}:${target.version}`],
    ...{ kind, cost, summary, reason },
  }));
}

/** What of a plan is done by whoever only stages: the restart is left to whoever restarts next. Pure. */
export function stagingOf(steps: readonly UpdateStep[]): readonly UpdateStep[] {
  return steps.filter(({ kind }) => kind !== 'restart-host');
}

/** The step that keeps service images which came along; none when there are none. Pure. */
export function planImages(images: readonly CarriedImage[], reason: Reason): readonly UpdateStep[] {
  if (images.length === 0) return [];
  const names = images.flatMap(({ references }) => references).join(', ');
  const bytes = images.reduce((sum, { archive }) => sum + archive.bytes, 0);
  const summary = `keep the service images ${names}: at most ${shownSize(bytes)}`;
  return [{ id: 'take-images', kind: 'take-images', subject: 'images', cost: 'live', summary, after: [], reason }];
}
