import { type ConfigChange, diffConfigs } from '../config/diff.ts';
import { emptyHostConfig, type HostConfig } from '../config/host-config.ts';
import type { Diagnostic } from '../core/diagnostic.ts';
import type { KeyReport, SkippedStep } from '../core/plan.ts';
import { movingStates, type ServiceStatus, settledStates } from '../services/status.ts';

export interface KeyFacts {
  readonly config: HostConfig;
  readonly changes: readonly ConfigChange[];
  readonly services: readonly ServiceStatus[];
  readonly skipped: readonly SkippedStep[];
  readonly diagnostics: readonly Diagnostic[];
  /** Keys that are broken now and keep what the config before said. */
  readonly kept: readonly string[];
  /** Keys that an engine did not take, and why. */
  /** Keys about the machine itself that are not as declared. */
  readonly onMachine?: readonly KeyReport[];
  readonly refused?: { readonly keys: readonly string[]; readonly why: string };
}

/** What became of each declared key: a line each, broken ones first. Pure. */
export function reportKeys(facts: KeyFacts): KeyReport[] {
  const { config, changes, services, skipped, diagnostics, kept, onMachine = [], refused } = facts;
  const reports = new Map<string, KeyReport>();
  for (const { path, message, severity, file, line, column } of diagnostics) {
    if (severity !== 'error') continue;
    const isKept = kept.some((key) => path.startsWith(key) || key.startsWith(path));
    const why = `${file}:${line}:${column}: ${message}${isKept ? ' (the last good value is kept)' : ''}`;
    reports.set(path, { key: path, outcome: 'failed', why });
  }
  for (const report of onMachine) if (!reports.has(report.key)) reports.set(report.key, report);
  for (const key of refused?.keys ?? []) reports.set(key, { key, outcome: 'failed', why: refused?.why ?? '' });
  for (const { key } of diffConfigs(emptyHostConfig, config)) {
    if (!reports.has(key)) reports.set(key, reportOf(key, changes, services, skipped));
  }
  for (const { key, change } of changes) {
    if (change === 'removed' && !reports.has(key)) reports.set(key, { key, outcome: 'changed', why: 'removed' });
  }
  return [...reports.values()];
}

function reportOf(
  key: string,
  changes: readonly ConfigChange[],
  services: readonly ServiceStatus[],
  skipped: readonly SkippedStep[],
): KeyReport {
  const skip = skipped.find((step) => step.key === key || key.startsWith(`${step.key}.`));
  if (skip !== undefined) return { key, outcome: 'skipped', why: skip.why };
  const name = /^berth\.(?:services|enable)\.(.+)$/.exec(key)?.[1];
  const service = services.find((one) => one.name === name);
  if (service !== undefined && !settledStates.has(service.state)) {
    const why = service.detail === '' ? service.state : `${service.state}: ${service.detail}`;
    return { key, outcome: movingStates.has(service.state) ? 'pending' : 'failed', why };
  }
  const mine = changes.filter(
    (change) => change.key === key || change.key.startsWith(`${key}.`) || change.key.startsWith(`${key}[`),
  );
  if (mine.length === 0) return { key, outcome: 'unchanged' };
  const details = mine.map((change) =>
    change.key === key ? change.change : `${change.key.slice(key.length + 1)} ${change.change}`,
  );
  return { key, outcome: 'changed', why: details.join(', ') };
}
