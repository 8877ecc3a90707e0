import type { DependencyCondition, EngineName } from '../config/service-spec.ts';
import type { EffectiveKey } from '../config/user-data/explain.ts';
import type { LayerName } from '../config/user-data/layer-names.ts';
import type { ExecIo, ExecOptions } from '../engine/container-engine.ts';
import type { ServiceState, ServiceStatus } from '../services/status.ts';
import type { ApplyEvent, Generation, HostStatus, LedgerEntry, PlanReport, WhyReport } from './model.ts';
import type { Operator } from './operator.ts';
import type { OsService } from './os-service.ts';
import type { UpdateService } from './update-service.ts';

export type { Operator } from './operator.ts';

/** A config file as the user has it: its name (for diagnostics) and its text. */
export interface ConfigText {
  readonly file: string;
  readonly text: string;
  /** Where it comes from; absent: the user wrote it. */
  readonly layer?: LayerName;
}

/** What shall be declared from now on: new texts (later ones win), or those of an earlier generation. */
export type ApplyRequest =
  | { readonly files: readonly ConfigText[] }
  | { readonly generation: number }
  /** One key on the machine itself, over everything else; without a value it is not set there any more. */
  | { readonly set: { readonly key: string; readonly value?: unknown } };

export interface ApplyOptions extends Operator {
  /** How long to wait until every service is where it should be. */
  readonly timeoutMs: number;
  /** False: end after the plan is accepted, with the outcome as it is then. */
  readonly wait: boolean;
  /** Devices whose content may be lost, named by an operator. */
  readonly destroy?: readonly string[];
  /** In the place of a config that could not be read: see `BringOptions.provisional`. */
  readonly provisional?: boolean;
}

/** One reconcile round. */
export interface RoundReport {
  readonly durationMs: number;
  /** Steps the round found to do. */
  readonly steps: number;
}

/** What is remembered of past steps, newest first. */
export interface LedgerQuery {
  readonly limit: number;
  /** `web`, `service/web`, `network/front`, or a config key in some step's reason. */
  readonly subject?: string;
  /** Milliseconds since the epoch. */
  readonly since?: number;
}

export interface ServiceGraph {
  readonly nodes: readonly {
    readonly name: string;
    readonly engine: EngineName;
    readonly origin: ServiceStatus['origin'];
    readonly state: ServiceState;
  }[];
  /** `from` needs `to`. */
  readonly edges: readonly {
    readonly from: string;
    readonly to: string;
    readonly condition: DependencyCondition;
    readonly required: boolean;
  }[];
}

/** `enable` and `disable` are kept on disk, over the config; `stop` holds until `start`. */
export type ServiceWish = 'enable' | 'disable' | 'start' | 'stop' | 'restart';

export const serviceWishes = [
  'enable',
  'disable',
  'start',
  'stop',
  'restart',
] as const satisfies readonly ServiceWish[];

export interface ServiceLogOptions {
  readonly follow: boolean;
  /** Last lines; absent: all. */
  readonly tail?: number;
  /** Milliseconds since the epoch. */
  readonly since?: number;
}

export interface LogLine {
  readonly stream: 'stdout' | 'stderr';
  /** ISO time, as the engine stamped it; null when it did not. */
  readonly time: string | null;
  /** Without the line end. */
  readonly text: string;
}

export interface TerminalSize {
  readonly columns: number;
  readonly rows: number;
}

/** The two directions of a command in a container, and the size of the terminal it is shown on. */
export interface SessionIo extends ExecIo {
  readonly size?: TerminalSize;
  /** Calls back when the terminal changes its size. An engine that cannot resize ignores it. */
  readonly onResize?: (listener: (size: TerminalSize) => void) => void;
}

/** A shell with tools beside a service: its network, PID and mount views, another image. */
export interface DebugOptions extends ExecOptions {
  /** Absent: the host's own tools image. */
  readonly image?: string;
}

/** Things that happen, for a person who looks on. */
export type AgentEvent =
  | { readonly kind: 'ledger'; readonly entry: LedgerEntry }
  | { readonly kind: 'service'; readonly service: ServiceStatus }
  | { readonly kind: 'host'; readonly state: HostStatus['state']; readonly generation: number };

