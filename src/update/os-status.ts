import type { BootEntry } from '../boot/boot-entry.ts';
import { compareVersions } from '../core/release-version.ts';
import type { CheckResult } from './health-gate.ts';
import type { VolumeStatus } from './volume-status.ts';

/** A release that the boot loader knows. */
export interface OsEntry extends BootEntry {
  readonly isRunning: boolean;
}

/** Whether the running release has proved itself. */
export type BlessState =
  | { readonly kind: 'blessed' }
  /** `blockers`: names of the checks that do not hold yet. Past the deadline, the guard goes back to the other release. */
  | { readonly kind: 'on-trial'; readonly checks: readonly CheckResult[]; readonly blockers: readonly string[] };

export const osEventKinds = [
  ...(['booted', 'blessed', 'rejected', 'rolled-back', 'staged', 'dropped', 'update-failed', 'refused'] as const),
  ...(['arguments-rejected'] as const),
  ...(['volumes-copied', 'volumes-restored', 'rollback-blocked', 'services-held', 'permit-kept'] as const),
] as const;

/** What happened to releases on this host. */
export interface OsEvent {
  /** ISO time. */
  readonly at: string;
  /**
   * `booted`: for the first time, or after another one; `rejected`: by the guard, or it used up its tries;
   * `rolled-back`: by an operator. `staged`: it boots next; `dropped`: it was staged, and is not any more.
   * `refused`: it was not taken, the firmware would not start its kernel.
   * `arguments-rejected`: the guard took kernel arguments back, and the release runs without them.
   * `volumes-copied`: as it left them, before another one ran; `volumes-restored`: they are again as it left them.
   * `rollback-blocked`: it should have been taken back, and volumes go forward only; `services-held`: some do not run, for a newer
   * release ran with their volumes. `permit-kept`: it failed, and the permit it was booted with did not go back.
   */
  readonly kind: (typeof osEventKinds)[number];
  readonly version: string;
  /** Why, or by whom; empty when there is nothing to say. */
  readonly reason: string;
}

export interface OsStatus {
  readonly version: string;
  readonly slot: 'a' | 'b';
  /** The slot's partition: `/dev/vda2`. */
  readonly device: string;
  /** sha256, hex. */
  readonly rootHash: string;
  /** The next one to be booted first. Empty where no boot loader was asked: QEMU may load a kernel itself. */
  readonly entries: readonly OsEntry[];
  /** `secondsLeft`: until the guard takes the release back; 0: that time is over. */
  readonly bless:
    | Extract<BlessState, { kind: 'blessed' }>
    | (Extract<BlessState, { kind: 'on-trial' }> & { readonly secondsLeft: number });
  /** Those that failed here, newest first. */
  readonly rejected: readonly OsEvent[];
  /** The form of what the agent keeps, and of what is kept besides, for a release to go back to. */
  readonly state: { readonly schema: number; readonly kept: readonly number[] };
  readonly volumes: VolumeStatus;
}

/** Whether an event says that a release failed here. Pure. */
export function isFailure({ kind }: Pick<OsEvent, 'kind'>): boolean {
  return kind === 'rejected' || kind === 'rolled-back';
}

/** The last release that failed here and has not proved itself since. Oldest first. Pure. */
export function lastTakenBack(events: readonly OsEvent[]): OsEvent | undefined {
  return events.findLast(
    (event, place) =>
      isFailure(event) &&
      !events.slice(place).some(({ kind, version }) => kind === 'blessed' && version === event.version),
  );
}

/** Whether a release failed here, and neither it nor a newer one has proved itself since. Oldest first. Pure. */
export function stillFails(events: readonly OsEvent[], about: string): boolean {
  const failed = events.findLastIndex((event) => isFailure(event) && event.version === about);
  const since = events.slice(failed + 1);
  return failed >= 0 && !since.some(({ kind, version }) => kind === 'blessed' && compareVersions(version, about) >= 0);
}

/** Whether a release that was staged here and is blessed is without the event that says so. Oldest first. Pure. */
export function lacksBlessing(events: readonly OsEvent[], about: string): boolean {
  const staged = events.findLastIndex(({ kind, version }) => kind === 'staged' && version === about);
  return staged >= 0 && !events.slice(staged).some(({ kind, version }) => kind === 'blessed' && version === about);
}

/**
 * Whether the history does not say what became of some release but the running one: it was staged, or it is the one that was booted
 * last. Oldest first. Pure.
 */
export function hasOpenEnd(events: readonly OsEvent[], running: string): boolean {
  const last = new Map(
    events
      .filter((event) => isFailure(event) || ['staged', 'blessed', 'dropped'].includes(event.kind))
      .map(({ kind, version }) => [version, kind]),
  );
  if ([...last].some(([version, kind]) => version !== running && kind === 'staged')) return true;
  const place = events.findLastIndex(({ kind }) => kind === 'booted');
  const left = events[place]?.version ?? running;
  return left !== running && !events.slice(place).some((event) => isFailure(event) && event.version === left);
}
