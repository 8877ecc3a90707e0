import { type Diagnostic, formatPath, type Problem } from '../../../core/diagnostic.ts';
import { emptyHostConfig } from '../../host-config.ts';
import { type JsonSource, readJson } from '../../json/json-source.ts';
import { Place } from '../../place.ts';
import type { TextPosition } from '../../yaml-source.ts';
import { translateForIgnition } from '../butane/for-ignition.ts';
import { isButane } from '../butane/recognise.ts';
import { TranslatedFile } from '../butane/translated-file.ts';
import type { Dialect, DialectContext, DialectResult, SourceFile, SourcePosition } from '../dialect.ts';
import { foreignLanguage } from '../foreign.ts';
import { declareConfigs } from './declare.ts';
import { type IgnitionReading, readIgnition } from './read.ts';
import { maxConfigLength } from './resolve.ts';
import { versionOf } from './version.ts';

/** Ignition's JSON, of all versions; and Butane where Ignition translates it itself. */
export const ignition = {
  name: 'ignition',
  title: 'Ignition',
  // Butane may be written as JSON, too.
  recognises: (text: string) => /^\s*\{/.test(text) && /"ignition(version)?"\s*:/i.test(text) && !isButane(text),
  endings: ['.ign'],
  parse,
} as const satisfies Dialect;

/** A file as JSON, and what stands in it. */
class ParsedFile {
  readonly file: string;
  readonly json: JsonSource;
  readonly root: Place;
  readonly reading: IgnitionReading | undefined;

  constructor({ file, text }: SourceFile, report: (diagnostic: Diagnostic) => void) {
    this.file = file;
    this.json = readJson(text, maxConfigLength);
    const at = (problem: Problem): TextPosition => this.json.positionOf(problem.path, problem.at);
    this.root = new Place([], (problem) => report(toDiagnostic(file, at(problem), problem)));
    const language = foreignLanguage(text);
    const hint =
      language === undefined || /^\s*\{/.test(text) ? {} : { hint: `Ignition is JSON, and this is ${language}` };
    for (const { position, ...problem } of this.json.problems)
      report(toDiagnostic(file, position, { ...hint, ...problem }));
    this.reading = this.json.problems.length > 0 ? undefined : readIgnition(this.json.data, this.root);
  }

  position(place: Place): SourcePosition {
    return { file: this.file, ...this.json.positionOf(place.path, 'key') };
  }

  positions(): Iterable<readonly [string, TextPosition]> {
    return this.json.positions();
  }
}

/** True for a Butane config that is no Ignition config. */
function isButaneOnly(text: string): boolean {
  if (!isButane(text)) return false;
  const { data, problems } = readJson(text, maxConfigLength);
  return problems.length > 0 || versionOf(data, new Place([], () => undefined)) === undefined;
}

function toDiagnostic(file: string, { line, column }: TextPosition, problem: Problem): Diagnostic {
  const { path, severity, code, message, hint } = problem;
  return { file, line, column, path: formatPath(path), severity, code, message, hint: hint ?? null };
}

/** All or nothing: one error, and nothing of any of the files is declared. A later file is merged over an earlier one. */
function parse(files: readonly SourceFile[], context: Pick<DialectContext, 'isCompletedLater'> = {}): DialectResult {
  const found: Diagnostic[] = [];
  const parsed = files.map((file) =>
    isButaneOnly(file.text)
      ? new TranslatedFile(file.file, translateForIgnition(file.text))
      : new ParsedFile(file, (diagnostic) => found.push(diagnostic)),
  );
  const draft = declareConfigs(
    parsed.map(({ reading }) => reading),
    context,
  );
  const translated = parsed.filter((file) => file instanceof TranslatedFile);
  const diagnostics = [...found, ...translated.flatMap((file) => file.diagnostics())];
  if (draft === undefined) return { config: emptyHostConfig, diagnostics, sources: () => new Map() };
  let sources: ReadonlyMap<string, SourcePosition> | undefined;
  return { config: draft.config, diagnostics, sources: () => (sources ??= sourcesOf(parsed, draft.named)) };
}

function sourcesOf(
  parsed: readonly (ParsedFile | TranslatedFile)[],
  named: ReadonlyMap<string, Place>,
): Map<string, SourcePosition> {
  const sources = new Map<string, SourcePosition>();
  for (const file of parsed)
    for (const [path, position] of file.positions()) sources.set(path, { file: file.file, ...position });
  for (const [key, place] of named) {
    const owner = parsed.find(({ root }) => root.sameDocument(place));
    if (owner !== undefined) sources.set(key, owner.position(place));
  }
  return sources;
}
