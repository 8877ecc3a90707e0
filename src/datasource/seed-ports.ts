import type { BlockDevice } from './host-facts.ts';
import type { NetworkText, SeedDocuments } from './seed-documents.ts';

/** Longest document that is read, in bytes, as it comes. Providers hand out at most 1 MiB; a config is read up to 1 MiB. */
export const maxDocumentBytes = 4 * 2 ** 20;
/** Longest document once unpacked, in bytes. */
export const maxUnpackedBytes = 16 * 2 ** 20;

/** Disks that hold a seed. */
export interface SeedDevices {
  /**
   * Reads these files of the device's file system, which is mounted read-only for it; a file that is not there is left out.
   * Throws DATASOURCE_UNREADABLE.
   */
  read(device: BlockDevice, paths: readonly string[], signal: AbortSignal): Promise<SeedDocuments>;
}

/** Files of the host itself. */
export interface SeedFiles {
  /** Undefined when there is no such file. Throws DATASOURCE_UNREADABLE. */
  read(path: string): Promise<Uint8Array | undefined>;
}

/** What is behind a URL. */
export interface Fetcher {
  /**
   * Asks until there is an answer, for ever. Undefined when the answer is that there is no such document (404, 410).
   * Throws DATASOURCE_UNREADABLE for an answer that no repetition changes, such as one that is too long.
   */
  get(url: string, signal: AbortSignal, headers?: Readonly<Record<string, string>>): Promise<Uint8Array | undefined>;
}

export interface SeedPorts {
  readonly devices: SeedDevices;
  readonly files: SeedFiles;
  readonly fetcher: Fetcher;
  /** Brings the network up, with the configuration that the local part of the seed has, and waits until it is ready. */
  readonly network: (config: NetworkText | undefined, signal: AbortSignal) => Promise<void>;
}
