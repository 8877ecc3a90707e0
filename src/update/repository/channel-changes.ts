import { createHash } from 'node:crypto';
import { BerthError } from '../../core/errors.ts';
import type { FeedRelease } from '../feed/feed.ts';
import type { ReleaseManifest } from '../release-manifest.ts';
import { currentFeed, stageFeed } from './channel-feed.ts';
import { type Mark, type Offer, releasesOf, stoppedIn, withMark, withOffer } from './feed-edits.ts';
import { complete, type Outcome, type Signing } from './publishing.ts';
import { copyBlobs, readReleaseDirectory } from './release-directory.ts';
import { Repository } from './repository.ts';

/** What was changed, and whether hosts see it yet. */
export interface Change {
  readonly outcome: Outcome;
  /** Versions. */
  readonly releases: readonly string[];
}

/**
 * Puts a release from `directory` into a channel. The same release again changes how it is offered, if that is said. Throws NOT_FOUND, CONFIG_INVALID,
 * USAGE when it is not newer than those of the channel.
 */
export async function publishRelease(
  repositoryDirectory: string,
  directory: string,
  channel: string,
  offer: Offer,
  signing: Signing,
): Promise<Change> {
  const repository = await Repository.open(repositoryDirectory);
  const { manifest, content } = await readReleaseDirectory(directory);
  const before = await currentFeed(repository, channel);
  const name = manifestName(manifest);
  const feed = withOffer(before, feedRelease(manifest, name, content), offer);
  await copyBlobs(directory, manifest, repositoryDirectory);
  const staged = await stageFeed(repository, feed, signing.nowMs, [{ name, content }]);
  return finish(repository, staged, [channel], [manifest.version], signing);
}

/** Puts a release of one channel into another, as it is. Throws NOT_FOUND, USAGE when it was revoked or is paused. */
export async function promoteRelease(
  repositoryDirectory: string,
  version: string,
  from: string,
  to: string,
  offer: Offer,
  signing: Signing,
): Promise<Change> {
  const repository = await Repository.open(repositoryDirectory);
  let feed = await currentFeed(repository, to);
  const targets = [];
  for (const release of releasesOf(await currentFeed(repository, from), version)) {
    const { revoked, paused, manifest } = release;
    const stopped = revoked ?? paused;
    if (stopped !== undefined) throw stoppedIn(from, release, stopped);
    const content = await repository.readTarget(from, `${from}/${manifest.name}`);
    if (content === undefined) throw new BerthError('STORE_CORRUPT', `${from} has no ${manifest.name}`);
    targets.push({ name: manifest.name, content });
    // Rollout and urgency are the channel's; barriers and dead ends are about the release and stay with it.
    feed = withOffer(feed, { ...release, rollout: { kind: 'all' }, urgent: undefined }, offer);
  }
  return finish(repository, await stageFeed(repository, feed, signing.nowMs, targets), [to], [version], signing);
}

/** Says something of a version in one channel, or in every channel that has it. Throws NOT_FOUND. */
export async function markRelease(
  repositoryDirectory: string,
  version: string,
  channel: string | undefined,
  mark: Mark,
  signing: Signing,
): Promise<Change> {
  const repository = await Repository.open(repositoryDirectory);
  let staged = repository;
  const changed: string[] = [];
  for (const name of channel === undefined ? repository.channels : [channel]) {
    const feed = await currentFeed(staged, name);
    if (channel === undefined && !feed.releases.some((release) => release.version === version)) continue;
    changed.push(name);
    staged = await stageFeed(staged, withMark(feed, version, mark), signing.nowMs);
  }
  if (changed.length === 0) throw new BerthError('NOT_FOUND', `no channel has a release ${version}`);
  return finish(repository, staged, changed, [version], signing);
}

/** A channel that is staged neither now nor before is as it was to be already. */
async function finish(
  before: Repository,
  staged: Repository,
  channels: readonly string[],
  releases: readonly string[],
  signing: Signing,
): Promise<Change> {
  const concerned = channels.filter((channel) => staged.staged.has(channel));
  if (staged === before && concerned.length === 0)
    return { outcome: { kind: 'published', versions: {}, missing: [], unfit: [] }, releases };
  return { outcome: await complete(staged, signing, concerned), releases };
}

function manifestName({ version, architecture, kernel }: ReleaseManifest): string {
  return `${version}-${architecture}-${kernel}.json`;
}

function feedRelease(manifest: ReleaseManifest, name: string, content: Uint8Array): FeedRelease {
  const { version, sequence, architecture, kernel, minimumVersion, usr } = manifest;
  const sha256 = createHash('sha256').update(content).digest('hex');
  return {
    version,
    sequence,
    architecture,
    kernel,
    rootHash: usr.rootHash,
    manifest: { name, sha256, bytes: content.length },
    rollout: { kind: 'all' },
    ...(minimumVersion === undefined ? {} : { minimumVersion }),
  };
}
