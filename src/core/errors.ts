/** Stable error codes. Callers branch on the code, never on the message. */
export type ErrorCode =
  | 'CONFIG_INVALID'
  | 'CONFIG_UNREADABLE'
  | 'DATASOURCE_UNREADABLE'
  | 'DATASOURCE_UNREACHABLE'
  | 'ENGINE_UNREACHABLE'
  | 'ENGINE_START_FAILED'
  | 'ENGINE_REFUSED'
  | 'ENGINE_CONFLICT'
  | 'IMAGE_NOT_FOUND'
  | 'IMAGE_PULL_FAILED'
  | 'PORT_TAKEN'
  | 'DISK_FULL'
  | 'HOST_REFUSED'
  | 'NOT_FOUND'
  | 'SERVICE_UNKNOWN'
  | 'RELEASE_REFUSED'
  | 'RELEASE_UNREACHABLE'
  | 'STORE_CORRUPT'
  | 'AGENT_UNREACHABLE'
  | 'AGENT_RUNNING'
  | 'BUSY'
  | 'UNSUPPORTED'
  | 'USAGE'
  | 'CANCELLED';

export interface BerthErrorOptions {
  readonly cause?: unknown;
  /** True when trying again later may succeed without anybody changing anything. */
  readonly retryable?: boolean;
  /** Typed facts for logs and JSON output. Never a secret. */
  readonly details?: Readonly<Record<string, unknown>>;
  /** What the person should do next. */
  readonly hint?: string;
}

/** An expected failure, described well enough to decide whether to retry and what to tell a person. */
export class BerthError extends Error {
  override readonly name = 'BerthError';
  readonly code: ErrorCode;
  readonly retryable: boolean;
  readonly details: Readonly<Record<string, unknown>>;
  readonly hint: string | undefined;

  constructor(code: ErrorCode, message: string, options: BerthErrorOptions = {}) {
    super(message, { cause: options.cause });
    this.code = code;
    this.retryable = options.retryable ?? false;
    this.details = options.details ?? {};
    this.hint = options.hint;
  }
}

/** True for a {@link BerthError}, of the given code when one is named. */
export function isBerthError(error: unknown, code?: ErrorCode): error is BerthError {
  return error instanceof BerthError && (code === undefined || error.code === code);
}

/** The message of anything thrown, for a ledger line or a status text. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
