import type { Clock } from '../core/clock.ts';
import { BerthError } from '../core/errors.ts';
import { HttpFetcher } from '../datasource/http-fetcher.ts';
import { hostObjectStores } from '../datasource/objects/host-object-stores.ts';
import { SourceFetcher } from '../datasource/objects/source-fetcher.ts';
import { ignitionNeedsNetwork, resolveIgnition } from '../datasource/resolve-ignition.ts';
import type { ConfigText } from './agent-service.ts';

export interface CompleteOptions {
  readonly clock: Clock;
  readonly random: () => number;
  /** Somebody waits for the answer. */
  readonly patienceMs?: number;
}

/**
 * Config files with the configs and certificates in them that they refer to on servers, as at a boot. Throws CONFIG_INVALID when
 * one is not what was meant, DATASOURCE_UNREADABLE when a server refuses, DATASOURCE_UNREACHABLE when none answers in time.
 */
export async function completeTexts(
  files: readonly ConfigText[],
  { clock, random, patienceMs = 60_000 }: CompleteOptions,
  signal: AbortSignal,
): Promise<readonly ConfigText[]> {
  if (!files.some(({ text }) => ignitionNeedsNetwork(text))) return files;
  let trouble = 'no answer';
  const http = new HttpFetcher({ clock, random, onRetry: ({ error }) => (trouble = error) });
  const fetcher = new SourceFetcher(http, hostObjectStores(clock, random));
  const until = AbortSignal.any([signal, AbortSignal.timeout(patienceMs)]);
  return await Promise.all(
    files.map(async (file) => {
      const text = await resolveIgnition(file.text, fetcher, until).catch((cause: unknown) => {
        signal.throwIfAborted();
        if (!until.aborted) throw cause;
        const message = `what ${file.file} refers to cannot be had: ${trouble}; nothing was changed`;
        throw new BerthError('DATASOURCE_UNREACHABLE', message, { cause, retryable: true });
      });
      return { ...file, text };
    }),
  );
}
