import { emptyHostConfig } from '../../host-config.ts';
import type { Place } from '../../place.ts';
import type { Dialect, DialectContext, DialectResult, SourceFile, SourcePosition } from '../dialect.ts';
import { declareConfigs } from '../ignition/declare.ts';
import { isButane } from './recognise.ts';
import { translateButane } from './translate.ts';
import { TranslatedFile } from './translated-file.ts';

/** Butane's YAML: translated to Ignition as Butane does, and read as that. */
export const butane = {
  name: 'butane',
  title: 'a Butane config (variant: …)',
  recognises: isButane,
  endings: ['.bu', '.butane', '.fcc'],
  parse,
} as const satisfies Dialect;

/** All or nothing, as Ignition: one error, and nothing of any of the files is declared. A later file goes over an earlier one. */
function parse(files: readonly SourceFile[], context: DialectContext): DialectResult {
  const translated = files.map(({ file, text }) => {
    // What contents look like when they are packed does not matter to what they are.
    const translation = translateButane(text, { files: context.localFiles, compresses: false, target: 'host' });
    return new TranslatedFile(file, translation);
  });
  const draft = declareConfigs(
    translated.map(({ reading }) => reading),
    context,
  );
  const diagnostics = translated.flatMap((file) => file.diagnostics());
  if (draft === undefined) return { config: emptyHostConfig, diagnostics, sources: () => new Map() };
  let sources: ReadonlyMap<string, SourcePosition> | undefined;
  return { config: draft.config, diagnostics, sources: () => (sources ??= sourcesOf(translated, draft.named)) };
}

function sourcesOf(
  translated: readonly TranslatedFile[],
  named: ReadonlyMap<string, Place>,
): Map<string, SourcePosition> {
  const sources = new Map<string, SourcePosition>();
  for (const file of translated)
    for (const [path, position] of file.positions()) sources.set(path, { file: file.file, ...position });
  for (const [key, place] of named) {
    const owner = translated.find(({ root }) => root.sameDocument(place));
    if (owner !== undefined) sources.set(key, owner.position(place));
  }
  return sources;
}
