import type { CommandsConfig } from './commands-config.ts';
import type { KernelArgumentsConfig } from './kernel-arguments.ts';
import type { NetworkConfig } from './network/network-config.ts';
import type { RemoteContent } from './remote-content.ts';
import type { ComposeModel } from './service-spec.ts';
import type { StorageConfig } from './storage-config.ts';

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
  readonly directories?: readonly DirectoryConfig[];
  readonly links?: readonly LinkConfig[];
  /** Accounts that are not to be there, by name. */
  readonly absent?: { readonly users: readonly string[]; readonly groups: readonly string[] };
  /** Limits for what is fetched. */
  readonly fetch?: FetchConfig;
  /** What this host cannot do and must not do without: nothing is applied while there is any. */
  readonly refused?: readonly RefusedKey[];
  readonly sysctl: Readonly<Record<string, string>>;
  readonly modules: readonly string[];
  /** Absent: the kernel gets the release's own arguments. */
  readonly kernelArguments?: KernelArgumentsConfig;
  readonly mounts: readonly MountConfig[];
  readonly swap: readonly SwapConfig[];
  readonly storage: StorageConfig;
  /** False: /etc/hosts stays as the image has it. Absent means true. */
  readonly manageHosts?: boolean;
  /** Value of LANG. */
  readonly locale?: string;
  /** Absent: the kernel's own layout, US English. */
  readonly keyboard?: KeyboardConfig;
  readonly time: TimeConfig;
  readonly connectivity: ConnectivityConfig;
  /** Network devices; absent: DHCP on every Ethernet device. */
  readonly network?: NetworkConfig;
  readonly engines: EnginesConfig;
  /** Files of this host that are image archives, and directories of them. */
  readonly imageArchives: readonly string[];
  readonly update: UpdateConfig;
  readonly console: ConsoleConfig;
  /** Absent: the SSH server makes a key of its own, and keeps it. */
  readonly ssh?: SshServerConfig;
  readonly report: ReportConfig;
  /** False: the provider's own config is left out. */
  readonly vendorData?: boolean;
  /** Absent: the host runs nothing but services. */
  readonly commands?: CommandsConfig;
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
  /** Whose keys are fetched besides: `gh:NAME` (GitHub), `lp:NAME` (Launchpad). */
  readonly sshImportIds?: readonly string[];
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
  /** Where the content comes from instead of `contentBase64`; fetched and verified before anything is replaced. */
  readonly remote?: RemoteContent;
  /**
   * What becomes of what is at the path and was not declared before. Absent: a file is written over, a link followed.
   * `replace`: it goes, whatever it is. `refuse`: nothing is written. `keep`: a file keeps its content.
   */
  readonly existing?: 'replace' | 'refuse' | 'keep';
  /** What a file that is there already keeps besides. */
  readonly keeps?: readonly OwnershipPart[];
  /** True: directories that are made for it are its owner's, too; else they are root's. */
  readonly ownsParents?: true;
}

export type OwnershipPart = 'mode' | 'owner' | 'group';

export interface DirectoryConfig {
  readonly path: string;
  /** Permission bits. */
  readonly mode: number;
  readonly owner: string;
  readonly group: string;
  /** What a directory that is there already keeps. */
  readonly keeps: readonly OwnershipPart[];
  /** True: what is at the path goes first, with all that is below it. */
  readonly overwrite: boolean;
}

export interface LinkConfig {
  readonly path: string;
  readonly target: string;
  readonly hard: boolean;
  /** Of a symbolic link itself. */
  readonly owner: string;
  readonly group: string;
  /** True: what is at the path goes first, with all that is below it. */
  readonly overwrite: boolean;
}

/** Seconds; absent or 0: no limit. */
export interface FetchConfig {
  readonly responseSeconds?: number;
  readonly totalSeconds?: number;
}

export interface RefusedKey {
  /** Key path in the text. */
  readonly key: string;
  readonly why: string;
  readonly hint: string;
}

export interface MountConfig {
  readonly source: string;
  readonly target: string;
  readonly type: string;
  readonly options: readonly string[];
}

/** Swap space: a file that Berth makes, or a device that holds swap space or is free for it. */
export type SwapConfig =
  | {
      readonly kind: 'file';
      readonly path: string;
      /** Bytes; `auto`: from the size of the memory. */
      readonly size: number | 'auto';
      /** Bytes; the most that `auto` may take. */
      readonly maxBytes?: number;
    }
  | {
      readonly kind: 'device';
      /** Path, `LABEL=` or `UUID=`. */
      readonly source: string;
      readonly options: readonly string[];
    };

