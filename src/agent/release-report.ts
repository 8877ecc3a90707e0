import type { OsEvent } from '../update/os-status.ts';
import type { ReportIdentity } from './boot-report.ts';

/** The events that are reported. */
const outcomes = ['rejected', 'rolled-back', 'refused', 'arguments-rejected'] as const;

/** What a host tells of a release that failed here at `berth.report.url`: the JSON body of a POST. */
export interface ReleaseReport extends ReportIdentity {
  readonly kind: 'berth-release';
  /**
   * `rejected`: it failed; `rolled-back`: an operator went back; `refused`: the firmware would not start its kernel, so it was not
   * taken; `arguments-rejected`: it failed with new kernel arguments, and runs without them.
   */
  readonly outcome: (typeof outcomes)[number];
  /** The one that failed. */
  readonly version: string;
  /** Of its `release.json`, as its channel's feed has it; null for one that came with the image. */
  readonly digest: string | null;
  /** Of its slot's content: the same for two releases that differ in nothing else. */
  readonly rootHash: string | null;
  readonly reason: string;
  /** ISO time at which it was given up. */
  readonly at: string;
  readonly hostname: string;
  /** The one that runs now. */
  readonly runs: string;
}

export interface ReleaseReportFacts extends ReportIdentity {
  readonly event: OsEvent;
  /** Releases that were activated here, the last one last. */
  readonly taken: readonly { readonly version: string; readonly digest: string; readonly rootHash: string }[];
  readonly hostname: string;
  readonly runs: string;
  /** Takes the known secrets out of a text. */
  readonly redact: (text: string) => string;
}

const longestReason = 1000;

/** Whether an event is reported. Pure. */
export function isReported({ kind }: OsEvent): boolean {
  return outcomeOf(kind) !== undefined;
}

/** A report: small, and without secrets. Pure. */
export function releaseReport(facts: ReleaseReportFacts): ReleaseReport {
  const { event, taken, machineId, bootId, hostname, runs, redact } = facts;
  const release = taken.findLast(({ version }) => version === event.version);
  return {
    kind: 'berth-release',
    outcome: outcomeOf(event.kind) ?? 'rejected',
    version: event.version,
    digest: release === undefined || release.digest === '' ? null : release.digest,
    rootHash: release === undefined || release.rootHash === '' ? null : release.rootHash,
    // A health check's words may repeat what a secret command printed.
    reason: redact(event.reason).slice(0, longestReason),
    at: event.at,
    ...{ hostname, machineId, bootId, runs },
  };
}

function outcomeOf(kind: OsEvent['kind']): ReleaseReport['outcome'] | undefined {
  return outcomes.find((outcome) => outcome === kind);
}
