import { createHash } from 'node:crypto';
import type { Rollout } from './feed.ts';

const minuteMs = 60_000;
const positionBytes = 6;

/**
 * Where a host stands among all hosts for one release, in [0, 1): those below the rollout's share are offered it. Another
 * release, another order, so that it is not always the same hosts that go first. Pure.
 */
export function positionOf(hostId: string, releaseDigest: string): number {
  const hash = createHash('sha256').update(`${hostId}\n${releaseDigest}`).digest();
  return hash.readUIntBE(0, positionBytes) / 2 ** (8 * positionBytes);
}

/** The share of hosts that a release is offered to at a time. It never falls. Pure. */
export function shareAt(rollout: Rollout, nowMs: number): number {
  if (rollout.kind === 'all') return 1;
  const minutes = (nowMs - Date.parse(rollout.start)) / minuteMs;
  if (rollout.kind === 'ramp') {
    if (minutes < 0) return 0;
    return Math.min(1, rollout.share + (1 - rollout.share) * (minutes / rollout.minutes));
  }
  const reached = rollout.waves.filter(({ afterMinutes }) => minutes >= afterMinutes);
  return Math.max(0, ...reached.map(({ share }) => share));
}
