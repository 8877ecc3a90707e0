import { BerthError } from '../../core/errors.ts';
import { compareVersions } from '../../core/release-version.ts';
import { type Feed, type FeedRelease, maxReasonLength, type Rollout } from '../feed/feed.ts';

/** How a release is offered in a channel. What is not said stays as it is; of a new release: to all, and neither of the others. */
export interface Offer {
  readonly rollout?: Rollout;
  readonly barrier?: boolean;
  readonly urgent?: boolean;
}

/**
 * Adds a release as it is to be offered, or changes the offer of one that is there. Pure. Throws as {@link withRelease} does, and when it
 * was revoked here.
 */
export function withOffer(feed: Feed, release: FeedRelease, offer: Offer): Feed {
  const known = feed.releases.find((other) => isSame(other, release));
  const saysSomething = offer.rollout !== undefined || offer.barrier === true || offer.urgent === true;
  if (known?.revoked !== undefined && saysSomething) throw stoppedIn(feed.channel, known, known.revoked);
  const { releases } = known === undefined ? withRelease(feed, release) : feed;
  return { ...feed, releases: releases.map((one) => (isSame(one, release) ? offered(one, offer) : one)) };
}

function isSame({ manifest }: FeedRelease, other: FeedRelease): boolean {
  return manifest.sha256 === other.manifest.sha256;
}

function offered(release: FeedRelease, { rollout, barrier, urgent }: Offer): FeedRelease {
  return {
    ...release,
    // The same plan said again goes on where it is.
    ...(rollout === undefined || planOf(rollout) === planOf(release.rollout) ? {} : { rollout }),
    ...(barrier === true ? { barrier } : {}),
    ...(urgent === true ? { urgent } : {}),
  };
}

/** What of a rollout does not depend on when it began. */
function planOf(rollout: Rollout): string {
  return JSON.stringify({ ...rollout, start: undefined });
}

/** Adds a release. Pure. Throws RELEASE_REFUSED when it is not newer than what is there. */
function withRelease(feed: Feed, release: FeedRelease): Feed {
  const { version, sequence, architecture, kernel } = release;
  const others = feed.releases.filter((other) => other.architecture === architecture && other.kernel === kernel);
  const same = others.find((other) => other.version === version);
  if (same !== undefined) {
    throw new BerthError(
      'RELEASE_REFUSED',
      `${feed.channel} has another release ${version} for ${architecture} already`,
      {
        hint: 'what is published does not change: make a new version',
      },
    );
  }
  const highest = Math.max(0, ...others.map((other) => other.sequence));
  if (sequence <= highest) {
    throw new BerthError(
      'RELEASE_REFUSED',
      `release ${version} has sequence ${sequence}, ${feed.channel} is at ${highest}`,
      {
        hint: 'hosts never go to a lower sequence: build it again with a higher one',
      },
    );
  }
  const newest = others.toSorted((a, b) => compareVersions(b.version, a.version)).at(0);
  if (newest !== undefined && compareVersions(version, newest.version) <= 0) {
    throw new BerthError(
      'RELEASE_REFUSED',
      `release ${version} is not newer than ${newest.version}, which ${feed.channel} has`,
      {
        hint: 'boot loaders take the newest version, whatever its sequence: give it a higher one',
      },
    );
  }
  return { ...feed, releases: [...feed.releases, release] };
}

/** The releases of a version: one for each kind of machine. Pure. Throws NOT_FOUND. */
export function releasesOf({ channel, releases }: Feed, version: string): FeedRelease[] {
  const found = releases.filter((release) => release.version === version);
  if (found.length > 0) return found;
  const versions = [...new Set(releases.map((release) => release.version))];
  throw new BerthError('NOT_FOUND', `${channel} has no release ${version}`, {
    hint: versions.length === 0 ? `${channel} is empty` : `it has ${versions.join(', ')}`,
  });
}

/** Why a release goes nowhere from a channel that has stopped it. Pure. */
export function stoppedIn(channel: string, { version, revoked }: FeedRelease, why: string): BerthError {
  const hint = revoked === undefined ? '"berth release resume" offers it again' : 'take a later release';
  return new BerthError('RELEASE_REFUSED', `${channel} has stopped ${version}: ${why}`, { hint });
}

/** What can be said of a release after it was published. */
export type Mark =
  | { readonly kind: 'paused' | 'revoked' | 'deadEnd'; readonly reason: string }
  | { readonly kind: 'resumed' }
  | { readonly kind: 'urgent' };

/** Says it of all releases of a version. Pure. Throws NOT_FOUND, RELEASE_REFUSED. */
export function withMark(feed: Feed, version: string, mark: Mark): Feed {
  if ('reason' in mark) requireReason(mark.reason);
  const marked = new Set(releasesOf(feed, version));
  const releases = feed.releases.map((release) => (marked.has(release) ? markRelease(release, mark) : release));
  return { ...feed, releases };
}

/** It is shown in tables and on terminals, and hosts refuse a feed with a longer one. */
function requireReason(reason: string): void {
  const hint = `a reason is one line of at most ${maxReasonLength} characters`;
  if (reason.trim() === '') throw new BerthError('USAGE', 'the reason says nothing', { hint });
  if (reason.length > maxReasonLength)
    throw new BerthError('USAGE', `the reason has ${reason.length} characters: hosts would refuse it`, { hint });
  const odd = /[\p{Cc}\p{Zl}\p{Zp}]/u.exec(reason)?.[0];
  if (odd === undefined) return;
  const code = (odd.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
  throw new BerthError('USAGE', `the reason has a line break or another control character in it (U+${code})`, { hint });
}

function markRelease(release: FeedRelease, mark: Mark): FeedRelease {
  if (mark.kind === 'urgent') return { ...release, urgent: true };
  if (mark.kind !== 'resumed') return { ...release, [mark.kind]: mark.reason };
  if (release.revoked !== undefined) {
    throw new BerthError('RELEASE_REFUSED', `${release.version} was revoked: ${release.revoked}`, {
      hint: 'hosts have dropped it: publish a new version',
    });
  }
  return { ...release, paused: undefined };
}
