import { z } from 'zod';
import { isVersion } from '../../core/release-version.ts';
import { parseSigned } from '../signed-json.ts';

/** The newest form of `feed.json` that this program reads. */
export const feedFormat = 1;

const version = z.string().refine(isVersion, 'a version: it begins with a digit');
const digest = z.string().regex(/^[0-9a-f]{64}$/, 'a SHA-256 in lower-case hexadecimal digits');
/** Hosts refuse longer ones. */
export const maxReasonLength = 500;
/** For a person, in one line. */
const reason = z.string().min(1).max(maxReasonLength);
const share = z.number().min(0).max(1);

/** Which part of the hosts is offered a release, by the time since `start`. */
const rollout = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('all') }),
  /** From each time on this share of all hosts. */
  z.object({
    kind: z.literal('waves'),
    start: z.iso.datetime(),
    waves: z
      .array(z.object({ afterMinutes: z.number().nonnegative(), share }))
      .min(1)
      .readonly(),
  }),
  /** From `share` to all of them, evenly over that time. */
  z.object({ kind: z.literal('ramp'), start: z.iso.datetime(), share, minutes: z.number().positive() }),
]);

const release = z.object({
  version,
  sequence: z.int().positive(),
  architecture: z.enum(['amd64', 'arm64']),
  kernel: z.string(),
  /** By it a host knows which release it runs. */
  rootHash: digest,
  /** `release.json`, below the channel. Its digest is the release's. */
  manifest: z.object({ name: z.string().regex(/^\w[\w.+~^-]{0,127}$/), sha256: digest, bytes: z.int().positive() }),
  rollout,
  /** Hosts take this one before any later one. */
  barrier: z.literal(true).optional(),
  minimumVersion: version.optional(),
  /** No host is led here, and none away from here. */
  deadEnd: reason.optional(),
  /** Not offered to further hosts, for the time being. */
  paused: reason.optional(),
  /** Not offered any more; what is staged is dropped. */
  revoked: reason.optional(),
  /** To all hosts at once, whatever the rollout says. */
  urgent: z.literal(true).optional(),
});

const feedSchema = z.object({
  format: z.literal(feedFormat),
  product: z.literal('berth'),
  channel: z.string(),
  releases: z.array(release),
});

/** What a channel offers to whom: `CHANNEL/feed.json`. Evaluated by each host, so a server of static files will do. */
export type Feed = z.infer<typeof feedSchema>;
export type FeedRelease = Feed['releases'][number];
export type Rollout = FeedRelease['rollout'];

/** Reads `feed.json`. Pure. Throws RELEASE_REFUSED with every problem, UNSUPPORTED when it is of a newer format. */
export function parseFeed(content: Uint8Array): Feed {
  return parseSigned(content, 'feed.json', feedSchema, feedFormat);
}

/** An offer of nothing. */
export function emptyFeed(channel: string): Feed {
  return { format: feedFormat, product: 'berth', channel, releases: [] };
}
