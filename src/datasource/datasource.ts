import type { Diagnostic } from '../core/diagnostic.ts';
import type { HostFacts } from './host-facts.ts';
import type { NetworkText, SeedDocuments } from './seed-documents.ts';
import type { MetadataServices, SeedPorts } from './seed-ports.ts';

/** How a datasource is called on the kernel command line and in the status: lower case, with dashes. */
export type DatasourceId = string;

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

/** How a boot ended, as the platform is told. */
export type BootOutcome =
  | { readonly kind: 'ready' }
  /** `why` is for a person, in a few words, without secrets. */
  | { readonly kind: 'failed'; readonly why: string };

/** What only the rows of clouds have: their config comes from a metadata service. */
export interface CloudPart {
  /** Asks for the documents once: throws DATASOURCE_UNREACHABLE when nobody answers as this platform does. */
  readonly probe: (metadata: MetadataServices, signal: AbortSignal) => Promise<SeedDocuments>;
  /** The firmware of some machines of this platform does not name it: a machine of unknown origin is probed for it. */
  readonly isProbed: boolean;
  /** Whether a disk of the platform may still show up, and it is worth a second's waiting. Pure. */
  readonly mayHaveMore: (facts: HostFacts) => boolean;
  /** Tells the platform how the boot ended, once; throws DATASOURCE_UNREACHABLE. Absent: nobody wants to know. */
  readonly report?: (outcome: BootOutcome, metadata: MetadataServices, signal: AbortSignal) => Promise<void>;
}

/**
 * One place a config can come from: a row of the table. To add one: this row, its fixture (test/unit/datasource/fixtures),
 * its line in `table.ts`, its line in docs/datasources.md. A cloud's row is made by `cloud()` and lies in cloud/.
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
  readonly cloud?: CloudPart;
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
  /** SHA-256 as hex: the same digest is the same config. */
  readonly digest: string;
  readonly diagnostics: readonly Diagnostic[];
}
