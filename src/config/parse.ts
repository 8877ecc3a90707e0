import { compareText } from '../core/compare-text.ts';
import type { Diagnostic } from '../core/diagnostic.ts';
import type { Dialect, DialectContext, SourceFile, SourcePosition } from './dialects/dialect.ts';
import { foreignLanguage } from './dialects/foreign.ts';
import { type DialectName, dialects } from './dialects/table.ts';
import { emptyHostConfig, type HostConfig } from './host-config.ts';
import type { LocalFiles } from './local-files.ts';
import { overlayConfigs } from './overlay.ts';
import { passwordHasher } from './password.ts';

export interface ParseOptions {
  /** Variables for `${NAME}` in Compose values; the config's own `berth.environment` goes over them. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Names of the catalogue's services; without them, names under `berth.enable` are not checked. */
  readonly catalogue?: readonly string[];
  /** The language of the files; default `auto`: each one's own first line tells. */
  readonly dialect?: DialectName | 'auto';
  /** This host's secret for the salts of clear-text passwords; without it such a password opens no account. */
  readonly passwordSeed?: string;
  /** The local files that a Butane config may take in. */
  readonly localFiles?: LocalFiles | undefined;
  /** True: what the files refer to on servers is taken in before they are applied. Default false: they cannot be applied then. */
  readonly isCompletedLater?: boolean;
}

export interface ParseResult {
  /** What could be understood; `emptyHostConfig` when a text could not be read at all. */
  readonly config: HostConfig;
  /** Sorted by file, line and column. */
  readonly diagnostics: readonly Diagnostic[];
  /** Formatted key path (`hostname`, `users[0]`, `users.ops`, `berth.services.web`) → where it was declared. */
  readonly sources: () => ReadonlyMap<string, SourcePosition>;
}

/**
 * Reads config files as one host config, a later file over an earlier one; neighbours in one language are merged as that language
 * has it. Pure; never throws, whatever the text.
 */
export function parseConfig(files: readonly SourceFile[], options: ParseOptions = {}): ParseResult {
  const { dialect = 'auto' } = options;
  const groups: { readonly row: Dialect; readonly files: SourceFile[] }[] = [];
  const unknown: Diagnostic[] = [];
  for (const file of files) {
    const row = recognise(file, dialect);
    const group = groups.at(-1);
    if (row === undefined) unknown.push(unrecognised(file));
    else if (group?.row === row) group.files.push(file);
    else groups.push({ row, files: [file] });
  }
  if (unknown.length > 0 || groups.length === 0) return refusal(unknown);
  const context = contextOf(options);
  const results = groups.map((group) => group.row.parse(group.files, context));
  return {
    config: results.map(({ config }) => config).reduce(overlayConfigs),
    diagnostics: sortDiagnostics(results.flatMap(({ diagnostics }) => diagnostics)),
    sources: () => new Map(results.flatMap(({ sources }) => [...sources()])),
  };
}

/** What a config may refer to, as the caller knows it. */
export function contextOf(options: ParseOptions): DialectContext {
  const { environment = {}, catalogue, passwordSeed, localFiles, isCompletedLater = false } = options;
  const hashPassword = passwordSeed === undefined ? () => undefined : passwordHasher(passwordSeed);
  return { environment, catalogue, hashPassword, localFiles, isCompletedLater };
}

/**
 * The texts with a hash in the place of every clear-text password: what may be stored. They mean the same, and sealing
 * them again changes nothing. Pure; never throws.
 */
export function sealPasswords<T extends SourceFile>(files: readonly T[], passwordSeed: string): T[] {
  const hash = passwordHasher(passwordSeed);
  return files.map((file) => {
    const seal = recognise(file, 'auto')?.seal;
    return seal === undefined ? file : { ...file, text: seal(file.text, hash) };
  });
}

/** True when a diagnostic of severity error names the file: it must not be applied as it is. */
export function rejected(diagnostics: readonly Diagnostic[], file: string): boolean {
  return diagnostics.some((diagnostic) => diagnostic.severity === 'error' && diagnostic.file === file);
}

/** The language that a file is read in when none is named; undefined when it is in none. */
export function dialectOf(file: SourceFile): DialectName | undefined {
  return rowOf(file)?.name;
}

/** By file, line and column; what stands at one place keeps its order. */
export function sortDiagnostics(diagnostics: readonly Diagnostic[]): Diagnostic[] {
  return diagnostics.toSorted((a, b) => compareText(a.file, b.file) || a.line - b.line || a.column - b.column);
}

/** The language of a file: the one asked for, or the first that recognises it. */
export function recognise(file: SourceFile, dialect: DialectName | 'auto'): Dialect | undefined {
  return dialect === 'auto' ? rowOf(file) : dialects.find(({ name }) => name === dialect);
}

/** By the end of its name, where only one language has that; else by what stands in it. */
function rowOf({ file, text }: SourceFile): (Dialect & { readonly name: DialectName }) | undefined {
  const rows: readonly (Dialect & { readonly name: DialectName })[] = dialects;
  const isNamed = (ending: string): boolean => file.endsWith(ending);
  return rows.find(({ endings }) => endings?.some(isNamed)) ?? rows.find((row) => row.recognises(text, file));
}

/** Why a file is in no language that is read here. */
export function unrecognised(file: SourceFile): Diagnostic {
  const titles = dialects.map(({ title }) => title).join(', ');
  if (file.text.trim() === '') return wholeFile(file, 'empty', `is empty; this version reads ${titles}`, null);
  const language = foreignLanguage(file.text);
  if (language !== undefined) {
    return wholeFile(file, 'unsupported-language', `is ${language}; this version reads ${titles} only`, null);
  }
  const hint = `the first line of the file must be: ${titles}`;
  return wholeFile(file, 'unknown-language', `is in no language known here; this version reads ${titles}`, hint);
}

function wholeFile({ file }: SourceFile, code: string, message: string, hint: string | null): Diagnostic {
  return { file, line: 1, column: 1, path: '', severity: 'error', code, message, hint };
}

function refusal(diagnostics: readonly Diagnostic[]): ParseResult {
  return { config: emptyHostConfig, diagnostics: sortDiagnostics(diagnostics), sources: () => new Map() };
}
