import { BerthError } from '../core/errors.ts';
import type { Reason } from '../core/plan.ts';
import type { HostStatus, LedgerEntry, WhyReport } from './model.ts';

/** Steps are about `os/1.1.0`. */
const osSubject = 'os';

export interface WhyFacts {
  readonly status: HostStatus;
  /** All that is remembered, newest first. */
  readonly entries: readonly LedgerEntry[];
  /** `file:line` of a config key of the current generation; null when it is not declared. */
  readonly declaredAt: (key: string) => string | null;
  readonly limit?: number;
}

/**
 * Answers `berth why`: a service (`web`), a subject of a step (`network/front`, `host/hostname`), an engine
 * (`engine/user`), the releases of the OS (`os`) or a config key (`berth.services.web.image`). Pure. Throws NOT_FOUND when nothing is known of it.
 */
export function explain(subject: string, facts: WhyFacts): WhyReport {
  const service = facts.status.services.find(({ name }) => name === subject || `service/${name}` === subject);
  const wanted = service === undefined ? subject : `service/${service.name}`;
  const entries = facts.entries.filter((entry) => concerns(entry, wanted)).slice(0, facts.limit ?? 20);
  const declaredAt = keysOf(subject, service?.name).reduce<string | null>(
    (found, key) => found ?? facts.declaredAt(key),
    null,
  );
  const now = describeNow(subject, facts.status);
  if (now === undefined && declaredAt === null && entries.length === 0) {
    const names = facts.status.services.map(({ name }) => name).join(', ');
    throw new BerthError('NOT_FOUND', `nothing is known of "${subject}"`, {
      hint: `ask for a service (${names === '' ? 'there is none yet' : names}), a config key like berth.services.web.image, or a subject from berth ledger`,
    });
  }
  return { subject, now: now ?? (declaredAt === null ? 'not declared any more' : 'declared'), declaredAt, entries };
}

/** True when the step changed the subject, or the subject (a service, a config key) is in its chain of reasons. Pure. */
export function concerns(entry: LedgerEntry, subject: string): boolean {
  if (entry.subject === subject || entry.subject === `service/${subject}`) return true;
  if (subject === osSubject && entry.subject.startsWith(`${osSubject}/`)) return true;
  for (let reason: Reason | undefined = entry.reason; reason !== undefined; reason = reason.cause) {
    if (reason.kind === 'config' && isWithin(reason.key, subject)) return true;
  }
  return false;
}

/** `berth.services.web.image` is within `berth.services.web`. */
function isWithin(key: string, prefix: string): boolean {
  return key === prefix || (key.startsWith(prefix) && /^[.[]/.test(key.slice(prefix.length)));
}

/** Where a subject may be declared, likeliest first. */
function keysOf(subject: string, service: string | undefined): string[] {
  if (service !== undefined) return [`berth.services.${service}`, 'berth.enable'];
  if (subject === osSubject) return ['berth.update'];
  const [kind, name] = subject.split('/', 2);
  if (name === undefined) return [subject];
  return [`berth.${kind ?? ''}s.${name}`, name];
}

function describeNow(subject: string, status: HostStatus): string | undefined {
  for (const { name, state, detail } of status.services) {
    if (name === subject || `service/${name}` === subject) return sentence(state, detail);
  }
  for (const { name, state, detail } of status.engines) {
    if (`engine/${name}` === subject) return sentence(state, detail);
  }
  const release = status.machine?.release ?? null;
  if (subject === osSubject && release !== null)
    return sentence(release.version, release.isBlessed ? 'blessed' : 'on trial');
  const skipped = status.skipped.find((step) => step.subject === subject || step.key === subject);
  return skipped === undefined ? undefined : `skipped: ${skipped.why}`;
}

function sentence(state: string, detail: string): string {
  return detail === '' ? state : `${state}: ${detail}`;
}
