import type { EngineName, ServiceSpec, VolumeRollback } from '../config/service-spec.ts';
import type { Reason } from '../core/plan.ts';
import type {
  ContainerConfig,
  ContainerState,
  Health,
  NetworkCreate,
  VolumeCreate,
} from '../engine/container-engine.ts';
import type { HostSource } from './host-sources.ts';

/** What a service does over time, which decides what "as declared" means for it. */
export type ServiceKind = 'service' | 'one-shot' | 'scheduled';

/** Something that must hold before a service may be started. */
export interface StartCondition {
  readonly service: string;
  readonly condition: 'started' | 'healthy' | 'completed';
  /** Restart the dependent when this one is replaced or restarted. */
  readonly restart: boolean;
  /**
   * `declared`: the user's `depends_on`; the others are ours: `essential` services come first, and the log `collector`,
   * for as long as it is on its way up.
   */
  readonly origin: 'declared' | 'essential' | 'collector';
}

/** A secret or config written to a file on the host and bind-mounted. */
export interface ServiceFile {
  /** Absolute host path; its name carries the content's digest, so a change is a new file. */
  readonly path: string;
  readonly contentBase64: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

/** One service as this host is to run it: nothing left to resolve but the image's id. */
export interface DesiredService {
  readonly name: string;
  readonly kind: ServiceKind;
  readonly engine: EngineName;
  readonly origin: 'catalogue' | 'config';
  /** Key path that declares it: `berth.services.web`, `berth.enable`. */
  readonly key: string;
  readonly spec: ServiceSpec;
  readonly container: ContainerConfig;
  /** Container name when it is the current one. */
  readonly containerName: string;
  /** sha256 of everything that needs a new container when it changes. */
  readonly digest: string;
  readonly files: readonly ServiceFile[];
  /** Bind mounts' sources to make sure of before every start. */
  readonly hostSources: readonly HostSource[];
  readonly conditions: readonly StartCondition[];
  readonly networks: readonly string[];
  readonly volumes: readonly string[];
  readonly pull: 'missing' | 'never';
  readonly graceSeconds: number;
  /** How long a replacement may take to prove itself before the old container comes back. */
  readonly proofMs: number;
  /** Without a healthcheck: how long it must run to count as proven. */
  readonly settleMs: number;
  readonly hasHealthcheck: boolean;
  /** `engine`: the declared restart policy is the engine's work; `berth`: ours; `never`: stays as it ended. */
  readonly restartBy: 'engine' | 'berth' | 'never';
  readonly update: 'replace' | 'delete-then-create' | 'hand-over';
  readonly disposable: boolean;
  readonly critical: boolean;
  readonly essential: boolean;
  readonly schedule?: {
    readonly expression: string;
    readonly timezone: string;
    readonly overlap: 'skip' | 'replace' | 'allow';
  };
  /** Why it cannot run at all: "has no image". */
  readonly problem?: string;
}

export interface DesiredNetwork {
  readonly name: string;
  readonly engine: EngineName;
  readonly key: string;
  readonly digest: string;
  readonly create: NetworkCreate;
}

export interface DesiredVolume {
  readonly name: string;
  readonly engine: EngineName;
  readonly key: string;
  /** What becomes of it when an OS release is taken back. */
  readonly rollback: VolumeRollback;
  readonly create: VolumeCreate;
}

export interface Desired {
  readonly services: ReadonlyMap<string, DesiredService>;
  readonly networks: readonly DesiredNetwork[];
  readonly volumes: readonly DesiredVolume[];
}

/** Why services are what they are after a config change, by name. */
export interface DesiredChange {
  readonly causes: Readonly<Record<string, Reason>>;
  readonly removals: Readonly<Record<string, Reason>>;
  /** What their references are to stand for again. */
  readonly imageReturns?: Readonly<Record<string, ImageReturn>>;
}

/** The part a container plays for its service, read from its name. */
export type Role = 'current' | 'next' | 'previous' | 'run';

export interface ObservedContainer {
  readonly id: string;
  readonly name: string;
  readonly service: string;
  readonly role: Role;
  readonly digest: string;
  readonly state: ContainerState;
  readonly health: Health;
  readonly exitCode?: number;
  readonly imageId: string;
  readonly createdAt: number;
  /** Services it was started after: the order to stop in, when the config no longer tells. */
  readonly startedAfter: readonly string[];
  readonly graceSeconds: number;
  readonly ports: readonly string[];
  /** Networks of ours it is attached to, as labelled at creation. */
  readonly networks: readonly string[];
  /** Milliseconds since the epoch of the due time, for runs of a schedule. */
  readonly runDue?: number;
}

export interface ObservedEngine {
  readonly containers: readonly ObservedContainer[];
  /** Our networks by name, with the digest of what they were created from. */
  readonly networks: ReadonlyMap<string, string>;
  readonly volumes: ReadonlySet<string>;
  /** Image id by normalised reference. */
  readonly images: ReadonlyMap<string, string>;
}

/** An engine that does not answer is absent. */
export interface Observed {
  readonly engines: Readonly<Partial<Record<EngineName, ObservedEngine>>>;
}

/** A generation that is returned to ran this image under this reference. */
export interface ImageReturn {
  /** Normalised. */
  readonly reference: string;
  readonly imageId: string;
  readonly generation: number;
}

/** What must be remembered of a service across rounds and restarts of the agent. */
export interface ServiceMemory {
  /** An operator's `berth service stop`; cleared by start and restart. */
  readonly wish?: { readonly kind: 'stopped'; readonly reason: Reason };
  /** A restart that was asked for and not yet done. */
  readonly restart?: Reason;
  /** When it was asked for: milliseconds since the epoch. A container started later has had it, whatever a crash made us forget. */
  readonly restartAskedAt?: number;
  /** Configurations that failed here, as `digest@imageId`, and why; not tried again. */
  readonly rejected?: readonly { readonly version: string; readonly why: string }[];
  /** Steps or starts that failed in a row. */
  readonly failures?: number;
  /** Milliseconds since the epoch; nothing is tried before. */
  readonly retryAt?: number;
  readonly lastError?: string;
  /** Kind of the step that `lastError` is of: what waits for the next try even where nothing else would wait. */
  readonly failedStep?: string;
  /** When the current container was last started by us: milliseconds since the epoch. */
  readonly startedAt?: number;
  /** `digest@imageId` of a one-shot that ended well. */
  readonly completed?: string;
  /** The last due time that was dealt with: milliseconds since the epoch. */
  readonly lastDue?: number;
  /** Restarts by us since the configuration came. */
  readonly restarts?: number;
  /** The image to keep for going back. */
  readonly previousImageId?: string;
  /** What the service's reference is to stand for again. */
  readonly imageReturn?: ImageReturn;
  /** Digest of the configuration that was last started here: its container missing later is drift, not news. */
  readonly applied?: string;
  /** Why the current configuration is what it is: the config key that changed last. */
  readonly cause?: Reason;
}

export type Memory = Readonly<Record<string, ServiceMemory>>;

/** `digest@imageId`: one version of a service. */
export function versionOf(digest: string, imageId: string | undefined): string {
  return `${digest}@${imageId ?? ''}`;
}
