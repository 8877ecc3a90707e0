import type { Diagnostic } from '../core/diagnostic.ts';
import type { Cost, FinishedStep, KeyReport, SkippedStep } from '../core/plan.ts';
import type { ServiceStatus } from '../services/status.ts';

/** One mutating step that was carried out, without secrets. One JSON line of the ledger. */
export interface LedgerEntry extends FinishedStep {
  /** Rises by one, across restarts. */
  readonly sequence: number;
  /** ISO time of the end of the step. */
  readonly at: string;
  readonly generation: number;
}

/** One applied host config, with what ran under it. */
export interface Generation {
  readonly number: number;
  /** ISO time. */
  readonly createdAt: string;
  /** Where the config came from: a file name, `generation 3`, `datasource nocloud`. */
  readonly source: string;
  /** sha256 of the config text. */
  readonly configDigest: string;
  /** Image ids by service name, filled in as services come up. */
  readonly images: Readonly<Record<string, string>>;
  /** OS release; null until there is an image. */
  readonly release: string | null;
  /** What changed against the generation before: one line each. */
  readonly changes: readonly string[];
  /** Services whose version in this config failed here and that went back to the one before, each with why. */
  readonly rolledBack: Readonly<Record<string, string>>;
  /** `rejected`: no longer current, and something of it was rolled back. */
  readonly state: 'current' | 'previous' | 'rejected';
}

/** A step as it is shown: no functions, no secrets. */
export interface PlannedStep {
  readonly id: string;
  readonly kind: string;
  readonly subject: string;
  readonly cost: Cost;
  readonly summary: string;
  /** Nearest first. */
  readonly reasons: readonly string[];
  readonly after: readonly string[];
  /** Conditions that are not met yet: `db to be healthy`. */
  readonly waitsFor: readonly string[];
}

export interface PlanReport {
  readonly steps: readonly PlannedStep[];
  readonly skipped: readonly SkippedStep[];
  readonly diagnostics: readonly Diagnostic[];
  /** The highest cost of any step. */
  readonly cost: Cost | null;
}

/** What `berth apply` sees, in this order, one JSON line each. */
export type ApplyEvent =
  | { readonly kind: 'plan'; readonly plan: PlanReport; readonly generation: number }
  | { readonly kind: 'step-started'; readonly step: PlannedStep }
  | { readonly kind: 'step-progress'; readonly id: string; readonly fraction: number }
  | { readonly kind: 'step-done'; readonly id: string; readonly durationMs: number }
  | { readonly kind: 'step-failed'; readonly id: string; readonly error: string; readonly retryAt: string | null }
  | {
      readonly kind: 'result';
      /** `converged`; `incomplete` when something failed or did not get healthy in time. */
      readonly outcome: 'converged' | 'incomplete';
      readonly keys: readonly KeyReport[];
      readonly services: readonly ServiceStatus[];
      readonly generation: number;
    };

export interface EngineStatus {
  readonly name: 'system' | 'user';
  readonly state: 'running' | 'starting' | 'stopped' | 'failed' | 'unreachable';
  readonly version: string;
  readonly socket: string;
  /** Why it is not running: the last lines of its log. */
  readonly detail: string;
}

/** Where a host has its config from. */
export interface ConfigOrigin {
  /** As in docs/datasources.md: `nocloud`. */
  readonly datasource: string;
  /** Where exactly: `/dev/vdb (cidata)`. */
  readonly place: string;
}

/** A release that does not run here, and why; `at` is ISO time. */
export interface FailedRelease {
  readonly version: string;
  readonly reason: string;
  readonly at: string;
}

/** The OS release that a host runs; `berth os status` tells more. */
export interface ReleaseSummary {
  readonly version: string;
  /** False while it is on trial: past its deadline, the host goes back to the other one. */
  readonly isBlessed: boolean;
  /** The one that failed here last, and why. */
  readonly takenBack: FailedRelease | null;
  /**
   * The last one that was not taken, for the firmware would not start its kernel; null once another one has proved itself. Absent
   * from what an older host says.
   */
  readonly refused?: FailedRelease | null;
  /** The one that the next boot takes. */
  readonly staged: string | null;
  /** Looks at the repository that failed in a row, and when the last one was, ISO time; null: none was made. */
  readonly lastLook: { readonly at: string; readonly failures: number } | null;
}

/** The machine under the engines, where it is Berth's. */
export interface MachineStatus {
  /** What this boot found; null when it found nothing, or not yet. */
  readonly config: ConfigOrigin | null;
  /** null before the first look. */
  readonly network: {
    readonly ready: boolean;
    /** What is missing; empty when ready. */
    readonly detail: string;
    readonly links: readonly { readonly name: string; readonly addresses: readonly string[] }[];
  } | null;
  /** What went wrong with the boot or with a key of the config, a line each. */
  readonly problems: readonly string[];
  /** What is not as declared and the host is fine without, a line each: mounts with `nofail`. Absent: the host is older than that. */
  readonly warnings?: readonly string[];
  /** What only the next boot brings, a line each. Absent: the host is older than that. */
  readonly pending?: readonly string[];
  /** Why the host has no config and waits for one; null when it has one. */
  readonly maintenance: string | null;
  /** null when the boot entries could not be found; then it is among the problems. */
  readonly release: ReleaseSummary | null;
}

export interface HostStatus {
  readonly hostname: string;
  readonly mode: 'local' | 'host';
  readonly version: string;
  readonly state: 'healthy' | 'converging' | 'degraded';
  readonly generation: number;
  readonly startedAt: string;
  readonly engines: readonly EngineStatus[];
  readonly services: readonly ServiceStatus[];
  readonly skipped: readonly SkippedStep[];
  /** null on somebody's own machine. */
  readonly machine: MachineStatus | null;
  readonly lastRound: { readonly at: string; readonly durationMs: number } | null;
}

/** The answer to `berth why SUBJECT`: entries newest first, each with its chain of reasons. */
export interface WhyReport {
  readonly subject: string;
  /** The present state in one line. */
  readonly now: string;
  /** `file:line` of the declaration, when there is one. */
  readonly declaredAt: string | null;
  readonly entries: readonly LedgerEntry[];
}
