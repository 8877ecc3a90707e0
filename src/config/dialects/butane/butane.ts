import { type Diagnostic, formatPath } from '../../../core/diagnostic.ts';
import { emptyHostConfig } from '../../host-config.ts';
import type { LocalFiles } from '../../local-files.ts';
import type { Place } from '../../place.ts';
import type { Dialect, DialectContext, DialectResult, SourceFile, SourcePosition } from '../dialect.ts';
import { declareConfigs } from '../ignition/declare.ts';
import type { IgnitionReading } from '../ignition/read.ts';
import { readTranslated } from './read-translated.ts';
import { isButane } from './recognise.ts';
import { originOf } from './traced.ts';
import { type ButaneTranslation, translateButane } from './translate.ts';

/** Butane's YAML: translated to Ignition as Butane does, and read as that. */
export const butane = {
  name: 'butane',
  title: 'a Butane config (variant: …)',
  recognises: isButane,
  endings: ['.bu', '.butane', '.fcc'],
  parse,
} as const satisfies Dialect;

/** A file as Ignition, and what stands in it. */
class TranslatedFile {
  readonly file: string;
  readonly translation: ButaneTranslation;
  readonly reading: IgnitionReading | undefined;

  constructor({ file, text }: SourceFile, localFiles: LocalFiles | undefined) {
    this.file = file;
    // What contents look like when they are packed does not matter to what they are.
    this.translation = translateButane(text, { files: localFiles, compresses: false, target: 'host' });
    this.reading = readTranslated(this.translation);
  }

  /** @param place of the Ignition config. */
  position({ path }: Place): SourcePosition {
    const { ignition, offsets } = this.translation;
    return { file: this.file, ...offsets.positionOf(ignition === undefined ? [] : originOf(ignition, path), 'key') };
  }
}

/** All or nothing, as Ignition: one error, and nothing of any of the files is declared. A later file goes over an earlier one. */
function parse(files: readonly SourceFile[], context: DialectContext): DialectResult {
  const translated = files.map((file) => new TranslatedFile(file, context.localFiles));
  const draft = declareConfigs(
    translated.map(({ reading }) => reading),
    context,
  );
  const diagnostics = translated.flatMap(({ translation, file }) => butaneDiagnostics(translation, file));
  if (draft === undefined) return { config: emptyHostConfig, diagnostics, sources: () => new Map() };
  let sources: ReadonlyMap<string, SourcePosition> | undefined;
  return { config: draft.config, diagnostics, sources: () => (sources ??= sourcesOf(translated, draft.named)) };
}

function sourcesOf(
  translated: readonly TranslatedFile[],
  named: ReadonlyMap<string, Place>,
): Map<string, SourcePosition> {
  const sources = new Map<string, SourcePosition>();
  for (const { file, translation } of translated)
    for (const [path, position] of translation.offsets.positions()) sources.set(path, { file, ...position });
  for (const [key, place] of named) {
    const owner = translated.find(({ translation }) => translation.root.sameDocument(place));
    if (owner !== undefined) sources.set(key, owner.position(place));
  }
  return sources;
}

/** What was found in a text, with its places. */
export function butaneDiagnostics({ problems, offsets }: ButaneTranslation, file: string): Diagnostic[] {
  return problems.map(({ path, severity, code, message, hint, at, position }) => {
    const { line, column } = position ?? offsets.positionOf(path, at);
    return { file, line, column, path: formatPath(path), severity, code, message, hint: hint ?? null };
  });
}
