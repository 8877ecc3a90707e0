import { shownUrl } from '../../datasource/inline-seed.ts';
import type { TransferProgress } from '../transfer/transfer-options.ts';
import type { LastLook, UpdateMemory } from './update-memory.ts';
import type { UpdateState } from './update-state.ts';
import type { UpdateStatus } from './update-status.ts';

export interface ToldStatus {
  readonly state: UpdateState;
  readonly progress: TransferProgress | undefined;
  readonly declared: Pick<UpdateStatus, 'channel' | 'strategy'> & { readonly feed?: string };
  readonly memory: UpdateMemory;
  /** Since when it is staged, in milliseconds since the epoch. */
  readonly stagedAtMs: number | undefined;
  /** Milliseconds since the epoch. */
  readonly nextLookMs: number | undefined;
}

/** Where an update stands, for people. Without what is to become of a restart: that is the business of `reboot/`. Pure. */
export function tellStatus({
  state,
  progress,
  declared: { feed, channel, strategy },
  memory: { pin, lastLook },
  stagedAtMs,
  nextLookMs,
}: ToldStatus): Omit<UpdateStatus, 'restart' | 'inhibitors'> {
  return {
    state: state.kind,
    version: 'target' in state ? state.target.version : null,
    since: isoTime(stagedAtMs),
    progress: state.kind === 'writing' ? (progress ?? null) : null,
    // An address may hold a password.
    ...{ feed: feed === undefined ? null : shownUrl(feed), channel, strategy },
    pin: { version: pin.version ?? null, until: isoTime(pin.untilMs) },
    lastLook: lastLook === undefined ? null : tellLook(lastLook),
    nextLook: isoTime(nextLookMs),
  };
}

function isoTime(ms: number | undefined): string | null {
  return ms === undefined ? null : new Date(ms).toISOString();
}

function tellLook({ atMs, outcome, failures, warnings }: LastLook): NonNullable<UpdateStatus['lastLook']> {
  return { at: new Date(atMs).toISOString(), outcome, failures, warnings };
}
