import type { Diagnostic } from '../core/diagnostic.ts';
import type { HostFacts } from './host-facts.ts';
import type { NetworkText, SeedDocuments } from './seed-documents.ts';
import type { SeedPorts } from './seed-ports.ts';

export type DatasourceId = 'cmdline' | 'smbios' | 'fw-cfg' | 'nocloud' | 'config-drive' | 'baked';

/** What the place this host runs in says about it. */
export interface MetaData {
  readonly hostname?: string;
  /** Keys for the default user, one line each. */
  readonly publicKeys: readonly string[];
  readonly availabilityZone?: string;
  /** All of it as it came, for templates; plain JSON data. */
  readonly raw: Readonly<Record<string, unknown>>;
}

/** What the documents of a seed say. */
export interface ParsedSeed {
  /** Absent: the datasource has no word for it. */
  readonly instanceId?: string;
  readonly userData?: Uint8Array;
  readonly vendorData?: Uint8Array;
  readonly metaData: MetaData;
  readonly networkConfig?: NetworkText;
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * One place a config can come from: a row of the table. To add one: this row, its fixture (test/unit/datasource/fixtures),
 * its line in `table.ts`, its line in docs/datasources.md.
 */
export interface Datasource {
  readonly id: DatasourceId;
  /** For a person: `NoCloud disk or directory`. */
  readonly title: string;
  /** Whether this host has it. Pure: nothing is probed. */
  readonly matches: (facts: HostFacts) => boolean;
  /** Where exactly: `/dev/vdb (cidata)`. Pure. Only asked when it matches. */
  readonly origin: (facts: HostFacts) => string;
  /**
   * Gets the documents. Throws DATASOURCE_UNREADABLE when they are there and cannot be read. What has to come over the
   * network is waited for without end.
   */
  readonly fetch: (facts: HostFacts, ports: SeedPorts, signal: AbortSignal) => Promise<SeedDocuments>;
  /** Reads the documents. Pure; never throws, whatever is in them. */
  readonly parse: (documents: SeedDocuments, facts: HostFacts) => ParsedSeed;
}

/** A config and what belongs to it, from one datasource. */
export interface DatasourceResult {
  readonly id: DatasourceId;
  readonly origin: string;
  /** Another one than before makes this a new instance: first boot again. */
  readonly instanceId: string;
  /** Unpacked; absent: nothing was given, which declares nothing. */
  readonly userData?: Uint8Array;
  readonly vendorData?: Uint8Array;
  readonly metaData: MetaData;
  readonly networkConfig?: NetworkText;
  /** SHA-256 of all documents, as hex: the same digest is the same config. */
  readonly digest: string;
  readonly diagnostics: readonly Diagnostic[];
}
