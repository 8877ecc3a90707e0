import type { Diagnostic, Severity } from '../core/diagnostic.ts';

/** A diagnostic on a whole document of a seed. */
export function seedProblem(
  file: string,
  severity: Severity,
  code: string,
  message: string,
  hint?: string,
): Diagnostic {
  return { file, line: 0, column: 0, path: '', severity, code, message, hint: hint ?? null };
}

/** Text of a document: UTF-8; bytes that are none become U+FFFD. */
export function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
