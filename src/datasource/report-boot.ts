import { isBerthError, messageOf } from '../core/errors.ts';
import type { BootOutcome, Datasource, DatasourceId } from './datasource.ts';
import type { MetadataServices } from './seed-ports.ts';
import { datasources } from './table.ts';

/** About five minutes. */
const mostTries = 12;

/**
 * Tells the platform that gave the config how the boot ended, if it wants to know. Undefined when it was told or does not;
 * else why it could not be. Rejects when aborted, or for a fault of ours.
 */
export async function reportBoot(
  id: DatasourceId,
  outcome: BootOutcome,
  metadata: MetadataServices,
  signal: AbortSignal,
  table: readonly Datasource[] = datasources,
): Promise<string | undefined> {
  const report = table.find((row) => row.id === id)?.cloud?.report;
  for (let failures = 1; report !== undefined; failures += 1) {
    try {
      await report(outcome, metadata, signal);
      return undefined;
    } catch (error) {
      signal.throwIfAborted();
      if (!isBerthError(error)) throw error;
      if (!error.retryable || failures >= mostTries) return messageOf(error);
      await metadata.pause(failures, undefined, signal);
    }
  }
  return undefined;
}
