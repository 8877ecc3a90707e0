import { createHash } from 'node:crypto';
import type { Diagnostic } from '../core/diagnostic.ts';
import type { Datasource, DatasourceResult, ParsedSeed } from './datasource.ts';
import type { HostFacts } from './host-facts.ts';
import { machineInstanceId } from './instance.ts';
import type { SeedDocuments } from './seed-documents.ts';
import { textOf } from './seed-problem.ts';
import { unpack } from './unpack.ts';

export type SeedReading =
  | { readonly kind: 'read'; readonly result: DatasourceResult }
  /**
   * User-data or meta-data cannot be read. Going on without would declare nothing, or make another instance of this host,
   * on which steps that destroy data are allowed.
   */
  | { readonly kind: 'unreadable'; readonly diagnostics: readonly Diagnostic[] };

/** Reads the documents that a datasource fetched. Pure; never throws, whatever is in them. */
export function readSeed(datasource: Datasource, documents: SeedDocuments, facts: HostFacts): SeedReading {
  const parsed = datasource.parse(documents, facts);
  const { instanceId, userData, vendorData, diagnostics, ...rest } = parsed;
  const problems: Diagnostic[] = [...diagnostics];
  const take = (name: string, bytes: Uint8Array | undefined): Uint8Array | undefined => {
    const unpacked = bytes === undefined ? undefined : unpack(name, bytes);
    if (unpacked?.kind === 'unreadable') problems.push(unpacked.diagnostic);
    return unpacked?.kind === 'unpacked' ? unpacked.data : undefined;
  };
  const user = take('user-data', userData);
  const vendor = take('vendor-data', vendorData);
  // Without the vendor's part the rest is still what the user asked for.
  if (problems.some(({ severity, file }) => severity === 'error' && !file.startsWith('vendor')))
    return { kind: 'unreadable', diagnostics: problems };
  const result: DatasourceResult = {
    id: datasource.id,
    origin: datasource.origin(facts),
    instanceId: instanceId ?? machineInstanceId(facts),
    ...(user === undefined ? {} : { userData: user }),
    ...(vendor === undefined ? {} : { vendorData: vendor }),
    ...rest,
    digest: digestOf(datasource.cloud === undefined ? documents : meaningOf(parsed)),
    diagnostics: problems,
  };
  return { kind: 'read', result };
}

/**
 * What counts of a metadata service's documents: they also tell of what changes by itself, such as public addresses and tags.
 * A template may ask for any of it.
 */
function meaningOf({ instanceId, userData, vendorData, metaData, networkConfig }: ParsedSeed): SeedDocuments {
  const { raw, ...told } = metaData;
  const isTemplate = [userData, vendorData].some(
    (bytes) => bytes !== undefined && /^## template:/m.test(textOf(bytes)),
  );
  const facts = JSON.stringify({ instanceId, ...told, networkConfig, ...(isTemplate ? { raw } : {}) });
  return new Map([
    ['facts', new TextEncoder().encode(facts)],
    ...(userData === undefined ? [] : [['user-data', userData] as const]),
    ...(vendorData === undefined ? [] : [['vendor-data', vendorData] as const]),
  ]);
}

/** One digest of all documents, whatever their order. */
function digestOf(documents: SeedDocuments): string {
  const hash = createHash('sha256');
  for (const [name, bytes] of [...documents].toSorted(([a], [b]) => (a < b ? -1 : 1)))
    hash.update(`${name}\0${bytes.length}\0`).update(bytes);
  return hash.digest('hex');
}
