import { BerthError } from '../../core/errors.ts';

/**
 * Why signed data is refused. `mix-and-match`: a file is not the one that another file names. `expired`: whoever serves it
 * may be holding newer ones back.
 */
export type Refusal = 'malformed' | 'threshold' | 'rollback' | 'expired' | 'mix-and-match' | 'oversized' | 'missing';

/** What a later try may bring right by itself: a server may be in the middle of publishing, a cache may be stale. */
const passing: ReadonlySet<Refusal> = new Set(['expired', 'mix-and-match', 'missing']);

/** The error for signed data that does not hold. `role` is a role of the metadata or the name of a file. */
export function refuse(refusal: Refusal, role: string, message: string, cause?: unknown, hint?: string): BerthError {
  return new BerthError('RELEASE_REFUSED', `${role}: ${message}`, {
    cause,
    ...(hint === undefined ? {} : { hint }),
    retryable: passing.has(refusal),
    details: { refusal, role },
  });
}
