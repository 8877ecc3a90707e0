import { createHash } from 'node:crypto';
import type { UpdatingHost } from '../../../../src/update/feed/choose-release.ts';
import { type Feed, type FeedRelease, parseFeed } from '../../../../src/update/feed/feed.ts';

export const noon = Date.parse('2026-05-01T12:00:00Z');
export const hash = (text: string): string => createHash('sha256').update(text).digest('hex');

/** A release whose sequence is its place in the feed. */
export function feedOf(...releases: readonly (Partial<FeedRelease> & { readonly version: string })[]): Feed {
  const document = {
    format: 1,
    product: 'berth',
    channel: 'stable',
    releases: releases.map((release, index) => ({
      sequence: index + 1,
      architecture: 'amd64',
      kernel: 'cloud',
      rootHash: hash(`root of ${release.version}`),
      manifest: { name: `${release.version}.json`, sha256: hash(release.version), bytes: 1000 },
      rollout: { kind: 'all' },
      ...release,
    })),
  };
  return parseFeed(Buffer.from(JSON.stringify(document)));
}

/** A host that runs a release of {@link feedOf}. */
export function hostOf(version: string, more: Partial<UpdatingHost> = {}): UpdatingHost {
  return {
    id: 'host-1',
    version,
    rootHash: hash(`root of ${version}`),
    architecture: 'amd64',
    kernel: 'cloud',
    nowMs: noon,
    ...more,
  };
}
