/**
 * The port: what Berth needs of a container engine, in our own words. Adapters: `docker.ts`.
 * Every method throws {@link BerthError}: ENGINE_UNREACHABLE (retryable), ENGINE_REFUSED, ENGINE_CONFLICT, NOT_FOUND,
 * IMAGE_NOT_FOUND, IMAGE_PULL_FAILED (retryable), PORT_TAKEN (retryable), DISK_FULL (retryable). Every one is safe to repeat.
 */
export interface ContainerEngine {
  /** The engine's name, version and what it can do; also serves as "does it answer". */
  info(signal?: AbortSignal): Promise<EngineInfo>;
  /** All containers with this label (`name` or `name=value`), or with all of several, running or not: one API call. */
  listContainers(label: string | readonly string[], signal?: AbortSignal): Promise<ContainerSummary[]>;
  /** undefined when there is none. */
  inspectContainer(id: string, signal?: AbortSignal): Promise<ContainerDetails | undefined>;
  /** @returns the new container's id. Throws ENGINE_CONFLICT when the name is taken, IMAGE_NOT_FOUND when the image is not here. */
  createContainer(name: string, container: ContainerConfig, signal?: AbortSignal): Promise<string>;
  /** Starting one that runs is not an error. */
  startContainer(id: string, signal?: AbortSignal): Promise<void>;
  /** Sends the stop signal, then kills after the grace. Absent or stopped is not an error. */
  stopContainer(id: string, graceSeconds: number, signal?: AbortSignal): Promise<void>;
  /**
   * As {@link stopContainer}, but resolves as soon as a successor may start: its processes are gone, and it held no port of
   * the engine's. The engine may still be clearing up after it.
   */
  vacateContainer(id: string, graceSeconds: number, signal?: AbortSignal): Promise<void>;
  killContainer(id: string, killSignal?: string): Promise<void>;
  /** Removes, killing it when it runs; anonymous volumes go with it. Absent is not an error. */
  removeContainer(id: string, signal?: AbortSignal): Promise<void>;
  renameContainer(id: string, name: string, signal?: AbortSignal): Promise<void>;

  listNetworks(label: string, signal?: AbortSignal): Promise<NetworkSummary[]>;
  /** One of that name with the same labels is not an error; throws ENGINE_CONFLICT when another has the name. */
  createNetwork(name: string, network: NetworkCreate, signal?: AbortSignal): Promise<void>;
  /** Absent is not an error; with containers on it: ENGINE_CONFLICT. */
  removeNetwork(name: string, signal?: AbortSignal): Promise<void>;

  listVolumes(label: string, signal?: AbortSignal): Promise<VolumeSummary[]>;
  createVolume(name: string, volume: VolumeCreate, signal?: AbortSignal): Promise<void>;
  removeVolume(name: string, signal?: AbortSignal): Promise<void>;

  /** @param options.parents also images without a name that others were made of: they go when those go. */
  listImages(options?: { readonly parents?: boolean }, signal?: AbortSignal): Promise<ImageSummary[]>;
  /** undefined when the reference is not here. */
  inspectImage(reference: string, signal?: AbortSignal): Promise<ImageSummary | undefined>;
  /** @param onProgress called with fractions 0..1 where the registry tells sizes. */
  pullImage(reference: string, options: PullOptions, signal?: AbortSignal): Promise<void>;
  /** Loads an image archive (`docker save` format). @returns the references it held. */
  loadImage(archive: ImageArchiveFile, signal?: AbortSignal): Promise<string[]>;
  /**
   * Has a reference stand for an image that is here; another one that had the name stays, without it.
   * @param reference with a tag: digests stand for one image always. Throws IMAGE_NOT_FOUND when no image has the id.
   */
  tagImage(id: string, reference: string, signal?: AbortSignal): Promise<void>;
  /** Removes a reference or an id; in use by a container: ENGINE_CONFLICT; absent is not an error. */
  removeImage(reference: string, signal?: AbortSignal): Promise<void>;

