import type { BlockDevice } from './host-facts.ts';
import type { HttpWay } from './http-way.ts';
import type { NetworkText, SeedDocuments } from './seed-documents.ts';

/** Longest document that is read, in bytes, as it comes. Providers hand out at most 1 MiB; a config is read up to 1 MiB. */
export const maxDocumentBytes = 4 * 2 ** 20;
/** Longest document once unpacked, in bytes. */
export const maxUnpackedBytes = 16 * 2 ** 20;

/** Disks that hold a seed. */
export interface SeedDevices {
  /**
   * Reads these files of the device's file system, which is mounted read-only for it; a file that is not there is left out.
   * `types` are the file systems that are taken. Throws DATASOURCE_UNREADABLE.
   */
  read(
    device: BlockDevice,
    paths: readonly string[],
    signal: AbortSignal,
    types?: readonly string[],
  ): Promise<SeedDocuments>;
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
  get(
    url: string,
    signal: AbortSignal,
    headers?: Readonly<Record<string, string>>,
    way?: HttpWay,
  ): Promise<Uint8Array | undefined>;
}

/** A question to a cloud's metadata service. */
export interface MetadataQuestion {
  readonly method: 'GET' | 'PUT' | 'POST';
  /** May name a network device: `http://[fe80::a9fe:a9fe%eth0]/…`. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** From a port below 1024, which only root can have. */
  readonly isPrivileged?: boolean;
}

export interface MetadataAnswer {
  readonly status: number;
  readonly body: Uint8Array;
}

/** Where this host is in its network, for endpoints that depend on it. */
export interface Surroundings {
  /** Network devices with an IPv6 link-local address. */
  readonly links: readonly string[];
  /** IPv4 addresses of default routes. */
  readonly gateways: readonly string[];
}

/** The services by which clouds tell their machines who they are. */
export interface MetadataServices {
  /**
   * Asks once, with a limit of time; a redirection is not followed. Throws DATASOURCE_UNREACHABLE when there is no answer,
   * DATASOURCE_UNREADABLE when it is too long.
   */
  ask(question: MetadataQuestion, signal: AbortSignal): Promise<MetadataAnswer>;
  surroundings(): Promise<Surroundings>;
  /** Waits before another try, the longer the more failures in a row; `told` is for the console. */
  pause(failures: number, told: string | undefined, signal: AbortSignal): Promise<void>;
  /** Aborts after that time. */
  limit(ms: number): AbortSignal;
}

/** Values that a hypervisor hands over to its guest. */
export interface GuestValues {
  /** By a name as in the host's facts; undefined when there is none. Throws DATASOURCE_UNREADABLE. */
  read(name: string, signal: AbortSignal): Promise<string | undefined>;
}

export interface SeedPorts {
  readonly devices: SeedDevices;
  readonly files: SeedFiles;
  readonly fetcher: Fetcher;
  readonly metadata: MetadataServices;
  readonly guest: GuestValues;
  /** Brings the network up, with the configuration that the local part of the seed has, and waits until it is ready. */
  readonly network: (config: NetworkText | undefined, signal: AbortSignal) => Promise<void>;
}
