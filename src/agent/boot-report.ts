import { type Diagnostic, diagnosticLine } from '../core/diagnostic.ts';
import { settledStates } from '../services/status.ts';
import type { HostStatus, ReleaseSummary } from './model.ts';

/** What a host tells of its boot at `berth.report.url`: the JSON body of a POST. */
export interface BootReport {
  readonly kind: 'berth-boot';
  /** `config`: a config was found and taken or refused; `end`: the boot is over, with `state` as its result. */
  readonly phase: 'config' | 'end';
  /** ISO time of this host's clock. */
  readonly at: string;
  readonly hostname: string;
  readonly machineId: string;
  /** The kernel's: another one for each boot. */
  readonly bootId: string;
  readonly version: string;
  /** Where the config came from; null when there was none. */
  readonly origin: string | null;
  readonly state: HostStatus['state'];
  readonly generation: number;
  /** The OS release, and the one that failed here last; null where that is not known. */
  readonly os: ReleaseSummary | null;
  /** Services that are not where they should be, with the state they are in. */
  readonly services: readonly { readonly name: string; readonly state: string }[];
  readonly problems: readonly string[];
  readonly diagnostics: readonly Diagnostic[];
}

/** Who this machine is. */
export type ReportIdentity = Pick<BootReport, 'machineId' | 'bootId'>;

export interface ReportFacts extends ReportIdentity {
  readonly phase: BootReport['phase'];
  readonly now: number;
  readonly origin: string | null;
  readonly status: HostStatus;
  readonly diagnostics: readonly Diagnostic[];
  /** Takes the known secrets out of a text. */
  readonly redact: (text: string) => string;
}

const most = 50;
const longestText = 500;
/** Keys whose values are secrets, or may hold some: a message about them may repeat a value that is not known as a secret. */
const secretPaths = /pass|secret|token|hash|content|credential|registries|proxy|environment|write_files|url|key/i;

/** A report: small, and without secrets. Pure. */
export function bootReport(facts: ReportFacts): BootReport {
  const { phase, now, origin, status, diagnostics, redact, machineId, bootId } = facts;
  const { hostname, version, state, generation, services, machine } = status;
  // Diagnostics are problems, too: here they are told once, and with care for what they repeat.
  const told = new Set(diagnostics.map(diagnosticLine).flatMap((line) => [line, redact(line)]));
  const shown = (text: string): string => redact(text).slice(0, longestText);
  return {
    ...({ kind: 'berth-boot', phase, at: new Date(now).toISOString(), hostname, machineId, bootId } as const),
    ...{ version, origin, state, generation, os: machine?.release ?? null },
    services: services
      .filter(({ state: found }) => !settledStates.has(found))
      .slice(0, most)
      .map(({ name, state: found }) => ({ name, state: found })),
    problems: (machine?.problems ?? [])
      .filter((line) => !told.has(line))
      .slice(0, most)
      .map(shown),
    diagnostics: diagnostics.slice(0, most).map((diagnostic) => {
      const message = secretPaths.test(diagnostic.path)
        ? 'not as it should be; the message is left out here because it may hold a secret: berth status'
        : shown(diagnostic.code.startsWith('yaml-') ? withoutText(diagnostic.message) : diagnostic.message);
      return { ...diagnostic, message, hint: null };
    }),
  };
}

/** The parser's own messages repeat what they found, wherever that stood. */
function withoutText(message: string): string {
  return message.replace(/(["'`]).*\1|: .*$/g, ' …').trim();
}
