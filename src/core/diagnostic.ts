export type Severity = 'error' | 'warning' | 'info';

/** A path into a document: mapping keys and sequence indexes, outermost first. */
export type DocumentPath = readonly (string | number)[];

/** Something wrong at a path of a value, before it is known where in a file that value stood. */
export interface Problem {
  readonly path: DocumentPath;
  readonly severity: Severity;
  /** Stable, kebab-case: `unknown-key`, `wrong-type`, `invalid-value`, `unsupported`. */
  readonly code: string;
  readonly message: string;
  readonly hint?: string;
  /** Point at the key of the last path element instead of its value. */
  readonly at?: 'key' | 'value';
}

/** A problem with its place in the text. The JSON form of `berth validate --json`. */
export interface Diagnostic {
  readonly file: string;
  /** 1-based; 0 when the whole file is meant. */
  readonly line: number;
  readonly column: number;
  /** Dotted key path: `berth.services.web.ports[0]`; empty for the document itself. */
  readonly path: string;
  readonly severity: Severity;
  readonly code: string;
  readonly message: string;
  readonly hint: string | null;
}

/** `['berth', 'ports', 0]` → `berth.ports[0]`; keys with dots or spaces are quoted. */
export function formatPath(path: DocumentPath): string {
  let text = '';
  for (const part of path) {
    if (typeof part === 'number') text += `[${part}]`;
    else if (/^[\w-]+$/.test(part)) text += text === '' ? part : `.${part}`;
    else text += `["${part}"]`;
  }
  return text;
}

/** `file:line:column: severity: message`, for where a line is all there is. */
export function diagnosticLine({ file, line, column, severity, message }: Diagnostic): string {
  return `${line === 0 ? file : `${file}:${line}:${column}`}: ${severity}: ${message}`;
}
