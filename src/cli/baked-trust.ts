import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { emptyHostConfig } from '../config/host-config.ts';
import { BerthError, messageOf } from '../core/errors.ts';
import type { BakedFeed, BakedTrust } from '../update/baked-trust.ts';
import { requireChannelName } from '../update/repository/role-names.ts';
import type { Cli } from './context.ts';
import { explainFileError } from './files.ts';

/**
 * The release repository that an image is to trust, as `--update-root`, `--update-feed` and `--update-channel` say; undefined
 * when none was given. Throws USAGE, CONFIG_UNREADABLE, RELEASE_REFUSED when no host would take the root.
 */
export async function bakedTrustOf({
  context,
  flags,
}: Pick<Cli, 'context' | 'flags'>): Promise<BakedTrust | undefined> {
  const { updateRoot, updateFeed, updateChannel } = flags;
  if (updateRoot === undefined) {
    if (updateFeed === undefined && updateChannel === undefined) return undefined;
    throw new BerthError(
      'USAGE',
      '--update-feed and --update-channel want --update-root: whose signatures count there',
    );
  }
  const bytes = await readRoot(updateRoot, '--update-root', context);
  const feed = bakedFeed(updateFeed, updateChannel);
  return { root: bytes.toString(), ...(feed === undefined ? {} : { feed }) };
}

/** A root that hosts begin to trust with, of the file that `option` names. Throws CONFIG_UNREADABLE, RELEASE_REFUSED. */
export async function readRoot(
  file: string,
  option: string,
  { cwd, clock }: Pick<Cli['context'], 'cwd' | 'clock'>,
): Promise<Buffer> {
  const hint = 'it is metadata/N.root.json of a release repository';
  const bytes = await readFile(resolve(cwd, file)).catch((cause: unknown) => {
    throw new BerthError('CONFIG_UNREADABLE', `cannot read ${file}: ${explainFileError(cause)}`, { cause, hint });
  });
  const { TrustedMetadata } = await import('../update/tuf/trusted-metadata.ts');
  try {
    new TrustedMetadata(bytes, clock.now());
  } catch (cause) {
    throw new BerthError('RELEASE_REFUSED', `${option} ${file}: ${messageOf(cause)}`, { cause, hint });
  }
  return bytes;
}

function bakedFeed(feed: string | undefined, asked: string | undefined): BakedFeed | undefined {
  if (feed === undefined) {
    if (asked === undefined) return undefined;
    throw new BerthError('USAGE', '--update-channel wants --update-feed: a channel of which repository');
  }
  const channel = asked ?? emptyHostConfig.update.channel;
  if (!URL.canParse(feed) || !/^https?:\/\//i.test(feed))
    throw new BerthError('USAGE', `--update-feed ${feed}: it is an http or https URL`);
  return { feed, channel: requireChannelName(channel, '--update-channel') };
}
