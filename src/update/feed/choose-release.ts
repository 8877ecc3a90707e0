import { compareVersions } from '../../core/release-version.ts';
import type { Feed, FeedRelease } from './feed.ts';
import { positionOf, shareAt } from './rollout.ts';

/** What the choice depends on, besides the feed. */
export interface UpdatingHost {
  /** Any text that no other host has: the machine id. */
  readonly id: string;
  /** Of the release it runs. */
  readonly version: string;
  readonly rootHash: string;
  readonly architecture: string;
  readonly kernel: string;
  readonly nowMs: number;
  /** The highest that was ever blessed here, where that is known. */
  readonly sequence?: number;
  /** Instead of a place by lot: 0 goes first, 1 last. */
  readonly wariness?: number;
  /** `1.2.3`, or `1.2` for all of 1.2. */
  readonly pin?: string;
  readonly heldUntilMs?: number;
  /** Digests of releases that failed here. */
  readonly rejected?: readonly string[];
  /** Releases that this machine's firmware would not start. */
  readonly refused?: readonly { readonly digest: string; readonly why: string }[];
  /** An operator named the release: no pin, pause or rollout holds him back, and he may take one again that failed here or was refused. */
  readonly isNamed?: boolean;
}

/** Why a host stays with what it has. */
export type WhyNot =
  | { readonly kind: 'newest' }
  | { readonly kind: 'held'; readonly untilMs: number }
  | { readonly kind: 'dead-end'; readonly version: string; readonly reason: string }
  | { readonly kind: 'pinned'; readonly version: string; readonly pin: string }
  | { readonly kind: 'revoked' | 'paused' | 'refused'; readonly version: string; readonly reason: string }
  | { readonly kind: 'rejected'; readonly version: string }
  | { readonly kind: 'needs'; readonly version: string; readonly minimumVersion: string }
  | { readonly kind: 'waiting'; readonly version: string; readonly position: number; readonly share: number };

export interface Choice {
  readonly choice:
    | { readonly kind: 'release'; readonly release: FeedRelease }
    | { readonly kind: 'none'; readonly why: WhyNot };
  /** What the feed says of the release that the host runs: it may have been revoked. */
  readonly running?: FeedRelease;
}

/** The release that a host is to take next, or why there is none: of the newest one that it could have had. Pure. */
export function chooseRelease({ releases }: Feed, host: UpdatingHost): Choice {
  const mine = releases.filter(
    ({ architecture, kernel }) => architecture === host.architecture && kernel === host.kernel,
  );
  const running = mine.find(({ rootHash }) => rootHash === host.rootHash);
  const choice = decide(mine, running, host);
  return running === undefined ? { choice } : { choice, running };
}

function decide(
  releases: readonly FeedRelease[],
  running: FeedRelease | undefined,
  host: UpdatingHost,
): Choice['choice'] {
  const none = (why: WhyNot) => ({ kind: 'none', why }) as const;
  if (host.isNamed !== true && host.heldUntilMs !== undefined && host.nowMs < host.heldUntilMs) {
    return none({ kind: 'held', untilMs: host.heldUntilMs });
  }
  if (running?.deadEnd !== undefined) {
    return none({ kind: 'dead-end', version: running.version, reason: running.deadEnd });
  }
  const newer = releases.filter((release) => isNewer(release, running, host)).sort((a, b) => a.sequence - b.sequence);
  let first: WhyNot | undefined;
  for (const release of upToBarrier(newer).reverse()) {
    const why = hindrance(release, host);
    if (why === undefined) return { kind: 'release', release };
    first ??= why;
  }
  return none(first ?? { kind: 'newest' });
}

/** By sequence, as far as the host knows its own, and by the version: the boot loader would go on with the one that runs. */
function isNewer(
  { sequence, version, manifest }: FeedRelease,
  running: FeedRelease | undefined,
  host: UpdatingHost,
): boolean {
  const { sequence: highest = 0, isNamed = false, rejected = [] } = host;
  // The highest was rolled back: an operator may take it again, and others are told why it is not taken.
  const isGoneBackFrom = sequence === highest && (isNamed || rejected.includes(manifest.sha256));
  if (sequence < highest || (sequence === highest && !isGoneBackFrom)) return false;
  return sequence > (running?.sequence ?? 0) && compareVersions(version, host.version) > 0;
}

/** Up to the first barrier that can be taken. One that was revoked gives way to a later one, but is not passed without. */
function upToBarrier(newer: readonly FeedRelease[]): FeedRelease[] {
  const barriers = newer.filter(({ barrier }) => barrier === true);
  const next = barriers.find(({ revoked }) => revoked === undefined) ?? barriers.at(0);
  return newer.filter(({ sequence }) => next === undefined || sequence <= next.sequence);
}

function hindrance(release: FeedRelease, host: UpdatingHost): WhyNot | undefined {
  const { version, revoked, paused, deadEnd, minimumVersion, manifest } = release;
  const { pin, rejected = [], refused = [], id, nowMs, isNamed = false } = host;
  if (!isNamed && pin !== undefined && !isPinned(version, pin)) return { kind: 'pinned', version, pin };
  if (revoked !== undefined) return { kind: 'revoked', version, reason: revoked };
  if (!isNamed && paused !== undefined) return { kind: 'paused', version, reason: paused };
  if (deadEnd !== undefined) return { kind: 'dead-end', version, reason: deadEnd };
  if (!isNamed && rejected.includes(manifest.sha256)) return { kind: 'rejected', version };
  const refusal = isNamed ? undefined : refused.find(({ digest }) => digest === manifest.sha256);
  if (refusal !== undefined) return { kind: 'refused', version, reason: refusal.why };
  if (minimumVersion !== undefined && compareVersions(host.version, minimumVersion) < 0) {
    return { kind: 'needs', version, minimumVersion };
  }
  if (isNamed || release.urgent === true) return undefined;
  const position = host.wariness ?? positionOf(id, manifest.sha256);
  const share = shareAt(release.rollout, nowMs);
  // The most wary ones are not left out for ever.
  return position < share || share === 1 ? undefined : { kind: 'waiting', version, position, share };
}

/** True for a version that a host with this pin takes: 1.4 and 1.4.2 of the pin 1.4. Pure. */
export function isPinned(version: string, pin: string): boolean {
  return compareVersions(version, pin) === 0 || version.startsWith(`${pin}.`);
}
