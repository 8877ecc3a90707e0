/** What a datasource was found to hold, as it came: name of the document → its bytes. */
export type SeedDocuments = ReadonlyMap<string, Uint8Array>;

/** A network configuration as text, and its language. */
export interface NetworkText {
  readonly text: string;
  readonly format: 'cloud-init' | 'openstack';
}
