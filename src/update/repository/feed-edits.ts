import { BerthError } from '../../core/errors.ts';
import { compareVersions } from '../../core/release-version.ts';
import type { Feed, FeedRelease } from '../feed/feed.ts';

/** Adds a release; the same one again changes nothing. Pure. Throws USAGE when it is not newer than what is there. */
export function withRelease(feed: Feed, release: FeedRelease): Feed {
  const { version, sequence, architecture, kernel, manifest } = release;
  if (feed.releases.some((other) => other.manifest.sha256 === manifest.sha256)) return feed;
  const others = feed.releases.filter((other) => other.architecture === architecture && other.kernel === kernel);
  const same = others.find((other) => other.version === version);
  if (same !== undefined) {
    throw new BerthError('USAGE', `${feed.channel} has another release ${version} for ${architecture} already`, {
      hint: 'what is published does not change: make a new version',
    });
  }
  const highest = Math.max(0, ...others.map((other) => other.sequence));
  if (sequence <= highest) {
    throw new BerthError('USAGE', `release ${version} has sequence ${sequence}, ${feed.channel} is at ${highest}`, {
      hint: 'hosts never go to a lower sequence: build it again with a higher one',
    });
  }
  const newest = others.toSorted((a, b) => compareVersions(b.version, a.version)).at(0);
  if (newest !== undefined && compareVersions(version, newest.version) <= 0) {
    throw new BerthError('USAGE', `release ${version} is not newer than ${newest.version}, which ${feed.channel} has`, {
      hint: 'boot loaders take the newest version, whatever its sequence: give it a higher one',
    });
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

/** What can be said of a release after it was published. */
export type Mark =
  | { readonly kind: 'paused' | 'revoked' | 'deadEnd'; readonly reason: string }
  | { readonly kind: 'resumed' }
  | { readonly kind: 'urgent' };

/** Says it of all releases of a version. Pure. Throws NOT_FOUND, USAGE. */
export function withMark(feed: Feed, version: string, mark: Mark): Feed {
  const marked = new Set(releasesOf(feed, version));
  const releases = feed.releases.map((release) => (marked.has(release) ? markRelease(release, mark) : release));
  return { ...feed, releases };
}

function markRelease(release: FeedRelease, mark: Mark): FeedRelease {
  if (mark.kind === 'urgent') return { ...release, urgent: true };
  if (mark.kind !== 'resumed') return { ...release, [mark.kind]: mark.reason };
  if (release.revoked !== undefined) {
    throw new BerthError('USAGE', `${release.version} was revoked: ${release.revoked}`, {
      hint: 'hosts have dropped it: publish a new version',
    });
  }
  return { ...release, paused: undefined };
}
