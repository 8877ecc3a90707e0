import type { Diagnostic, Severity } from '../../core/diagnostic.ts';

/** One part of user-data, unpacked. */
export interface UserDataPart {
  /** How diagnostics name it: the document itself, or `user-data#part-2`, `user-data#setup.sh`. */
  readonly file: string;
  /** As cloud-init names its file: `part-002`, or what its sender called it. */
  readonly name: string;
  /** MIME type, from {@link partTypes} or one that is not known. */
  readonly type: string;
  readonly bytes: Uint8Array;
  /** Merge instructions that came with it beside its text (header `Merge-Type` or `X-Merge-Type`). */
  readonly mergeType?: string;
  /** True when it is the whole document. */
  readonly isWhole: boolean;
}

/** A part's text: UTF-8; bytes that are none become U+FFFD. */
export function textOfPart({ bytes }: Pick<UserDataPart, 'bytes'>): string {
  return new TextDecoder().decode(bytes);
}

/** A diagnostic on a whole part. */
export function partProblem(
  file: string,
  severity: Severity,
  code: string,
  message: string,
  hint?: string,
): Diagnostic {
  return { file, line: 1, column: 1, path: '', severity, code, message, hint: hint ?? null };
}