  /**
   * Calls back for every event of interest until the signal aborts; resolves then. Throws when the stream breaks.
   * @param onListening called once when no event can be missed any more: the moment to list.
   */
  watch(onEvent: (event: EngineEvent) => void, signal: AbortSignal, onListening?: () => void): Promise<void>;
  /** Streams log lines; with `follow` until the signal aborts or the container goes. */
  logs(
    id: string,
    options: LogOptions,
    onChunk: (stream: 'stdout' | 'stderr', chunk: Buffer) => void,
    signal?: AbortSignal,
  ): Promise<void>;
  /** Runs a command in a running container. @returns its exit code. */
  exec(id: string, options: ExecOptions, io: ExecIo, signal?: AbortSignal): Promise<number>;
}

/** An archive in which an image is. */
export interface ImageArchiveFile {
  /** What is looked for in it. */
  readonly reference: string;
  /** Opens it at its beginning. */
  readonly open: () => NodeJS.ReadableStream;
}

export interface EngineInfo {
  readonly name: 'docker';
  readonly version: string;
  /** `major.minor` of the API in use. */
  readonly apiVersion: string;
  /** OCI runtimes it knows by name. */
  readonly runtimes: readonly string[];
  readonly cgroupVersion: string;
  /** Directory that holds images and containers. */
  readonly rootDirectory: string;
}

export type ContainerState = 'created' | 'running' | 'paused' | 'restarting' | 'removing' | 'exited' | 'dead';
export type Health = 'none' | 'starting' | 'healthy' | 'unhealthy';

/** What one list call tells of a container. */
export interface ContainerSummary {
  readonly id: string;
  readonly name: string;
  readonly imageId: string;
  readonly image: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly state: ContainerState;
  readonly health: Health;
  /** Only when exited or dead. */
  readonly exitCode?: number;
  /** Milliseconds since the epoch, whole seconds. */
  readonly createdAt: number;
  /** The engine's own words: "Up 3 minutes (healthy)". */
  readonly status: string;
  readonly ports: readonly {
    readonly ip?: string;
    readonly host?: number;
    readonly container: number;
    readonly protocol: string;
  }[];
}

export interface ContainerDetails extends ContainerSummary {
  readonly pid: number;
  /** Milliseconds since the epoch; 0 when it never did. */
  readonly startedAt: number;
  readonly finishedAt: number;
  readonly oomKilled: boolean;
  readonly error: string;
  readonly restartCount: number;
  /** Newest last. */
  readonly healthLog: readonly { readonly exitCode: number; readonly output: string; readonly endedAt: number }[];
}

export interface MountConfig {
  readonly type: 'bind' | 'volume' | 'tmpfs';
  readonly source?: string;
  readonly target: string;
  readonly readOnly: boolean;
  readonly propagation?: string;
  /** bind: create a missing source directory. */
  readonly createSource?: boolean;
  /** volume: do not copy the image's content into a new volume. */
  readonly noCopy?: boolean;
  readonly subpath?: string;
  readonly sizeBytes?: number;
  readonly mode?: number;
}

