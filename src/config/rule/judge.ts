import { type Diagnostic, type DocumentPath, formatPath, type Severity } from '../../core/diagnostic.ts';
import { checkRule, ValidatorFailure } from './check-rule.ts';
import type { PythonValue } from './python-value.ts';
import type { PythonYaml } from './python-yaml.ts';
import type { Rule } from './rule.ts';

/** Something found at a path of a document. */
export interface Finding {
  readonly severity: Severity;
  readonly path: DocumentPath;
  readonly code: string;
  readonly message: string;
  readonly hint?: string;
  readonly at?: 'key';
}

/** What a rule says of a value: errors, and warnings for what is deprecated. Pure; never throws. */
export function findingsOf(rule: Rule, value: PythonValue): Finding[] {
  try {
    return checkRule(rule, value).map(({ kind, ...fault }) => ({
      ...fault,
      severity: kind === 'error' ? 'error' : 'warning',
    }));
  } catch (error) {
    if (!(error instanceof ValidatorFailure)) throw error;
    return [{ severity: 'error', path: error.path, code: 'key-not-text', message: error.message, at: 'key' }];
  }
}

/** Findings with their places in the text. */
export function toDiagnostics(file: string, yaml: PythonYaml, findings: readonly Finding[]): Diagnostic[] {
  return findings.map(({ severity, path, code, message, hint = null, at }) => ({
    file,
    ...yaml.positionOf(path, at),
    path: formatPath(path),
    severity,
    code,
    message,
    hint,
  }));
}

/** Why a text is no YAML to PyYAML. */
export function yamlDiagnostics(file: string, { problems }: PythonYaml): Diagnostic[] {
  return problems.map(({ position, path, severity, code, message, hint = null }) => ({
    file,
    ...position,
    path: formatPath(path),
    severity,
    code,
    message,
    hint,
  }));
}

/** A finding about a text as a whole. */
export function wholeText(file: string, severity: Severity, code: string, message: string, hint?: string): Diagnostic {
  return { file, line: 1, column: 1, path: '', severity, code, message, hint: hint ?? null };
}
