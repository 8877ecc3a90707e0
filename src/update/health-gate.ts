import { messageOf } from '../core/errors.ts';

/**
 * How much a check counts: `required` must hold; `wanted` is told and keeps nobody back; `baseline` must hold where it did
 * before the update.
 */
export type CheckLevel = 'required' | 'wanted' | 'baseline';

/** What one look at the host found. */
export interface CheckResult {
  readonly name: string;
  readonly level: CheckLevel;
  readonly holds: boolean;
  /** What was seen, or what is missing, in a few words. */
  readonly detail: string;
}

/** Something that a well host does. */
export interface HealthCheck {
  readonly name: string;
  readonly level: CheckLevel;
  /** Looks now. What it throws counts as not holding. */
  readonly look: (signal: AbortSignal) => Promise<Pick<CheckResult, 'holds' | 'detail'>>;
}

/** A check that takes longer does not hold. */
const limitMs = 20_000;

/** Looks at all of them at once. */
export async function lookAt(checks: readonly HealthCheck[], signal: AbortSignal): Promise<CheckResult[]> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(limitMs)]);
  return Promise.all(
    checks.map(async ({ name, level, look }) => {
      const late = new Promise<never>((_, reject) =>
        limit.addEventListener('abort', () => reject(new Error(`no answer in ${limitMs / 1000} s`)), { once: true }),
      );
      const found = await Promise.race([look(limit), late]).catch((error: unknown) => {
        return { holds: false, detail: messageOf(error) };
      });
      return { name, level, ...found };
    }),
  );
}

/**
 * The checks that keep a release from being blessed; none: the gate is open. Pure.
 * @param baseline names of the baseline checks that held under the last blessed release.
 */
export function blockers(results: readonly CheckResult[], baseline: ReadonlySet<string>): CheckResult[] {
  return results.filter(
    ({ name, level, holds }) => !holds && (level === 'required' || (level === 'baseline' && baseline.has(name))),
  );
}
