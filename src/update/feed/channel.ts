import { BerthError } from '../../core/errors.ts';
import { parseReleaseManifest, type ReleaseManifest } from '../release-manifest.ts';
import { refuse } from '../tuf/refusal.ts';
import type { TrustedTarget } from '../tuf/target.ts';
import type { TufClient } from '../tuf/tuf-client.ts';
import { type Feed, type FeedRelease, parseFeed } from './feed.ts';

type Lookup = Pick<TufClient, 'find' | 'read' | 'delegated'>;

/** Bytes of a feed or a manifest: what is longer is no work of ours. */
const maxDocumentBytes = 2 ** 20;

/** Reads what a channel offers. After the client's refresh. Throws NOT_FOUND when there is no such channel, RELEASE_REFUSED. */
export async function readFeed(client: Lookup, channel: string, signal: AbortSignal): Promise<Feed> {
  const target = await client.find(`${channel}/feed.json`, signal);
  if (target === undefined)
    throw new BerthError('NOT_FOUND', `the repository has no channel ${channel}`, {
      hint: `its channels: ${client.delegated.join(', ')}`,
    });
  const feed = parseFeed(await readDocument(client, target, signal));
  // Signed for another channel, it would be moved here.
  if (feed.channel !== channel) throw refuse('mix-and-match', target.path, `it is the feed of ${feed.channel}`);
  return feed;
}

/** Reads what a release of a channel consists of. Throws RELEASE_REFUSED when it is not what the feed says. */
export async function readRelease(
  client: Lookup,
  channel: string,
  { version, sequence, rootHash, manifest }: FeedRelease,
  signal: AbortSignal,
): Promise<ReleaseManifest> {
  const path = `${channel}/${manifest.name}`;
  const target = await client.find(path, signal);
  if (target === undefined) throw refuse('missing', path, 'nobody vouches for it');
  if (target.hashes['sha256'] !== manifest.sha256) throw refuse('mix-and-match', path, 'it is not the one in the feed');
  const release = parseReleaseManifest(await readDocument(client, target, signal));
  if (release.version !== version || release.sequence !== sequence || release.usr.rootHash !== rootHash)
    throw refuse('mix-and-match', path, `it is release ${release.version}, the feed has ${version}`);
  return release;
}

async function readDocument(client: Lookup, target: TrustedTarget, signal: AbortSignal): Promise<Uint8Array> {
  if (target.bytes > maxDocumentBytes) throw refuse('oversized', target.path, `it has ${target.bytes} bytes`);
  return client.read(target, signal);
}
