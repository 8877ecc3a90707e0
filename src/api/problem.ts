import { BerthError, type ErrorCode, isBerthError, messageOf } from '../core/errors.ts';

/** `application/problem+json` (RFC 9457) with Berth's own members from `code` on. */
export interface ProblemDocument {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: ErrorCode | 'INTERNAL';
  readonly hint: string | null;
  readonly retryable: boolean;
  readonly details: Readonly<Record<string, unknown>>;
}

export const problemType = 'application/problem+json';

/** The HTTP status of each error code. */
export const statusOfCode: Readonly<Record<ErrorCode, number>> = {
  CONFIG_INVALID: 422,
  CONFIG_UNREADABLE: 422,
  DATASOURCE_UNREADABLE: 422,
  DATASOURCE_UNREACHABLE: 503,
  ENGINE_UNREACHABLE: 503,
  ENGINE_START_FAILED: 503,
  ENGINE_REFUSED: 502,
  HOST_REFUSED: 502,
  ENGINE_CONFLICT: 409,
  IMAGE_NOT_FOUND: 404,
  IMAGE_PULL_FAILED: 502,
  PORT_TAKEN: 409,
  DISK_FULL: 507,
  NOT_FOUND: 404,
  SERVICE_UNKNOWN: 404,
  RELEASE_REFUSED: 502,
  RELEASE_UNREACHABLE: 503,
  STORE_CORRUPT: 500,
  AGENT_UNREACHABLE: 503,
  AGENT_RUNNING: 409,
  BUSY: 409,
  UNSUPPORTED: 501,
  USAGE: 400,
  CANCELLED: 499,
};

/** Describes anything thrown. What is not a {@link BerthError} is a bug: its message is told, its stack is not. */
export function toProblem(error: unknown): ProblemDocument {
  const known = isBerthError(error) ? error : undefined;
  const status = known === undefined ? statusOfForeign(error) : statusOfCode[known.code];
  const code = known?.code ?? (status < 500 ? 'USAGE' : 'INTERNAL');
  return {
    type: `urn:berth:error:${code}`,
    title: titleOf(code),
    status,
    detail: messageOf(error),
    code,
    hint: known?.hint ?? null,
    retryable: known?.retryable ?? false,
    details: known?.details ?? {},
  };
}

/** The other direction, for clients. */
export function fromProblem(problem: ProblemDocument): Error {
  if (problem.code === 'INTERNAL') return new Error(`the agent failed: ${problem.detail}`);
  return new BerthError(problem.code, problem.detail, {
    retryable: problem.retryable,
    details: problem.details,
    ...(problem.hint === null ? {} : { hint: problem.hint }),
  });
}

/** `SERVICE_UNKNOWN` → `Service unknown`. */
function titleOf(code: string): string {
  return `${code.slice(0, 1)}${code.slice(1).toLowerCase().replaceAll('_', ' ')}`;
}

/** A request may be wrong in a way for which HTTP has a status and we have no code: express marks such errors so. */
function statusOfForeign(error: unknown): number {
  const status = typeof error === 'object' && error !== null && 'status' in error ? error.status : undefined;
  return typeof status === 'number' && status >= 400 && status < 500 ? status : 500;
}
