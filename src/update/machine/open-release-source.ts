import type { Clock } from '../../core/clock.ts';
import { BerthError } from '../../core/errors.ts';
import { isPresent } from '../../engine/durable-file.ts';
import { readImageList } from '../bundle/read-image-list.ts';
import { readFeed, readRelease } from '../feed/channel.ts';
import { keptConnections, type ProxySettings } from '../transfer/http-agents.ts';
import { openArtifacts } from '../transfer/open-artifacts.ts';
import type { KeptAnswers } from '../tuf/kept-answers.ts';
import { MetadataStore } from '../tuf/metadata-store.ts';
import { openSource, placeOf } from '../tuf/open-source.ts';
import { TufClient } from '../tuf/tuf-client.ts';
import type { ReleaseSource } from './release-source.ts';

export interface ReleaseSourceOptions {
  /** URL or path of a repository. */
  readonly location: string;
  readonly channel: string;
  /** `root.json`: where trust begins. */
  readonly root: Uint8Array;
  /** Where the metadata is kept: what a host has seen, it does not forget. */
  readonly storeDirectory: string;
  readonly proxy: ProxySettings;
  /** What servers answered in earlier looks; absent: nothing is known of them. */
  readonly answers?: KeptAnswers;
  /** Of the image's build: milliseconds since the epoch. */
  readonly builtMs: number;
  readonly clock: Clock;
  /** In [0, 1). */
  readonly random: () => number;
}

/** Opens a release repository; nothing is asked yet. */
export function openReleaseSource(options: ReleaseSourceOptions): ReleaseSource {
  const { location, channel, root, storeDirectory, proxy, answers, builtMs, clock, random } = options;
  const agents = keptConnections(proxy);
  const metadata = openSource(location, 'metadata', '/', agents, answers);
  const client = new TufClient({
    metadata,
    targets: openSource(location, 'targets', '/', agents, answers),
    store: new MetadataStore(storeDirectory),
    shippedRoot: root,
    now: () => clock.now(),
    builtMs,
  });
  return {
    async look(signal) {
      await requirePlace(location);
      await client.refresh(signal);
      const feed = await readFeed(client, channel, signal);
      // The channel's own, too.
      return { feed, expiries: client.expiries };
    },
    manifest: async (release, signal) => readRelease(client, channel, release, signal),
    async images(signal) {
      // A server is asked for what the specification has, and nothing else.
      return placeOf(location, '/').kind === 'server' ? [] : readImageList(metadata, client, channel, signal);
    },
    artifacts: openArtifacts(location, '/', { agents, clock, random }),
    close() {
      agents['http:'].destroy();
      agents['https:'].destroy();
    },
  };
}

/** Throws RELEASE_UNREACHABLE when a path leads nowhere: that is no repository which lacks its files. */
async function requirePlace(location: string): Promise<void> {
  const place = placeOf(location, '/');
  if (place.kind !== 'directory' || (await isPresent(place.path))) return;
  throw new BerthError('RELEASE_UNREACHABLE', `${location} is not there`, {
    retryable: true,
    hint: 'a path is one of the host itself; of what people see there over SSH, homes and /mnt are, /tmp is not',
  });
}
