import { isBerthError } from '../core/errors.ts';
import type { Datasource } from './datasource.ts';
import type { HostFacts } from './host-facts.ts';
import type { SeedDocuments } from './seed-documents.ts';
import type { SeedPorts } from './seed-ports.ts';

export interface Probed {
  readonly datasource: Datasource;
  readonly documents: SeedDocuments;
}

/** How long a machine of unknown origin looks for a metadata service, its network's coming up included. */
const probeMs = 20_000;

/**
 * The first of these clouds that answers as it does, and says which machine this is; undefined when none does in time. All are
 * asked at the same time, again and again. Rejects when aborted, or for a fault of ours.
 */
export async function probe(
  among: readonly Datasource[],
  facts: HostFacts,
  { network, metadata }: Pick<SeedPorts, 'network' | 'metadata'>,
  signal: AbortSignal,
  limitMs = probeMs,
): Promise<Probed | undefined> {
  const late = metadata.limit(limitMs);
  const over = new AbortController();
  const until = AbortSignal.any([signal, late, over.signal]);
  network(undefined, until).catch(() => undefined);
  try {
    return await Promise.any(among.map((datasource) => ask(datasource, facts, metadata, until)));
  } catch (error) {
    signal.throwIfAborted();
    const faults = (error as AggregateError).errors as unknown[];
    const fault = faults.find((one) => one !== late.reason);
    if (fault !== undefined) throw fault as Error;
    return undefined;
  } finally {
    over.abort();
  }
}

/** Asks until there is an answer that reads well. */
async function ask(
  datasource: Datasource,
  facts: HostFacts,
  metadata: SeedPorts['metadata'],
  signal: AbortSignal,
): Promise<Probed> {
  for (;;) {
    const documents = await datasource.cloud?.probe(metadata, signal).catch((error: unknown) => {
      signal.throwIfAborted();
      // Refusals, too: whoever that was, it was not this cloud.
      if (!isBerthError(error)) throw error;
    });
    if (documents !== undefined && datasource.parse(documents, facts).instanceId !== undefined)
      return { datasource, documents };
    await metadata.pause(1, undefined, signal);
  }
}
