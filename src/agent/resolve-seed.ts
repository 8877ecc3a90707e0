import { release } from 'node:os';
import type { Clock } from '../core/clock.ts';
import { BerthError } from '../core/errors.ts';
import type { DatasourceResult } from '../datasource/datasource.ts';
import { HttpFetcher } from '../datasource/http-fetcher.ts';
import { instanceDataOf } from '../datasource/instance-data.ts';
import { hostObjectStores } from '../datasource/objects/host-object-stores.ts';
import { SourceFetcher } from '../datasource/objects/source-fetcher.ts';
import { ignitionNeedsNetwork, resolveIgnition } from '../datasource/resolve-ignition.ts';
import { hasIncludes, needsNetwork, resolveUserData } from '../datasource/resolve-user-data.ts';
import type { Say } from './boot-console.ts';
import { IncludeFile } from './include-memory.ts';
import { berthVersion } from './version.ts';

export interface ResolveSeedOptions {
  readonly clock: Clock;
  readonly random: () => number;
  readonly say: Say;
  /** Remembers what `#include-once` got. */
  readonly includesFile: string;
  readonly signal: AbortSignal;
}

type Texts = Pick<DatasourceResult, 'userData' | 'vendorData'>;

function some({ userData, vendorData }: Texts, holds: (bytes: Uint8Array) => boolean): boolean {
  return [userData, vendorData].some((bytes) => bytes !== undefined && holds(bytes));
}

function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

/** True when a config names URLs that are asked again at every boot. Pure. */
export const asksAnew = (texts: Texts): boolean => some(texts, hasIncludes);

/** True when a config is not complete without the network. Pure. */
export const isOpen = (texts: Texts): boolean =>
  some(texts, (bytes) => needsNetwork(bytes) || ignitionNeedsNetwork(textOf(bytes)));

/**
 * A config with what it includes, and with its templates filled in. What cannot be reached is waited for. Throws
 * CONFIG_INVALID (details.diagnostics) when something of the user's cannot be had; of the vendor's it is left out.
 */
export async function resolveSeed(result: DatasourceResult, options: ResolveSeedOptions): Promise<DatasourceResult> {
  const { clock, random, say, includesFile, signal } = options;
  const onRetry = ({ url, error }: { url: string; error: string }): void =>
    say(`config: ${url}: ${error}; trying again`);
  const fetcher = new HttpFetcher({ clock, random, onRetry });
  const sources = new SourceFetcher(fetcher, hostObjectStores(clock, random));
  const machine = process.arch === 'arm64' ? 'aarch64' : 'x86_64';
  const ports = {
    fetch: async (url: string, until: AbortSignal) => fetcher.get(url, until),
    once: new IncludeFile(includesFile, result.instanceId),
    instanceData: instanceDataOf(result, { kernelRelease: release(), machine, version: berthVersion }),
  };
  const [user, vendor] = await Promise.all(
    (['userData', 'vendorData'] as const).map(async (name) => {
      const bytes = result[name];
      const document = `${name === 'userData' ? 'user-data' : 'vendor-data'} of ${result.origin}`;
      if (bytes === undefined) return undefined;
      const text = textOf(bytes);
      const complete = name === 'userData' ? await resolveIgnition(text, sources, signal) : text;
      return complete === text
        ? await resolveUserData(document, bytes, ports, signal)
        : { text: complete, diagnostics: [] };
    }),
  );
  const errors = (user?.diagnostics ?? []).filter(({ severity }) => severity === 'error');
  if (errors.length > 0)
    throw new BerthError('CONFIG_INVALID', `the config of ${result.origin} is not complete; nothing was changed`, {
      details: { diagnostics: errors },
    });
  const told = [...(user?.diagnostics ?? []), ...(vendor?.diagnostics ?? [])];
  const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
  return {
    ...result,
    ...(user === undefined ? {} : { userData: encode(user.text) }),
    ...(vendor === undefined ? {} : { vendorData: encode(vendor.text) }),
    diagnostics: [...result.diagnostics, ...told],
  };
}