export interface ConsoleConfig {
  /** crypt(3) hash that opens the rescue shell on the console. Secret. */
  readonly passwordHash?: string;
}

export type SshKeyType = 'ed25519' | 'ecdsa' | 'rsa';

/** The SSH server's own (host) keys. */
export interface SshServerConfig {
  /** In place of keys that it makes; at most one of a type. */
  readonly hostKeys?: readonly SshHostKey[];
  /** What it makes when it is given none; absent: `ed25519`. */
  readonly keyTypes?: readonly SshKeyType[];
}

export interface SshHostKey {
  readonly type: SshKeyType;
  /** As OpenSSH or PEM writes it. Secret. */
  readonly privateKey: string;
  /** One line, by which a certificate authority vouches for the key. */
  readonly certificate?: string;
}

export interface ReportConfig {
  /** Where diagnostics and boot results are sent. */
  readonly url?: string;
}

/** Layout of the keyboard at the host's own console, in XKB's words. */
export interface KeyboardConfig {
  readonly layout: string;
  readonly variant?: string;
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
  /** URL of the repository, or the path of a directory that holds it. */
  readonly feed?: string;
  /** The repository's root.json, as text: where trust begins. Absent: the image's own. */
  readonly root?: string;
  readonly channel: string;
  /** Cron expression: when the host looks for releases. Absent: about every 45 minutes. */
  readonly schedule?: string;
  /** IANA name, of the schedule. Absent: UTC. */
  readonly timezone?: string;
  /** What brings a staged release to boot. */
  readonly strategy: RebootStrategy;
  readonly window?: UpdateWindow;
  readonly permit?: PermitConfig;
  /** So long after it was staged, nothing keeps a release from being booted. */
  readonly maxDeferralSeconds?: number;
  /** Bytes a second that a transfer may take. */
  readonly rateLimitBytes?: number;
  /** Instead of the host's proxies. May hold a password. */
  readonly proxy?: string;
  readonly health?: UpdateHealth;
}

/**
 * `immediate`: the host restarts as soon as a release is staged; `window`, `permit`: then, and with that; `staged`: whoever
 * restarts the host boots it; `off`: the host looks for nothing by itself.
 */
export type RebootStrategy = 'immediate' | 'off' | 'staged' | 'window' | 'permit';

/** When a host may restart. */
export interface UpdateWindow {
  /** `mon` to `sun`. */
  readonly days: readonly string[];
  /** Wall-clock time `HH:MM`. */
  readonly start: string;
  /** Elapsed time, a day at most: `2h`. */
  readonly duration: string;
  /** IANA name. */
  readonly timezone: string;
}

/** Who says that this host may restart now. */
export type PermitConfig =
  /** Whoever could make this file, on a file system that hosts share, may restart. */
  { readonly kind: 'file'; readonly path: string };

/** What a release must show on this host before it is kept, beside what every host must. */
export interface UpdateHealth {
  /** From the start of the kernel; absent: the image's own. */
  readonly deadlineSeconds?: number;
  readonly checks: readonly {
    readonly name: string;
    /** `wanted` is told and keeps nobody back; `baseline` counts where it held under the release before. */
    readonly level: 'required' | 'wanted' | 'baseline';
    readonly probe: HealthProbe;
  }[];
}

export type HealthProbe =
  /** Answers with a status below 400. */
  | { readonly kind: 'http'; readonly url: string }
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number }
  /** Runs on the host and ends with 0. */
  | { readonly kind: 'command'; readonly command: readonly string[] };

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
  swap: [],
  storage: { disks: [], raid: [], filesystems: [], grow: [] },
  time: { servers: [], pools: [] },
  connectivity: {
    dns: { servers: [], search: [], options: [] },
    proxy: { noProxy: [] },
    caCertificates: [],
    registries: {},
  },
  engines: { system: defaultEngineOptions, user: defaultEngineOptions, imageBudgetBytes: 10 * 2 ** 30 },
  imageArchives: [],
  update: { channel: 'stable', strategy: 'staged' },
  console: {},
  report: {},
  enable: [],
  compose: { services: {}, networks: {}, volumes: {}, secrets: {}, configs: {} },
};
