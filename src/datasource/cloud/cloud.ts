import type { CloudPart, Datasource } from '../datasource.ts';
import { fetchMetadata } from '../fetch-metadata.ts';
import { type MetadataDocument, type MetadataService, readMetadata } from '../metadata-service.ts';

/** A cloud, as its file describes it. */
export interface CloudRow extends Pick<Datasource, 'id' | 'title' | 'matches' | 'parse'> {
  readonly service: MetadataService;
  /** {@link CloudPart.isProbed}. */
  readonly isProbed?: boolean;
  readonly mayHaveMore?: CloudPart['mayHaveMore'];
  readonly report?: CloudPart['report'];
}

/** The row of the table for a cloud. */
export function cloud({ service, isProbed, mayHaveMore, report, ...row }: CloudRow): Datasource {
  return {
    ...row,
    origin: () => `the metadata service of ${row.title}`,
    fetch: (_facts, ports, signal) => fetchMetadata(service, ports, signal),
    cloud: {
      probe: (metadata, signal) => readMetadata(service, metadata, signal),
      isProbed: isProbed ?? false,
      mayHaveMore: mayHaveMore ?? (() => false),
      ...(report === undefined ? {} : { report }),
    },
  };
}

/** A document that a service has when it is ready; several places, best first. */
export function required(...paths: readonly string[]): MetadataDocument {
  return { paths };
}

/** A document that a service has only when the user gave it. */
export function optional(...paths: readonly string[]): MetadataDocument {
  return { paths, isOptional: true };
}
