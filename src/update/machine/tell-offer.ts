import type { BootLoader } from '../../boot/boot-loader.ts';
import type { Reason } from '../../core/plan.ts';
import { foreseeRefusal, type KernelGate } from './kernel-gate.ts';
import type { Find, Question } from './lookout.ts';
import { stepsTo, targetOf } from './offer.ts';
import { judge } from './staged-choice.ts';
import { planImages, planUpdate } from './update-plan.ts';
import type { UpdateTarget } from './update-state.ts';
import type { UpdateOffer } from './update-status.ts';
import type { RunningRelease } from './updater.ts';

/** The host that an offer is told for. */
export interface OfferedHost {
  readonly running: RunningRelease;
  readonly loader: Pick<BootLoader, 'entries'>;
  readonly kernelGate: KernelGate;
  readonly staged: UpdateTarget | undefined;
}

/** What an update would do now with what was found. Changes nothing. Throws what reading the release throws. */
export async function tellOffer(
  find: Find,
  { running, loader, kernelGate, staged }: OfferedHost,
  question: Question,
  reason: Reason,
  signal: AbortSignal,
): Promise<UpdateOffer> {
  const { source, warnings } = find;
  const carried = planImages(await source.images(signal), reason);
  const verdict = judge(find, staged, question);
  const outcome = verdict.why;
  if (verdict.kind === 'none') return { target: null, outcome, warnings, steps: carried };
  const { release } = verdict;
  if (release === undefined) {
    const { version, sequence, digest, rootHash, isUrgent = false } = verdict.target;
    const target = { version, sequence, digest, rootHash, ...(isUrgent ? { isUrgent } : {}) };
    // It is there already: nothing is fetched.
    const facts = { running, entries: await loader.entries(), target, bytes: { slot: 0, kernel: 0 }, reason };
    return { target, outcome, warnings, steps: [...carried, ...planUpdate(facts)] };
  }
  const target = targetOf(release);
  const manifest = await source.manifest(release, signal);
  const refusal = await foreseeRefusal(kernelGate, manifest);
  if (refusal !== undefined) return { target: null, outcome: refusal.message, warnings, steps: carried };
  const steps = stepsTo(target, manifest, running, await loader.entries(), reason);
  return { target, outcome, warnings, steps: [...carried, ...steps] };
}
