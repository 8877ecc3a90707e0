import type { Diagnostic } from '../core/diagnostic.ts';
import { BerthError, isBerthError } from '../core/errors.ts';
import type { Datasource, DatasourceId, DatasourceResult } from './datasource.ts';
import type { HostFacts } from './host-facts.ts';
import { probe } from './probe.ts';
import { readSeed, type SeedReading } from './read-seed.ts';
import type { SeedPorts } from './seed-ports.ts';
import { seedProblem } from './seed-problem.ts';
import { selectDatasource } from './table.ts';

export type SeedOutcome =
  | { readonly kind: 'found'; readonly result: DatasourceResult }
  /** Nothing gives this host a config. */
  | { readonly kind: 'none'; readonly why: string }
  /** Something should, and cannot be read: another datasource is not taken in its place, since that could undo its config. */
  | { readonly kind: 'failed'; readonly id: DatasourceId | undefined; readonly diagnostics: readonly Diagnostic[] };

/**
 * Selects the datasource, gets its documents, and reads them. Rejects only when aborted, or for a fault of ours.
 * @param probeMs how long a machine of unknown origin looks for a metadata service.
 */
export async function findSeed(
  facts: HostFacts,
  ports: SeedPorts,
  signal: AbortSignal,
  probeMs?: number,
): Promise<SeedOutcome> {
  const selection = selectDatasource(facts);
  if (selection.kind === 'none') return selection;
  if (selection.kind === 'unknown') {
    const message = `berth.datasource=${selection.name} names no datasource`;
    const hint = `one of ${selection.known.join(', ')}, none`;
    return {
      kind: 'failed',
      id: undefined,
      diagnostics: [seedProblem('kernel command line', 'error', 'unknown-datasource', message, hint)],
    };
  }
  if (selection.kind === 'probe') {
    const probed = await probe(selection.among, facts, ports, signal, probeMs);
    return probed === undefined
      ? { kind: 'none', why: selection.why }
      : outcomeOf(readSeed(probed.datasource, probed.documents, facts), probed.datasource);
  }
  const { datasource } = selection;
  try {
    const documents = await datasource.fetch(facts, ports, signal);
    if (documents.size === 0 && !datasource.matches(facts))
      throw new BerthError('DATASOURCE_UNREADABLE', `this host has no ${datasource.title}`, {
        hint: 'berth.datasource= on the kernel command line asks for it',
      });
    return outcomeOf(readSeed(datasource, documents, facts), datasource);
  } catch (error) {
    if (!isBerthError(error, 'DATASOURCE_UNREADABLE')) throw error;
    const diagnostic = seedProblem(datasource.origin(facts), 'error', 'seed-unreadable', error.message, error.hint);
    return { kind: 'failed', id: datasource.id, diagnostics: [diagnostic] };
  }
}

function outcomeOf(reading: SeedReading, { id }: Datasource): SeedOutcome {
  return reading.kind === 'read'
    ? { kind: 'found', result: reading.result }
    : { kind: 'failed', id, diagnostics: reading.diagnostics };
}