/** A container to create: resolved, no defaults left to guess. Plain JSON, keys sorted before hashing. */
export interface ContainerConfig {
  readonly image: string;
  readonly command?: readonly string[];
  readonly entrypoint?: readonly string[];
  /** `NAME=value`. */
  readonly environment: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  readonly hostname?: string;
  readonly domainName?: string;
  readonly user?: string;
  readonly workingDirectory?: string;
  readonly tty: boolean;
  readonly openStdin: boolean;
  readonly stopSignal?: string;
  readonly stopGraceSeconds?: number;
  readonly healthcheck?: {
    /** `['NONE']` disables the image's own. */
    readonly test: readonly string[];
    readonly intervalNs?: number;
    readonly timeoutNs?: number;
    readonly retries?: number;
    readonly startPeriodNs?: number;
    /** Left out by the adapter for engines before API 1.44. */
    readonly startIntervalNs?: number;
  };
  readonly mounts: readonly MountConfig[];
  readonly tmpfs: Readonly<Record<string, string>>;
  /** `none`, `host`, `bridge`, `container:ID` or a network's name. */
  readonly networkMode: string;
  /** Attachments to user-defined networks, the first one being `networkMode`. */
  readonly networks: readonly {
    readonly name: string;
    readonly aliases: readonly string[];
    readonly ipv4Address?: string;
    readonly ipv6Address?: string;
    readonly linkLocalIps?: readonly string[];
    readonly macAddress?: string;
    readonly driverOptions?: Readonly<Record<string, string>>;
  }[];
  readonly exposedPorts: readonly string[];
  readonly ports: readonly { readonly containerPort: string; readonly hostIp?: string; readonly hostPort?: string }[];
  readonly pidMode?: string;
  readonly ipcMode?: string;
  readonly utsMode?: string;
  readonly usernsMode?: string;
  readonly cgroupNamespaceMode?: string;
  readonly cgroupParent?: string;
  readonly privileged: boolean;
  readonly capabilitiesAdd: readonly string[];
  readonly capabilitiesDrop: readonly string[];
  readonly securityOptions: readonly string[];
  readonly readOnlyRoot: boolean;
  readonly groups: readonly string[];
  readonly devices: readonly {
    readonly hostPath: string;
    readonly containerPath: string;
    readonly permissions: string;
  }[];
  readonly deviceCgroupRules: readonly string[];
  readonly ulimits: readonly { readonly name: string; readonly soft: number; readonly hard: number }[];
  readonly sysctls: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  /** The engine's own restart policy. */
  readonly restart: {
    readonly name: 'no' | 'always' | 'unless-stopped' | 'on-failure';
    readonly maximumRetries?: number;
  };
  readonly init?: boolean;
  readonly logging?: { readonly driver: string; readonly options: Readonly<Record<string, string>> };
  readonly runtime?: string;
  readonly memoryBytes?: number;
  readonly memoryReservationBytes?: number;
  readonly memorySwapBytes?: number;
  readonly memorySwappiness?: number;
  readonly oomKillDisable?: boolean;
  readonly oomScoreAdjust?: number;
  readonly shmSizeBytes?: number;
  readonly nanoCpus?: number;
  readonly cpuShares?: number;
  readonly cpuQuota?: number;
  readonly cpuPeriod?: number;
  readonly cpuset?: string;
  readonly pidsLimit?: number;
  readonly storageOptions?: Readonly<Record<string, string>>;
  readonly extraHosts: readonly string[];
  readonly dns: readonly string[];
  readonly dnsSearch: readonly string[];
  readonly dnsOptions: readonly string[];
  readonly platform?: string;
}

export interface NetworkSummary {
  readonly id: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

export interface NetworkCreate {
  readonly driver: string;
  readonly driverOptions: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  readonly internal: boolean;
  readonly attachable: boolean;
  readonly enableIpv6: boolean;
  readonly ipamDriver?: string;
  readonly ipam: readonly {
    readonly subnet?: string;
    readonly ipRange?: string;
    readonly gateway?: string;
    readonly auxiliaryAddresses?: Readonly<Record<string, string>>;
  }[];
}

export interface VolumeSummary {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

export interface VolumeCreate {
  readonly driver: string;
  readonly driverOptions: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
}

export interface ImageSummary {
  /** `sha256:…` of the image's config. */
  readonly id: string;
  /** `repository:tag`. */
  readonly references: readonly string[];
  /** `repository@sha256:…`. */
  readonly digests: readonly string[];
  readonly sizeBytes: number;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
}

export interface PullOptions {
  readonly auth?: { readonly username: string; readonly password: string; readonly registry: string };
  readonly platform?: string;
  readonly onProgress?: (fraction: number) => void;
}

export interface EngineEvent {
  readonly kind: 'container' | 'image' | 'network' | 'volume';
  /** The engine's verb: `start`, `die`, `oom`, `health_status`, `destroy`, `rename`, `tag`, `delete`, … */
  readonly action: string;
  readonly id: string;
  readonly attributes: Readonly<Record<string, string>>;
  /** `health_status` only. */
  readonly health?: Health;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

export interface LogOptions {
  readonly follow: boolean;
  /** Last lines; absent: all. */
  readonly tail?: number;
  readonly timestamps: boolean;
  /** Milliseconds since the epoch. */
  readonly since?: number;
}

export interface ExecOptions {
  readonly command: readonly string[];
  readonly tty: boolean;
  readonly stdin: boolean;
  readonly user?: string;
  readonly workingDirectory?: string;
  readonly environment?: readonly string[];
}

export interface ExecIo {
  readonly stdin?: NodeJS.ReadableStream;
  readonly onOutput: (stream: 'stdout' | 'stderr', chunk: Buffer) => void;
  /** Called when the command runs, with a way to tell the size of its terminal. */
  readonly onStart?: (resize: (columns: number, rows: number) => Promise<void>) => void;
}
