import type { NetworkConfig } from './network/network-config.ts';
import type { ComposeModel } from './service-spec.ts';

/**
 * THE model: everything a user can declare about a host, whatever language they wrote it in.
 * Plain JSON data: it is stored with every generation and published as JSON Schema. Empty lists and absent fields mean
 * "nothing declared": Berth leaves that part of the host as the image has it.
 */
export interface HostConfig {
  readonly hostname?: string;
  readonly fqdn?: string;
  readonly users: readonly UserConfig[];
  readonly groups: readonly GroupConfig[];
  readonly files: readonly FileConfig[];
  readonly sysctl: Readonly<Record<string, string>>;
  readonly modules: readonly string[];
  readonly mounts: readonly MountConfig[];
  readonly time: TimeConfig;
  readonly connectivity: ConnectivityConfig;
  /** Network devices; absent: DHCP on every Ethernet device. */
  readonly network?: NetworkConfig;
  readonly engines: EnginesConfig;
  readonly update: UpdateConfig;
  /** Services to run by name: the catalogue's, and the user's own that have profiles. */
  readonly enable: readonly string[];
  /** The user's services; an entry with a catalogue name adjusts that one. */
  readonly compose: ComposeModel;
}

export interface UserConfig {
  readonly name: string;
  readonly uid?: number;
  readonly gecos?: string;
  readonly primaryGroup?: string;
  readonly groups: readonly string[];
  readonly homeDirectory?: string;
  readonly createHome: boolean;
  readonly shell?: string;
  readonly system: boolean;
  /** crypt(3) hash. Secret: redacted everywhere but in the generation store. */
  readonly passwordHash?: string;
  readonly lockPassword: boolean;
  readonly sudo: readonly string[];
  readonly sshAuthorizedKeys: readonly string[];
}

export interface GroupConfig {
  readonly name: string;
  readonly gid?: number;
  readonly members: readonly string[];
}

export interface FileConfig {
  readonly path: string;
  /** Base64 of the content. */
  readonly contentBase64: string;
  /** Permission bits. */
  readonly mode: number;
  readonly owner: string;
  readonly group: string;
  readonly append: boolean;
  /** Written after users exist. */
  readonly defer: boolean;
}

export interface MountConfig {
  readonly source: string;
  readonly target: string;
  readonly type: string;
  readonly options: readonly string[];
}

export interface TimeConfig {
  readonly zone?: string;
  readonly servers: readonly string[];
  readonly pools: readonly string[];
}

/** One block that the engines, the updater and every service honour. */
export interface ConnectivityConfig {
  readonly dns: {
    readonly servers: readonly string[];
    readonly search: readonly string[];
    readonly options: readonly string[];
  };
  readonly proxy: { readonly http?: string; readonly https?: string; readonly noProxy: readonly string[] };
  /** PEM certificates to trust besides the system's. */
  readonly caCertificates: readonly string[];
  readonly registries: Readonly<Record<string, RegistryConfig>>;
}

export interface RegistryConfig {
  readonly username?: string;
  /** Secret. */
  readonly password?: string;
  readonly mirrors: readonly string[];
  readonly insecure: boolean;
}

export interface EngineOptions {
  readonly logDriver: string;
  readonly logOptions: Readonly<Record<string, string>>;
  /** Extra keys of dockerd's daemon.json. */
  readonly daemon: Readonly<Record<string, unknown>>;
}

export interface EnginesConfig {
  readonly system: EngineOptions;
  readonly user: EngineOptions;
  /** Bytes that images may take before unused ones are collected. */
  readonly imageBudgetBytes: number;
}

export interface UpdateConfig {
  readonly feed?: string;
  readonly channel: string;
  readonly strategy: 'immediate' | 'off' | 'staged' | 'window' | 'permit';
  readonly window?: {
    readonly days: readonly string[];
    readonly start: string;
    readonly duration: string;
    readonly timezone: string;
  };
}

/** dockerd's `local` driver, 10 MB in three files: bounded by default, unlike dockerd's own `json-file`. */
export const defaultEngineOptions: EngineOptions = {
  logDriver: 'local',
  logOptions: { 'max-size': '10m', 'max-file': '3' },
  daemon: {},
};

/** A host on which nothing is declared. */
export const emptyHostConfig: HostConfig = {
  users: [],
  groups: [],
  files: [],
  sysctl: {},
  modules: [],
  mounts: [],
  time: { servers: [], pools: [] },
  connectivity: {
    dns: { servers: [], search: [], options: [] },
    proxy: { noProxy: [] },
    caCertificates: [],
    registries: {},
  },
  engines: { system: defaultEngineOptions, user: defaultEngineOptions, imageBudgetBytes: 10 * 2 ** 30 },
  update: { channel: 'stable', strategy: 'staged' },
  enable: [],
  compose: { services: {}, networks: {}, volumes: {}, secrets: {}, configs: {} },
};
