import { BerthError, messageOf } from '../../core/errors.ts';
import { emptyFeed, type Feed, parseFeed } from '../feed/feed.ts';
import { expiryOf, specVersion, type TargetDocument, type TargetsDocument } from './documents.ts';
import type { Repository } from './repository.ts';

/** A document that is to be a target, with its name below the channel. */
export interface NewTarget {
  readonly name: string;
  readonly content: Uint8Array;
}

/** The feed of a channel as it is or is to be published. Throws NOT_FOUND when there is no such channel, USAGE for another role. */
export async function currentFeed(repository: Repository, channel: string): Promise<Feed> {
  repository.requireChannel(channel);
  const content = await repository.readTarget(channel, `${channel}/feed.json`);
  return content === undefined ? emptyFeed(channel) : parseFeed(content);
}

/**
 * Stages a channel with another feed; one that is the same stages nothing. @returns the repository with it. Throws as
 * {@link serializeFeed} and {@link currentFeed} do, before anything is written.
 */
export async function stageFeed(
  repository: Repository,
  feed: Feed,
  nowMs: number,
  newTargets: readonly NewTarget[] = [],
): Promise<Repository> {
  const { channel } = feed;
  repository.requireChannel(channel);
  const before = repository.newestTargets(channel);
  const isFirst = before?.targets[`${channel}/feed.json`] === undefined;
  const content = serializeFeed(feed);
  if (!isFirst && content === serializeFeed(await currentFeed(repository, channel))) return repository;
  const targets: Record<string, TargetDocument> = { ...before?.targets };
  const documents = [...newTargets, { name: 'feed.json', content: Buffer.from(content) }];
  for (const { name, content } of documents) {
    const path = `${channel}/${name}`;
    targets[path] = await repository.writeTarget(path, content);
  }
  return stageTargets(repository, channel, targets, nowMs);
}

/** The text of a feed. Pure. Throws USAGE when hosts would refuse it. */
export function serializeFeed(feed: Feed): string {
  const content = `${JSON.stringify(feed, null, 1)}\n`;
  try {
    parseFeed(Buffer.from(content));
  } catch (cause) {
    throw new BerthError('USAGE', `hosts would refuse what ${feed.channel} is to offer: ${messageOf(cause)}`, {
      cause,
    });
  }
  return content;
}

/** Stages a next version of a channel with these targets. */
export async function stageTargets(
  repository: Repository,
  channel: string,
  targets: Readonly<Record<string, TargetDocument>>,
  nowMs: number,
): Promise<Repository> {
  const version = repository.nextVersion(channel);
  const expires = expiryOf(channel, nowMs);
  const signed: TargetsDocument = { _type: 'targets', spec_version: specVersion, version, expires, targets };
  return repository.stage(new Map([[channel, { signatures: [], signed }]]));
}
