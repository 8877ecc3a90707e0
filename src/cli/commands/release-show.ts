import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BerthError, isBerthError } from '../../core/errors.ts';
import { readImageList } from '../../update/bundle/read-image-list.ts';
import { readFeed, readRelease } from '../../update/feed/channel.ts';
import { type Choice, chooseRelease, type UpdatingHost } from '../../update/feed/choose-release.ts';
import type { Feed, FeedRelease } from '../../update/feed/feed.ts';
import { shareAt } from '../../update/feed/rollout.ts';
import { whyNotText } from '../../update/feed/why-not-text.ts';
import { isRoleName } from '../../update/repository/role-names.ts';
import { isOver } from '../../update/tuf/expiry.ts';
import { maxRootBytes } from '../../update/tuf/limits.ts';
import { MetadataStore } from '../../update/tuf/metadata-store.ts';
import { openSource, placeOf } from '../../update/tuf/open-source.ts';
import type { Source } from '../../update/tuf/source.ts';
import { type Expiry, TufClient } from '../../update/tuf/tuf-client.ts';
import { readRoot } from '../baked-trust.ts';
import type { Cli, Command } from '../context.ts';
import { table } from '../text.ts';
import { machineOf } from './image.ts';
import { type ExpiryWarning, expiryWarnings, warnOfExpiry } from './release-expiry.ts';

interface Shown {
  readonly expiries: readonly Expiry[];
  readonly expiringSoon: readonly ExpiryWarning[];
  readonly channels: readonly ShownChannel[];
}

interface ShownChannel {
  readonly feed: Feed;
  /** What the host is offered; of a channel that has expired, nothing. */
  readonly choice?: Choice | undefined;
  /** Why no host takes anything of it. */
  readonly expired?: Expiry | undefined;
  /** Versions that a bundle does not have the files of. */
  readonly notBundled: readonly string[];
  /** Names of the service images in a bundle. */
  readonly images: readonly string[];
}

/** `berth release show`: a repository as a host sees it. Exit code 1 when a host would refuse it. */
export const run: Command = async (cli, [location = '']) => {
  const { context, flags } = cli;
  const store = await mkdtemp(join(tmpdir(), 'berth-show-'));
  try {
    const metadata = openSource(location, 'metadata', context.cwd);
    const { kind } = placeOf(location, context.cwd);
    const isBundle = kind === 'bundle';
    const client = new TufClient({
      metadata,
      targets: openSource(location, 'targets', context.cwd),
      store: new MetadataStore(store),
      shippedRoot: await firstRoot(cli, location, async () =>
        metadata.read(['1.root.json'], maxRootBytes, context.signal),
      ),
      // Nothing has expired by this clock: what has by ours is marked, and does not hide the rest.
      now: () => 0,
      builtMs: 0,
    });
    const looked = await look(client, metadata, cli, isBundle);
    const repository = kind === 'directory' ? location : 'REPOSITORY';
    const warnings = expiryWarnings(cli, looked.expiries, repository, context.clock.now());
    const shown: Shown = { ...looked, expiringSoon: warnings };
    if (flags.json === true) cli.printJson(shown);
    else print(cli, shown);
    warnOfExpiry(cli, warnings, repository, isBundle ? `, then "${context.program} release bundle" again` : '');
    return warnings.some(({ expired }) => expired) ? 1 : 0;
  } finally {
    await rm(store, { recursive: true });
  }
};

async function look(
  client: TufClient,
  metadata: Source,
  cli: Cli,
  isBundle: boolean,
): Promise<Omit<Shown, 'expiringSoon'>> {
  const { signal, clock } = cli.context;
  await client.refresh(signal);
  const host = hostOf(cli);
  const channels: ShownChannel[] = [];
  for (const name of cli.flags.channel === undefined ? client.delegated : [cli.flags.channel]) {
    const mayLack = isBundle && cli.flags.channel === undefined;
    const feed = await unlessLeftOut(mayLack, readFeed(client, name, signal));
    if (feed === undefined) continue;
    const notBundled: string[] = [];
    for (const release of feed.releases) {
      const manifest = await unlessLeftOut(isBundle, readRelease(client, name, release, signal));
      if (manifest === undefined) notBundled.push(release.version);
    }
    const expired = expiredFor(name, client.expiries, clock.now());
    const choice =
      host === undefined || expired !== undefined ? undefined : chooseRelease(feed, withRootHash(host, feed));
    const images = isBundle ? await readImageList(metadata, client, name, signal) : [];
    channels.push({ feed, notBundled, images: images.flatMap(({ references }) => references), choice, expired });
  }
  return { expiries: client.expiries, channels };
}

