import { isFailure, type OsEvent } from '../update/os-status.ts';
import type { Generation } from './model.ts';

/** What was applied under a release that is no longer the one that runs, and what to go back to. */
export interface ReleaseReturn {
  /** The generation that is to be declared again. */
  readonly to: number;
  /** For a person. */
  readonly why: string;
}

/**
 * An OS release and what was applied under it are one: where a release was taken back, the host returns to the last generation of
 * before, even if whoever gave it its config still gives the newer one. Pure.
 * @param generations newest first.
 * @returns undefined when what is declared was not applied under a release that was taken back, or there is nothing before it.
 */
export function releaseReturn(
  generations: readonly Generation[],
  events: readonly OsEvent[],
  running: string,
): ReleaseReturn | undefined {
  const current = generations.find(({ state }) => state === 'current');
  if (current?.release == null || current.release === running) return undefined;
  const takenBack = events.findLast(
    (event) => isFailure(event) && event.version === current.release && event.at >= current.createdAt,
  );
  if (takenBack === undefined) return undefined;
  const before = generations.find(({ number, release }) => number < current.number && release !== current.release);
  if (before === undefined) return undefined;
  return { to: before.number, why: `${current.release} was taken back, and with it what was applied under it` };
}
