import type { CarriedImage } from '../bundle/image-list.ts';
import type { Feed, FeedRelease } from '../feed/feed.ts';
import type { ReleaseManifest } from '../release-manifest.ts';
import type { ArtifactSource } from '../transfer/source.ts';
import type { Expiry } from '../tuf/tuf-client.ts';

/** Where releases come from; nothing of it is believed that is not signed. */
export interface ReleaseSource {
  /** Brings the metadata up to date. Throws RELEASE_REFUSED, RELEASE_UNREACHABLE, NOT_FOUND when it has no such channel. */
  look(signal: AbortSignal): Promise<{ readonly feed: Feed; readonly expiries: readonly Expiry[] }>;
  /** What a release of the feed consists of. Throws RELEASE_REFUSED, RELEASE_UNREACHABLE. */
  manifest(release: FeedRelease, signal: AbortSignal): Promise<ReleaseManifest>;
  /** Service images that came along; a server has none. After {@link look}. Throws RELEASE_REFUSED, RELEASE_UNREACHABLE. */
  images(signal: AbortSignal): Promise<readonly CarriedImage[]>;
  readonly artifacts: ArtifactSource;
  /** Ends its connections. */
  close(): void;
}