/** What of all that vouches for a channel has expired, if something has. */
function expiredFor(channel: string, expiries: readonly Expiry[], nowMs: number): Expiry | undefined {
  return expiries.find((expiry) => (isRoleName(expiry.role) || expiry.role === channel) && isOver(expiry, nowMs));
}

/** A bundle has one channel, and one release: what is missing of the others is undefined. */
async function unlessLeftOut<Value>(isBundle: boolean, reading: Promise<Value>): Promise<Value | undefined> {
  return reading.catch((error: unknown) => {
    if (isBundle && isBerthError(error, 'RELEASE_REFUSED') && error.details['refusal'] === 'missing') return undefined;
    throw error;
  });
}

async function firstRoot(
  { context, flags }: Cli,
  location: string,
  ask: () => Promise<Uint8Array | undefined>,
): Promise<Uint8Array> {
  if (flags.root !== undefined) return readRoot(flags.root, '--root', context);
  const root = await ask();
  if (root !== undefined) return root;
  throw new BerthError('NOT_FOUND', `${location} has no metadata/1.root.json`, {
    hint: 'a repository is the folder that holds metadata/ and targets/, where it is served, or a bundle of one',
  });
}

function hostOf(cli: Cli): UpdatingHost | undefined {
  const { hostId, version } = cli.flags;
  if (hostId === undefined && version === undefined) return undefined;
  if (hostId === undefined || version === undefined) {
    throw new BerthError('USAGE', '--host-id and --version go together: who it is, and what it runs');
  }
  return { id: hostId, version, rootHash: '', ...machineOf(cli.flags), nowMs: cli.context.clock.now() };
}

function withRootHash(host: UpdatingHost, { releases }: Feed): UpdatingHost {
  const { version, architecture, kernel } = host;
  const same = releases.find(
    (one) => one.version === version && one.architecture === architecture && one.kernel === kernel,
  );
  return same === undefined ? host : { ...host, rootHash: same.rootHash };
}

function print(cli: Cli, { expiries, expiringSoon: soon, channels }: Shown): void {
  const { style, context } = cli;
  const hostIsAsked = cli.flags.hostId !== undefined;
  const rows = channels.flatMap(({ feed, notBundled, expired }) =>
    feed.releases.map((release) => [
      feed.channel,
      release.version,
      String(release.sequence),
      `${release.architecture} ${release.kernel}`,
      (expired === undefined ? stateOf(release, context.clock.now()) : `to nobody: ${expired.role} expired`) +
        (notBundled.includes(release.version) ? ', not in this file' : ''),
    ]),
  );
  cli.print(
    rows.length === 0 ? 'There are no releases.' : table(['CHANNEL', 'RELEASE', 'SEQUENCE', 'FOR', 'OFFERED'], rows),
  );
  for (const { feed, images } of channels)
    if (images.length > 0) cli.print(`\n${feed.channel}: with the service images ${images.join(', ')}`);
  for (const { feed, choice, expired } of channels) {
    if (expired !== undefined && hostIsAsked)
      cli.print(`\n${feed.channel}: the host is offered nothing: ${expired.role} expired at ${expired.expires}`);
    if (choice === undefined) continue;
    const what =
      choice.choice.kind === 'release' ? choice.choice.release.version : `nothing: ${whyNotText(choice.choice.why)}`;
    cli.print(`\n${feed.channel}: the host is offered ${what}`);
    if (choice.running?.revoked !== undefined)
      cli.print(style.warn(`${choice.running.version}, which it runs, was revoked: ${choice.running.revoked}`));
  }
  const expiring = expiries.map(({ role, expires }) => {
    const warning = soon.find((one) => one.role === role);
    if (warning === undefined) return [role, expires];
    return [role, warning.expired ? style.bad(`${expires} (expired)`) : style.warn(`${expires} (soon)`)];
  });
  cli.print(`\n${table(['METADATA', 'EXPIRES'], expiring)}`);
}

function stateOf(release: FeedRelease, nowMs: number): string {
  const { revoked, paused, deadEnd, barrier, urgent, rollout } = release;
  if (revoked !== undefined) return `revoked: ${revoked}`;
  if (paused !== undefined) return `paused: ${paused}`;
  const share = urgent === true ? 1 : shareAt(rollout, nowMs);
  const marks = [barrier === true ? 'barrier' : '', deadEnd === undefined ? '' : `dead end: ${deadEnd}`].filter(
    Boolean,
  );
  return [`${(share * 100).toFixed(1)} %`, ...marks].join(', ');
}
