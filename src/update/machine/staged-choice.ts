import type { Feed, FeedRelease } from '../feed/feed.ts';
import type { Find, Question } from './lookout.ts';
import { chooseNamed, targetOf } from './offer.ts';
import { excludes, type Pin } from './update-memory.ts';
import type { UpdateTarget } from './update-state.ts';

/** What a look leads to. */
export type Verdict =
  /** There is nothing to take; what is staged, if anything, stays. */
  | { readonly kind: 'none'; readonly why: string }
  /** What is staged stays, as it is offered now. `release`: absent when it is not the one that was found, but a newer one. */
  | { readonly kind: 'stay'; readonly target: UpdateTarget; readonly why: string; readonly release?: FeedRelease }
  | { readonly kind: 'take'; readonly target: UpdateTarget; readonly why: string; readonly release: FeedRelease };

/** What a look leads to on a host that has this release staged, or none. Pure. */
export function judge(
  { feed, host, release, why }: Pick<Find, 'feed' | 'host' | 'release' | 'why'>,
  staged: UpdateTarget | undefined,
  { to, from }: Question,
): Verdict {
  if (release === undefined) return { kind: 'none', why };
  const isNamed = to !== undefined || from !== undefined;
  const isSame = staged?.digest === release.manifest.sha256;
  const target = withName(targetOf(release), isNamed || (isSame && staged.isNamed === true));
  if (isSame) return { kind: 'stay', target, why, release };
  if (isNamed || staged === undefined || staged.sequence <= release.sequence || !mayStay(staged, feed, host))
    return { kind: 'take', target, why, release };
  return {
    kind: 'stay',
    target: staged,
    why: `${release.version} is offered; ${staged.version}, which is newer, is staged`,
  };
}

/** Why a staged release must not be booted, though it is whole; undefined: nothing speaks against it. Pure. */
export function whyDropped(staged: UpdateTarget, pin: Pin, feed?: Feed): string | undefined {
  const revoked = feed?.releases.find(({ manifest }) => manifest.sha256 === staged.digest)?.revoked;
  if (revoked !== undefined) return `it was revoked: ${revoked}`;
  return staged.isNamed !== true && excludes(pin, staged.version) ? `this host is pinned to ${pin.version}` : undefined;
}

/** Whether a pin keeps a host from taking a version now. Pure. */
export function isKeptAway(version: string, pin: Pin, nowMs: number): boolean {
  return excludes(pin, version) || (pin.untilMs !== undefined && nowMs < pin.untilMs);
}

/** For a person: who said what this host may take. Pure. */
export function whyPinned({ version, untilMs }: Pin, who: string): string {
  const until = untilMs === undefined ? '' : new Date(untilMs).toISOString();
  if (version !== undefined) return `${who} pinned this host to ${version}${until === '' ? '' : `, from ${until} on`}`;
  return until === '' ? `${who} took the pin back` : `${who} holds this host until ${until}`;
}

/** Whether the feed would let the staged release be named today. One that it does not have stays if an operator brought it. */
function mayStay(staged: UpdateTarget, feed: Feed, host: Find['host']): boolean {
  const pin = host.pin === undefined ? {} : { version: host.pin };
  if (whyDropped(staged, pin, feed) !== undefined) return false;
  const release = feed.releases.find(({ manifest }) => manifest.sha256 === staged.digest);
  const choice = chooseNamed(feed, host, staged.sequence, release);
  if (release !== undefined) return choice.kind === 'release' && choice.release === release;
  return staged.isNamed === true && choice.kind === 'none' && choice.why.kind === 'newest';
}

function withName(target: UpdateTarget, isNamed: boolean): UpdateTarget {
  return isNamed ? { ...target, isNamed } : target;
}
