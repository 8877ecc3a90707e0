import { isPinned } from '../feed/choose-release.ts';
import type { LastPoll } from '../feed/poll-schedule.ts';
import type { UpdateTarget } from './update-state.ts';

/** An operator's word on what this host may take. */
export interface Pin {
  /** `1.2.3`, or `1.2` for all of 1.2. */
  readonly version?: string;
  /** Takes nothing before; milliseconds since the epoch. */
  readonly untilMs?: number;
}

/** What is known of updates across restarts. Losing it costs a look, never safety: what boots is told by the boot loader's entries. */
export interface UpdateMemory {
  /** Releases that were activated here, the last one last. */
  readonly taken: readonly (UpdateTarget & { readonly atMs: number })[];
  /** The highest that was ever blessed here; 0: none is known. */
  readonly blessedSequence: number;
  readonly pin: Pin;
  /** Releases that the firmware would not have started, the last one last. */
  readonly refused: readonly RefusedRelease[];
  /** The staged release for which this host restarted last, in which boot it was told to, and why. */
  readonly restartedFor?: { readonly digest: string; readonly bootId: string; readonly why?: string };
  readonly stagedIn?: StagingTime;
  readonly lastLook?: LastLook;
  /** The last one that was the host's own, or took what is offered as that does: from it the next one is counted. */
  readonly lastTurn?: LastPoll & { readonly atMs: number };
}

/** When the staged release was staged, by a clock that nobody sets. */
export interface StagingTime {
  readonly digest: string;
  readonly bootId: string;
  /** Milliseconds since that boot; negative: before it. */
  readonly uptimeMs: number;
}

/** A release that was not taken, because the firmware would not start its kernel image. */
export interface RefusedRelease {
  /** SHA-256 of its `release.json`, hex. */
  readonly digest: string;
  readonly why: string;
  /** What the firmware trusted then: once that is something else, the release may be tried again. */
  readonly mark: string;
}

/** How the last look at the repository ended. */
export interface LastLook {
  readonly atMs: number;
  /** In a row, up to and including it. */
  readonly failures: number;
  /** The server's Retry-After. */
  readonly retryAfter?: string;
  /** For a person. */
  readonly outcome: string;
  /** What to tell besides: metadata that expires soon, a running release that was revoked. */
  readonly warnings: readonly string[];
}

/** Whether a pin names other versions than this one. Pure. */
export function excludes(pin: Pin, version: string): boolean {
  return pin.version !== undefined && !isPinned(version, pin.version);
}

export const noMemory: UpdateMemory = { taken: [], blessedSequence: 0, pin: {}, refused: [] };

/** Older ones are forgotten: no repository offers them to a host that has seen newer ones. */
const keptReleases = 16;

/** A release is staged. What was before, when it was staged another time, does not count for it. Pure. */
export function withTaken(
  memory: UpdateMemory,
  target: UpdateTarget,
  atMs: number,
  { bootId, uptimeMs }: Omit<StagingTime, 'digest'>,
): UpdateMemory {
  const others = memory.taken.filter(({ digest }) => digest !== target.digest);
  const { restartedFor, ...rest } = memory;
  return {
    ...rest,
    ...(restartedFor === undefined || restartedFor.digest === target.digest ? {} : { restartedFor }),
    taken: [...others, { ...target, atMs }].slice(-keptReleases),
    stagedIn: { digest: target.digest, bootId, uptimeMs },
  };
}

/** The staged release is offered otherwise than when it was staged, or named now. Pure. */
export function withRenewed(memory: UpdateMemory, target: UpdateTarget): UpdateMemory {
  const taken = memory.taken.map((one) => (one.digest === target.digest ? { ...target, atMs: one.atMs } : one));
  return { ...memory, taken };
}

/** The staged release counts as staged at this time. Pure. */
export function withStagingTime(memory: UpdateMemory, atMs: number, stagedIn: StagingTime): UpdateMemory {
  const taken = memory.taken.map((one) => (one.digest === stagedIn.digest ? { ...one, atMs } : one));
  return { ...memory, taken, stagedIn };
}

/** An operator’s word on what this host may take goes over what was named before. Pure. */
export function withPin(memory: UpdateMemory, pin: Pin): UpdateMemory {
  const taken = memory.taken.map(({ isNamed, ...one }) => {
    return isNamed === true && !excludes(pin, one.version) ? { ...one, isNamed } : one;
  });
  return { ...memory, pin, taken };
}

/** Pure. */
export function withRefused(memory: UpdateMemory, refused: RefusedRelease): UpdateMemory {
  const others = memory.refused.filter(({ digest }) => digest !== refused.digest);
  return { ...memory, refused: [...others, refused].slice(-keptReleases) };
}

/** A release has proved itself: this host never goes below it. Pure. */
export function withBlessed(memory: UpdateMemory, rootHash: string): UpdateMemory {
  const sequence = memory.taken.findLast((one) => one.rootHash === rootHash)?.sequence ?? 0;
  return sequence <= memory.blessedSequence ? memory : { ...memory, blessedSequence: sequence };
}

/** Why the host restarted into the release with this root hash; empty when somebody else restarted it. Pure. */
export function whyRestartedInto({ taken, restartedFor }: UpdateMemory, rootHash: string): string {
  const running = taken.findLast((one) => one.rootHash === rootHash);
  const isFor = running !== undefined && restartedFor?.digest === running.digest;
  return isFor && restartedFor.why !== undefined ? `restarted for it: ${restartedFor.why}` : '';
}

/** Digests of the releases that failed here, by the versions that the history names. Pure. */
export function rejectedDigests({ taken }: UpdateMemory, versions: ReadonlySet<string>): string[] {
  return taken.filter(({ version }) => versions.has(version)).map(({ digest }) => digest);
}
