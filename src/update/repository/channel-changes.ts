import { createHash } from 'node:crypto';
import { BerthError, isBerthError } from '../../core/errors.ts';
import type { Feed, FeedRelease } from '../feed/feed.ts';
import type { ReleaseManifest } from '../release-manifest.ts';
import { currentFeed, type NewTarget, serializeFeed, stageFeed } from './channel-feed.ts';
import { type Mark, type Offer, releasesOf, stoppedIn, withMark, withOffer } from './feed-edits.ts';
import { complete, nothingToDo, type Outcome, type Signing } from './publishing.ts';
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
  const name = manifestName(manifest);
  const release = feedRelease(manifest, name, content);
  const edit = (feed: Feed): Feed => withOffer(feed, release, offer);
  const feed = edit(await currentFeed(repository, channel));
  // Before gigabytes are copied for nothing.
  serializeFeed(feed);
  await copyBlobs(directory, manifest, repositoryDirectory, signing.signal);
  const edited = await stageEdited(repository, feed, edit, signing.nowMs, [{ name, content }]);
  return finish(edited.repository, edited.isOpen ? [channel] : [], [manifest.version], signing);
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
  const releases: FeedRelease[] = [];
  const targets: NewTarget[] = [];
  for (const release of releasesOf(await currentFeed(repository, from), version)) {
    const { revoked, paused, manifest } = release;
    const stopped = revoked ?? paused;
    if (stopped !== undefined) throw stoppedIn(from, release, stopped);
    const content = await repository.readTarget(from, `${from}/${manifest.name}`);
    if (content === undefined) throw new BerthError('STORE_CORRUPT', `${from} has no ${manifest.name}`);
    targets.push({ name: manifest.name, content });
    // Rollout and urgency are the channel's; barriers and dead ends are about the release and stay with it.
    releases.push({ ...release, rollout: { kind: 'all' }, urgent: undefined });
  }
  const edit = (feed: Feed): Feed => releases.reduce((before, release) => withOffer(before, release, offer), feed);
  const feed = edit(await currentFeed(repository, to));
  const edited = await stageEdited(repository, feed, edit, signing.nowMs, targets);
  return finish(edited.repository, edited.isOpen ? [to] : [], [version], signing);
}

/** Says something of a version in one channel, or in every channel that has it: in all of them or none. Throws NOT_FOUND, USAGE. */
export async function markRelease(
  repositoryDirectory: string,
  version: string,
  channel: string | undefined,
  mark: Mark,
  signing: Signing,
): Promise<Change> {
  let repository = await Repository.open(repositoryDirectory);
  const edit = (feed: Feed): Feed => withMark(feed, version, mark);
  const feeds: Feed[] = [];
  for (const name of channel === undefined ? repository.channels : [channel]) {
    const feed = await currentFeed(repository, name);
    if (channel === undefined && !feed.releases.some((release) => release.version === version)) continue;
    const edited = edit(feed);
    serializeFeed(edited);
    feeds.push(edited);
  }
  if (feeds.length === 0) throw new BerthError('NOT_FOUND', `no channel has a release ${version}`);
  const concerned: string[] = [];
  for (const feed of feeds) {
    const edited = await stageEdited(repository, feed, edit, signing.nowMs);
    repository = edited.repository;
    if (edited.isOpen) concerned.push(feed.channel);
  }
  return finish(repository, concerned, [version], signing);
}

interface Edited {
  readonly repository: Repository;
  /** Whether the edit waits for signatures, from now on or already. */
  readonly isOpen: boolean;
}

/** Stages a channel with the feed that an edit made of its current one. */
async function stageEdited(
  repository: Repository,
  feed: Feed,
  edit: (feed: Feed) => Feed,
  nowMs: number,
  newTargets: readonly NewTarget[] = [],
): Promise<Edited> {
  const { channel } = feed;
  const edited = await stageFeed(repository, feed, nowMs, newTargets);
  const waits =
    edited.staged.has(channel) && (edited !== repository || !(await isPublished(repository, channel, edit)));
  return { repository: edited, isOpen: waits };
}

/** Whether hosts see a feed that an edit leaves as it is: what waits in the channel is another change then, and is not signed with it. */
async function isPublished(repository: Repository, channel: string, edit: (feed: Feed) => Feed): Promise<boolean> {
  const published = await currentFeed(repository.without(channel), channel);
  try {
    return JSON.stringify(edit(published)) === JSON.stringify(published);
  } catch (error) {
    // Without what waits, this edit makes no sense.
    if (isBerthError(error)) return false;
    throw error;
  }
}

async function finish(
  repository: Repository,
  concerned: readonly string[],
  releases: readonly string[],
  signing: Signing,
): Promise<Change> {
  return { outcome: concerned.length === 0 ? nothingToDo : await complete(repository, signing, concerned), releases };
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
