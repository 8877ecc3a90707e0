import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { HostConfig } from '../config/host-config.ts';
import { BerthError } from '../core/errors.ts';
import { isMissing } from '../engine/durable-file.ts';
import { type BakedFeed, trustDirectory } from '../update/baked-trust.ts';
import type { UpdatePolicy } from '../update/machine/update-keeper.ts';

/** Where releases come from as the verified image has it, when no config says anything else; most have none. */
export async function readShippedFeed(): Promise<Partial<BakedFeed>> {
  try {
    return JSON.parse(await readFile(join(trustDirectory, 'feed.json'), 'utf8')) as BakedFeed;
  } catch (error) {
    if (isMissing(error)) return {};
    throw error;
  }
}

/** Where trust begins: what is declared, else what the verified image has. Throws CONFIG_INVALID when there is neither. */
export async function readRoot({ update }: HostConfig): Promise<Uint8Array> {
  if (update.root !== undefined) return Buffer.from(update.root);
  try {
    return await readFile(join(trustDirectory, 'root.json'));
  } catch (error) {
    if (!isMissing(error)) throw error;
    throw new BerthError('CONFIG_INVALID', 'this host trusts no release repository', {
      cause: error,
      hint: 'declare berth.update.root, or build the image with --update-root',
    });
  }
}

/** What is declared of looking for releases. Pure. */
export function policyOf({ update }: HostConfig, shipped: Partial<BakedFeed>): UpdatePolicy {
  const { strategy, schedule, timezone = 'UTC', channel } = update;
  const feed = update.feed ?? shipped.feed;
  return {
    strategy,
    // With a repository of its own, an image has a channel of its own.
    channel: update.feed === undefined ? (shipped.channel ?? channel) : channel,
    hasFeed: feed !== undefined,
    timeZone: timezone,
    ...(feed === undefined ? {} : { feed }),
    ...(schedule === undefined ? {} : { schedule }),
  };
}

/** By the proxies that everything on this host uses, unless updates have one of their own. Pure. */
export function proxyOf({ update, connectivity: { proxy } }: HostConfig): Record<string, string> {
  if (update.proxy !== undefined) return { HTTP_PROXY: update.proxy, HTTPS_PROXY: update.proxy };
  const { http, https, noProxy } = proxy;
  return {
    ...(http === undefined ? {} : { HTTP_PROXY: http }),
    ...(https === undefined ? {} : { HTTPS_PROXY: https }),
    ...(noProxy.length === 0 ? {} : { NO_PROXY: noProxy.join(',') }),
  };
}
