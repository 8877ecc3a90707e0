import { readFile } from 'node:fs/promises';
import type { HostConfig } from '../config/host-config.ts';
import { BerthError } from '../core/errors.ts';
import { isMissing } from '../engine/durable-file.ts';
import type { UpdatePolicy } from '../update/machine/update-keeper.ts';
import { imageDirectories } from './image-directories.ts';

/** Where releases come from as the image has it, when no config says anything else. */
export interface ShippedFeed {
  readonly feed?: string;
  readonly channel?: string;
}

/** Reads it from the verified image; most have none. */
export async function readShippedFeed(): Promise<ShippedFeed> {
  try {
    return JSON.parse(await readFile(imageDirectories.updateFeed, 'utf8')) as ShippedFeed;
  } catch (error) {
    if (isMissing(error)) return {};
    throw error;
  }
}

/** Where trust begins: what is declared, else what the verified image has. Throws CONFIG_INVALID when there is neither. */
export async function readRoot({ update }: HostConfig): Promise<Uint8Array> {
  if (update.root !== undefined) return Buffer.from(update.root);
  try {
    return await readFile(imageDirectories.updateRoot);
  } catch (error) {
    if (!isMissing(error)) throw error;
    throw new BerthError('CONFIG_INVALID', 'this host trusts no release repository', {
      cause: error,
      hint: 'declare berth.update.root, or build the image with --update-root',
    });
  }
}

/** What is declared of looking for releases. Pure. */
export function policyOf({ update }: HostConfig, shipped: ShippedFeed): UpdatePolicy {
  const { strategy, schedule, channel } = update;
  const feed = update.feed ?? shipped.feed;
  return {
    strategy,
    // With a repository of its own, an image has a channel of its own.
    channel: update.feed === undefined ? (shipped.channel ?? channel) : channel,
    hasFeed: feed !== undefined,
    timeZone: 'UTC',
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
