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
  if (!wasTakenBack(current.release, events, current.createdAt)) return undefined;
  const before = generationBefore(generations);
  if (before === undefined) return undefined;
  return { to: before.number, why: `${current.release} was taken back, and with it what was applied under it` };
}

/** The generation to return to when the release under which the current one was applied is taken back. Newest first. Pure. */
export function generationBefore(generations: readonly Generation[]): Generation | undefined {
  const current = generations.find(({ state }) => state === 'current');
  return generations.find(({ number, release }) => number < (current?.number ?? 0) && release !== current?.release);
}

/** Whether a release failed after something was applied under it. The order counts: a host's clock may be behind until it has a network. */
function wasTakenBack(release: string, events: readonly OsEvent[], appliedAt: string): boolean {
  const about = events.filter(({ version }) => version === release);
  const failure = about.findLastIndex(isFailure);
  if (failure < 0) return false;
  const run = about.findLastIndex(({ kind }) => kind === 'booted' || kind === 'blessed');
  // Failures are remembered longer than all else.
  return run >= 0 ? failure > run : (about[failure]?.at ?? '') >= appliedAt;
}
