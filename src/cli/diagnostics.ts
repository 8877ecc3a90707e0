import type { ConfigText } from '../agent/agent-service.ts';
import type { Diagnostic, Severity } from '../core/diagnostic.ts';
import type { Cli } from './context.ts';
import type { Style } from './style.ts';
import { count } from './text.ts';

/** Each diagnostic as a compiler shows it: place, message, the line with a caret, the hint. */
export function renderDiagnostics(
  diagnostics: readonly Diagnostic[],
  files: readonly ConfigText[],
  style: Style,
): string {
  const lines = new Map(files.map(({ file, text }) => [file, text.split(/\r?\n/)]));
  return diagnostics.map((diagnostic) => renderDiagnostic(diagnostic, lines.get(diagnostic.file), style)).join('\n');
}

/** Says why a config is not taken, as text or JSON. @returns the exit code. */
export function refuseConfig(cli: Cli, files: readonly ConfigText[], diagnostics: readonly Diagnostic[]): number {
  if (cli.flags.json === true) cli.printJson(diagnostics);
  else cli.print(`${renderDiagnostics(diagnostics, files, cli.style)}\n${summarizeDiagnostics(diagnostics)}`);
  return 1;
}

/** `2 errors, 1 warning`; empty when there is nothing. */
export function summarizeDiagnostics(diagnostics: readonly Diagnostic[]): string {
  const numbers = (['error', 'warning', 'info'] as const).map((severity) => {
    const number = diagnostics.filter((diagnostic) => diagnostic.severity === severity).length;
    return number === 0 ? '' : count(number, severity === 'info' ? 'note' : severity);
  });
  return numbers.filter((text) => text !== '').join(', ');
}

function renderDiagnostic(diagnostic: Diagnostic, lines: readonly string[] | undefined, style: Style): string {
  const { file, line, column, severity, message, code, hint } = diagnostic;
  const place = line === 0 ? file : `${file}:${line}:${column}`;
  const word = severity === 'info' ? 'note' : severity;
  const text = [
    `${style.bold(place)}: ${paintSeverity(severity, style)(`${word}:`)} ${message} ${style.dim(`[${code}]`)}`,
  ];
  const source = line === 0 ? undefined : lines?.[line - 1];
  if (source !== undefined && source.trim() !== '') {
    const number = String(line);
    text.push(`  ${style.dim(`${number} |`)} ${source.replaceAll('\t', ' ')}`);
    text.push(
      `  ${style.dim(`${' '.repeat(number.length)} |`)} ${' '.repeat(Math.max(0, column - 1))}${paintSeverity(severity, style)('^')}`,
    );
  }
  if (hint !== null) text.push(`  hint: ${hint}`);
  return text.join('\n');
}

function paintSeverity(severity: Severity, style: Style): (text: string) => string {
  const paints = { error: style.bad, warning: style.warn, info: style.busy } as const;
  return paints[severity];
}
