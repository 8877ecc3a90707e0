import type { CommandsConfig } from './commands-config.ts';
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
  readonly swap: readonly SwapConfig[];
  readonly storage: StorageConfig;
  /** False: /etc/hosts stays as the image has it. Absent means true. */
  readonly manageHosts?: boolean;
  /** Value of LANG. */
  readonly locale?: string;
  readonly time: TimeConfig;
  readonly connectivity: ConnectivityConfig;
  /** Network devices; absent: DHCP on every Ethernet device. */
  readonly network?: NetworkConfig;
  readonly engines: EnginesConfig;
  /** Files of this host that are image archives, and directories of them. */
  readonly imageArchives: readonly string[];
  readonly update: UpdateConfig;
  readonly console: ConsoleConfig;
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

/** Disks besides the system's own. What is destroyed by it happens on the first apply only, or by name. */
export interface StorageConfig {
  readonly disks: readonly DiskConfig[];
  readonly raid: readonly RaidConfig[];
  readonly filesystems: readonly FilesystemConfig[];
  /** Partitions (devices or mount points) that grow to the space behind them, with their file systems. */
  readonly grow: readonly string[];
}

export interface DiskConfig {
  /** Path of the whole disk. */
  readonly device: string;
  readonly table: 'gpt' | 'mbr';
  readonly partitions: readonly PartitionConfig[];
  /** True: what is on the disk may be lost. */
  readonly overwrite: boolean;
}

export interface PartitionConfig {
  /** A share of the disk, a number of bytes, or all that is left. */
  readonly size:
    | { readonly kind: 'percent'; readonly percent: number }
    | { readonly kind: 'bytes'; readonly bytes: number }
    | { readonly kind: 'rest' };
  /** sfdisk(8)'s word, GUID or hexadecimal code: `linux`, `swap`, `fd`. */
  readonly type: string;
  /** The partition's name; GPT only. */
  readonly label?: string;
}

/** A Linux software RAID: the device is /dev/md/NAME. */
export interface RaidConfig {
  readonly name: string;
  readonly level: '0' | '1' | '4' | '5' | '6' | '10';
  readonly devices: readonly string[];
  /** How many of the devices stand by. */
  readonly spares: number;
  /** Further options of `mdadm --create`. */
  readonly options: readonly string[];
  readonly overwrite: boolean;
}

export interface FilesystemConfig {
  /** Path of the partition or disk it is made on. */
  readonly device: string;
  /** `ext4`, `xfs`, `vfat`, `swap`, … */
  readonly type: string;
  readonly label?: string;
  /** Further options of mkfs. */
  readonly options: readonly string[];
  /** True: another file system on the device may be lost. */
  readonly overwrite: boolean;
  /** Types of file systems that may be lost without `overwrite`. */
  readonly replaces: readonly string[];
}

export interface ConsoleConfig {
  /** crypt(3) hash that opens the rescue shell on the console. Secret. */
  readonly passwordHash?: string;
}

export interface ReportConfig {
  /** Where diagnostics and boot results are sent. */
  readonly url?: string;
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
  /** Cron expression, UTC: when the host looks for releases. Absent: about every 45 minutes. */
  readonly schedule?: string;
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
