import type { Source } from '../tuf/source.ts';
import type { TufClient } from '../tuf/tuf-client.ts';
import { type CarriedImage, imageListName, maxImageListBytes, parseImageList } from './image-list.ts';

/**
 * The service images that came with a channel's releases, in a bundle or a directory; most have none. After the client's refresh.
 * Throws RELEASE_REFUSED, RELEASE_UNREACHABLE; rejects with the signal's reason.
 */
export async function readImageList(
  metadata: Source,
  client: Pick<TufClient, 'signersOf' | 'timestampVersion'>,
  channel: string,
  signal: AbortSignal,
): Promise<readonly CarriedImage[]> {
  const content = await metadata.read([imageListName], maxImageListBytes, signal);
  if (content === undefined) return [];
  return parseImageList(content, { signers: client.signersOf(channel), timestampVersion: client.timestampVersion });
}