/** A Prometheus metric with its samples. Names follow prometheus.io/docs/practices/naming. */
export interface MetricFamily {
  /** `berth_…`; counters end in `_total`, units are base units: `_seconds`, `_bytes`. */
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge';
  readonly samples: readonly { readonly labels?: Readonly<Record<string, string>>; readonly value: number }[];
}

/**
 * Everything the agent does for others: the API serves it, the CLI uses it through the API.
 * Every method may throw a {@link BerthError}; a service that does not exist is SERVICE_UNKNOWN, anything else NOT_FOUND.
 */
export interface AgentService {
  /** The operating system. Reading it throws UNSUPPORTED where it is not Berth's. */
  readonly os: OsService;
  /** Updates of the operating system. Reading it throws UNSUPPORTED where there is none to update. */
  readonly updates: UpdateService;
  status(): Promise<HostStatus>;
  /** What applying would do; changes nothing. A config with errors gives a plan with diagnostics and no steps. */
  plan(request: ApplyRequest): Promise<PlanReport>;
  /**
   * Makes the request the declared state and reports as it converges; the last event is `result`.
   * Throws CONFIG_INVALID (details.diagnostics) before the first event when the config cannot be taken; DATASOURCE_UNREADABLE
   * or DATASOURCE_UNREACHABLE when what it refers to on servers cannot be had.
   * The signal ends the reporting, not the work: what is declared stays declared.
   */
  apply(
    request: ApplyRequest,
    options: ApplyOptions,
    onEvent: (event: ApplyEvent) => void,
    signal?: AbortSignal,
  ): Promise<void>;
  /** One round now. */
  reconcile(): Promise<RoundReport>;
  why(subject: string): Promise<WhyReport>;
  /** Newest first. */
  ledger(query: LedgerQuery): Promise<readonly LedgerEntry[]>;
  /** Newest first. */
  generations(): Promise<readonly Generation[]>;
  /** The config texts of a generation, secrets blanked. */
  generationConfig(number: number): Promise<readonly ConfigText[]>;
  /** The config that is declared, key by key, secrets blanked; one key with what is below it. Throws USAGE, UNSUPPORTED. */
  configKeys(key?: string): Promise<readonly EffectiveKey[]>;
  /** Those that are declared to run, then those that could be enabled (state `available`). */
  services(): Promise<readonly ServiceStatus[]>;
  graph(): Promise<ServiceGraph>;
  /** @returns the service's status once the wish is taken; it may still be on the way. */
  setServiceWish(name: string, wish: ServiceWish, operator: Operator): Promise<ServiceStatus>;
  /** With `follow` until the signal aborts or the service is gone. */
  logs(name: string, options: ServiceLogOptions, onLine: (line: LogLine) => void, signal?: AbortSignal): Promise<void>;
  /** @returns the command's exit code. */
  exec(name: string, options: ExecOptions, io: SessionIo, signal?: AbortSignal): Promise<number>;
  /** @returns the shell's exit code; its container is gone by then. */
  debug(name: string, options: DebugOptions, io: SessionIo, signal?: AbortSignal): Promise<number>;
  /** Until the signal aborts. */
  events(onEvent: (event: AgentEvent) => void, signal: AbortSignal): Promise<void>;
  /**
   * Ends a local instance: its services, the engines it started, then the agent itself, soon after this resolves.
   * Data stays. Throws UNSUPPORTED on a host, which is not shut down this way.
   */
  shutdown(operator: Operator): Promise<void>;
  /** The agent's own counters; what {@link status} tells is added by the API. */
  metrics(): readonly MetricFamily[];
}

/** How the daemon is started; `berth agent` makes this of its command line. */
export interface AgentOptions {
  /** True on a person's own machine: nothing of the host itself is touched. */
  readonly local: boolean;
  /** Generations, ledger, engines' data. Survives reboots. */
  readonly stateDirectory: string;
  /** Sockets and pid files. */
  readonly runDirectory: string;
  /** The API's unix socket. */
  readonly socket: string;
  /** Folder with a folder for each service of the catalogue. */
  readonly catalogueDirectory: string;
  /**
   * JSON list of image archives at hand: `[{name, reference, archive, imageId, …}]`. Written by `berth up --local` (or the OS image's
   * build), read when an image is needed; may be absent.
   */
  readonly imageIndex: string;
  /** Applied at start when there is no generation yet. */
  readonly configFile?: string;
  /** An engine that already runs, `unix://…`, for the services of the user engine. */
  readonly engine?: string;
}
