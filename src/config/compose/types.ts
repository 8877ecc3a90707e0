/**
 * The parts of a Compose model, in the specification's long form.
 * Field names are the specification's own (snake_case), so that what a user wrote, what `berth plan --json` prints and
 * what these types say are the same words. Short forms, interpolation and units are resolved by this folder's parsers.
 * Source: https://github.com/compose-spec/compose-spec (05-services.md and following).
 */

/** A length of time in whole nanoseconds, as the engine's API wants it. */
export type Nanoseconds = number;
/** A size in bytes. */
export type Bytes = number;

export type EngineName = 'system' | 'user';

export type DependencyCondition = 'service_started' | 'service_healthy' | 'service_completed_successfully';

export interface Dependency {
  readonly condition: DependencyCondition;
  /** Restart the dependent service when this one is replaced or restarted by us. */
  readonly restart?: boolean;
  readonly required: boolean;
}

export interface PortMapping {
  readonly mode?: string;
  readonly host_ip?: string;
  /** Container port. */
  readonly target: number;
  /** Host port or range `8000-8010`; absent: the engine picks one. */
  readonly published?: string;
  readonly protocol?: string;
  readonly app_protocol?: string;
  readonly name?: string;
}

export interface VolumeMount {
  readonly type: 'bind' | 'volume' | 'tmpfs' | 'npipe' | 'cluster' | 'image';
  readonly source?: string;
  readonly target: string;
  readonly read_only?: boolean;
  readonly consistency?: string;
  readonly bind?: {
    readonly propagation?: string;
    readonly create_host_path?: boolean;
    readonly selinux?: string;
    readonly recursive?: string;
  };
  readonly volume?: {
    readonly nocopy?: boolean;
    readonly subpath?: string;
    readonly labels?: Readonly<Record<string, string>>;
  };
  readonly tmpfs?: { readonly size?: Bytes; readonly mode?: number };
  readonly image?: { readonly subpath?: string };
}

export interface Healthcheck {
  readonly test?: readonly string[];
  readonly interval?: Nanoseconds;
  readonly timeout?: Nanoseconds;
  readonly retries?: number;
  readonly start_period?: Nanoseconds;
  readonly start_interval?: Nanoseconds;
  readonly disable?: boolean;
}

export interface EnvFile {
  readonly path: string;
  readonly required: boolean;
  readonly format?: string;
}

export interface ServiceNetwork {
  readonly aliases?: readonly string[];
  readonly ipv4_address?: string;
  readonly ipv6_address?: string;
  readonly link_local_ips?: readonly string[];
  readonly mac_address?: string;
  readonly driver_opts?: Readonly<Record<string, string>>;
  readonly priority?: number;
  readonly gw_priority?: number;
  readonly interface_name?: string;
}

/** A use of a top-level secret or config by a service. */
export interface FileReference {
  readonly source: string;
  readonly target?: string;
  readonly uid?: string;
  readonly gid?: string;
  /** File mode bits. */
  readonly mode?: number;
}

export interface Ulimit {
  readonly soft: number;
  readonly hard: number;
}

export interface Logging {
  readonly driver?: string;
  readonly options?: Readonly<Record<string, string>>;
}

export interface DeviceMapping {
  readonly source: string;
  readonly target: string;
  readonly permissions: string;
}

export interface ResourceLimits {
  readonly cpus?: number;
  readonly memory?: Bytes;
  readonly pids?: number;
}

/** `deploy`: only what makes sense on one host; the rest is reported by the parser. */
export interface Deploy {
  readonly replicas?: number;
  readonly labels?: Readonly<Record<string, string>>;
  readonly resources?: { readonly limits?: ResourceLimits; readonly reservations?: ResourceLimits };
  readonly restart_policy?: {
    readonly condition?: string;
    readonly delay?: Nanoseconds;
    readonly max_attempts?: number;
    readonly window?: Nanoseconds;
  };
}

/** What happens to the old container while the new one takes over. */
export type UpdateStrategy =
  /** Create the new one first, then stop the old and start the new: the shortest gap (default). */
  | 'replace'
  /** Stop and remove the old one before anything of the new exists (exclusive devices). */
  | 'delete-then-create'
  /** Start the new one, wait until it is healthy, then stop the old (no fixed host ports). */
  | 'hand-over';

/** Berth's own words on a service, under `x-berth`. */
export interface BerthExtension {
  readonly engine?: EngineName;
  /** Runs to completion once per configuration; exit 0 is success. */
  readonly one_shot?: boolean;
  /** Cron expression; the service is a one-shot started at these times. */
  readonly schedule?: string;
  /** IANA time zone of `schedule`; default UTC. */
  readonly timezone?: string;
  /** What to do when a run is due and the last one still runs. Default `skip`. */
  readonly overlap?: 'skip' | 'replace' | 'allow';
  /** Its failure stops the boot. */
  readonly essential?: boolean;
  /** An OS release is blessed only with this service healthy. */
  readonly critical?: boolean;
  /** A new container with an empty writable layer at each start. */
  readonly disposable?: boolean;
  readonly update?: UpdateStrategy;
  /** How long a replaced service without a healthcheck must run before the old container goes. */
  readonly settle?: Nanoseconds;
  readonly pre_reboot?: PreReboot;
}

/** What runs in a service's container before the host restarts for a release. */
export interface PreReboot {
  readonly command: string[];
  /** The restart does not wait longer for it. Default 30 s. */
  readonly deadline?: Nanoseconds;
}

export interface NetworkSpec {
  readonly name?: string;
  readonly driver?: string;
  readonly driver_opts?: Readonly<Record<string, string>>;
  readonly internal?: boolean;
  readonly attachable?: boolean;
  readonly enable_ipv4?: boolean;
  readonly enable_ipv6?: boolean;
  readonly external?: boolean;
  readonly labels?: Readonly<Record<string, string>>;
  readonly ipam?: {
    readonly driver?: string;
    readonly options?: Readonly<Record<string, string>>;
    readonly config?: readonly {
      readonly subnet?: string;
      readonly ip_range?: string;
      readonly gateway?: string;
      readonly aux_addresses?: Readonly<Record<string, string>>;
    }[];
  };
}

export interface VolumeSpec {
  readonly name?: string;
  readonly driver?: string;
  readonly driver_opts?: Readonly<Record<string, string>>;
  readonly external?: boolean;
  readonly labels?: Readonly<Record<string, string>>;
  readonly 'x-berth'?: VolumeExtension;
}

/** What becomes of a volume when an OS release is taken back. */
export type VolumeRollback =
  /** It stays as the newer release left it (default). */
  | 'keep'
  /** It is again as it was before the newer release ran for the first time. */
  | 'snapshot'
  /** What the newer release left cannot be read by the older one: nothing goes back past it by itself. */
  | 'forward-only';

/** Berth's own words on a volume, under `x-berth`. */
export interface VolumeExtension {
  readonly rollback?: VolumeRollback;
}

/** A top-level secret or config: exactly one source of its content. */
export interface FileSpec {
  readonly name?: string;
  readonly file?: string;
  readonly environment?: string;
  readonly content?: string;
  readonly external?: boolean;
  readonly labels?: Readonly<Record<string, string>>;
}
