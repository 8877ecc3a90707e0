import type { HostOutcome } from '../host-reconciler.ts';
import type { HostStep } from '../step.ts';
import { saysAway, serverOf } from './network-options.ts';

/** A mount that is not as declared. */
export interface MountTrouble {
  /** Key path in the config. */
  readonly key: string;
  readonly target: string;
  /** True: the host is fine without it (`nofail`). */
  readonly optional: boolean;
  /** `failed`: it was tried, or cannot be; `waits`: its turn comes once the network is there. */
  readonly kind: 'failed' | 'waits';
  readonly why: string;
  /** True when nothing is mounted there; false when it is, but not as it should be. */
  readonly isAbsent: boolean;
  /** True when a server was not there: nothing that this host could mend. */
  readonly isAway: boolean;
}

type MountStep = Extract<HostStep, { kind: 'mount' | 'mount-anew' | 'unmount' }>;

/** True for a step that changes what is mounted. */
export function isMountStep(step: HostStep): step is MountStep {
  return step.kind === 'mount' || step.kind === 'mount-anew' || step.kind === 'unmount';
}

/** What mounts have to come after, and may be done again at any time: it opens what is there and makes nothing. */
export function leadsToMount({ kind }: HostStep): boolean {
  return kind === 'open-luks' || kind === 'assemble-array';
}

/** The mounts that are not as declared after a round of work. Pure. */
export function mountTroubles({ failed, left, blocked }: HostOutcome): MountTrouble[] {
  const missing = blocked.flatMap(({ subject, key, why, until }): MountTrouble[] => {
    const target = /^mount(\/.*)$/.exec(subject)?.[1];
    // Only where a host is fine without it, a device that is not there is no failure.
    return target === undefined || until !== 'device'
      ? []
      : [{ key, target, why, optional: true, kind: 'failed', isAbsent: true, isAway: false }];
  });
  const waiting = left.filter(isMountStep).map((step): MountTrouble => {
    const isOnline = step.phase === 'online';
    const why = `${step.summary}: ${isOnline ? 'once the network is there' : 'waits for a step that failed'}`;
    return { ...aboutOf(step), kind: isOnline ? 'waits' : 'failed', why, isAway: false };
  });
  const tried = failed.flatMap(({ step, error }) => (isMountStep(step) ? [failedMount(step, error)] : []));
  return [...missing, ...waiting, ...tried];
}

/** What a failure of such a step amounts to. Pure. */
export function failedMount(step: MountStep, error: string): MountTrouble {
  return { ...aboutOf(step), kind: 'failed', why: `${step.summary}: ${error}`, isAway: isAway(step, error) };
}

function aboutOf(step: MountStep): Pick<MountTrouble, 'key' | 'target' | 'optional' | 'isAbsent'> {
  const { key, optional, kind } = step;
  const target = kind === 'unmount' ? step.target : step.mount.target;
  return { key, target, optional, isAbsent: kind === 'mount' };
}

function isAway(step: MountStep, error: string): boolean {
  return step.kind !== 'unmount' && serverOf(step.mount) !== undefined && saysAway(error);
}
