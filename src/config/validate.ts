import type { Diagnostic } from '../core/diagnostic.ts';
import { cloudInit } from './dialects/cloud-init/cloud-init.ts';
import { userDataKind } from './dialects/cloud-init/user-data-type.ts';
import type { Dialect, DialectContext, DialectResult, SourceFile, Verdict } from './dialects/dialect.ts';
import { contextOf, type ParseOptions, recognise, sortDiagnostics, unrecognised } from './parse.ts';
import { placeholderHint } from './placeholder.ts';

/** A file that was looked at by itself. */
export interface Validation {
  readonly diagnostics: Diagnostic[];
  /** As a host would read it; absent when nothing is left to read, such as what its language's own validator cannot open. */
  readonly read?: DialectResult;
}

/** What is wrong with one file by itself: {@link validate}, without what was read. */
export function validateConfig(file: SourceFile, options: ParseOptions = {}): Diagnostic[] {
  return validate(file, options).diagnostics;
}

/**
 * Reads one file, and says what is wrong with it by itself. An error is what the language's own validator rejects, and what is
 * wrong in Berth's own block; what that validator accepts and Berth cannot do is a warning. Pure; never throws.
 */
export function validate(file: SourceFile, options: ParseOptions = {}): Validation {
  const { dialect = 'auto' } = options;
  const row = recognise(file, dialect) ?? (dialect === 'auto' && isUserData(file) ? cloudInit : undefined);
  if (row === undefined) return { diagnostics: [unrecognised(file)] };
  const { diagnostics, ...rest } = judge(row, file, contextOf({ ...options, isCompletedLater: true }));
  return { diagnostics: sortDiagnostics(withPlaceholderHints(diagnostics, file)), ...rest };
}

/** A value that is still to be filled in is not told from a wrong one, but by its form. */
function withPlaceholderHints(diagnostics: readonly Diagnostic[], { file, text }: SourceFile): Diagnostic[] {
  let lines: readonly string[] | undefined;
  return diagnostics.map((diagnostic) => {
    const { code, hint, line, column } = diagnostic;
    if (!ofValues.has(code) || diagnostic.file !== file) return diagnostic;
    lines ??= text.split(/\r\n?|\n/);
    const written = lines[line - 1]?.slice(column - 1) ?? '';
    // A value that is a placeholder as a whole has no other advice.
    const placeholder = placeholderHint(hint === null ? written : written.slice(0, 3));
    return placeholder === undefined ? diagnostic : { ...diagnostic, hint: placeholder };
  });
}

const ofValues: ReadonlySet<string> = new Set(['invalid-value', 'wrong-type']);

/** Also what cloud-init takes and no config can be read from, such as a script. */
function isUserData({ text }: SourceFile): boolean {
  return text === '' || userDataKind(text) !== undefined;
}

function judge(row: Dialect, file: SourceFile, context: DialectContext): Validation {
  const verdict = row.judge?.(file);
  if (verdict?.isOpen === false) return { diagnostics: [...verdict.diagnostics] };
  const read = row.parse([file], context);
  return { diagnostics: verdict === undefined ? [...read.diagnostics] : weigh(verdict, read.diagnostics), read };
}

/** What the language's own validator says, and what Berth does: each told once, as severe as it is there. */
function weigh(verdict: Verdict, own: readonly Diagnostic[]): Diagnostic[] {
  const wrong = new Map(verdict.diagnostics.filter(isError).map((diagnostic) => [diagnostic.path, diagnostic]));
  const isSame = (diagnostic: Diagnostic): boolean =>
    isError(diagnostic) || (diagnostic.code === 'unknown-key' && wrong.get(diagnostic.path)?.code === 'unknown-key');
  const isChecked = !verdict.diagnostics.some(({ code }) => code === 'not-checked');
  // A key that stands twice says nothing of its last value, which may be wrong besides.
  const saysWhy = ({ code }: Diagnostic): boolean => code !== 'duplicate-key';
  const known = new Set(own.filter((diagnostic) => isSame(diagnostic) && saysWhy(diagnostic)).map(({ path }) => path));
  return [
    ...verdict.diagnostics.filter((diagnostic) => !isError(diagnostic) || !known.has(diagnostic.path)),
    ...own.map((diagnostic): Diagnostic => {
      if (!isSame(diagnostic)) return diagnostic;
      const isWrong =
        (wrong.has(diagnostic.path) && saysWhy(diagnostic)) ||
        isBerths(diagnostic) ||
        (isChecked && unreadable.has(diagnostic.code));
      return { ...diagnostic, severity: isWrong ? 'error' : 'warning' };
    }),
  ];
}

function isError({ severity }: Diagnostic): boolean {
  return severity === 'error';
}

function isBerths({ path }: Diagnostic): boolean {
  return /^berth(?![\w-])/.test(path);
}

/** What keeps a text from being read at all here is an error wherever the language's validator looks into the text. */
const unreadable: ReadonlySet<string> = new Set(['yaml-syntax', 'too-large', 'too-deep', 'not-text']);
