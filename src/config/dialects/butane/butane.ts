import { type Diagnostic, formatPath } from '../../../core/diagnostic.ts';
import { emptyHostConfig } from '../../host-config.ts';
import type { Dialect, DialectContext, DialectResult, SourceFile } from '../dialect.ts';
import { readTranslated } from './read-translated.ts';
import { type ButaneTranslation, translateButane } from './translate.ts';

/** Butane's YAML: translated to Ignition as Butane does, and read as that. */
export const butane = {
  name: 'butane',
  title: 'a Butane config (variant: …)',
  recognises: (text: string) => /^(?:variant|"variant"|'variant')\s*:/m.test(text.replace(/^\ufeff/, '')),
  parse,
} as const satisfies Dialect;

function parse(files: readonly SourceFile[], { localFiles }: DialectContext): DialectResult {
  const diagnostics: Diagnostic[] = [];
  for (const { file, text } of files) {
    // What contents look like when they are packed does not matter to what they are.
    const translation = translateButane(text, { files: localFiles, compresses: false });
    if (readTranslated(translation)?.config !== undefined) {
      translation.root.warn('unsupported', 'this version checks the config, and does not apply it yet');
    }
    diagnostics.push(...butaneDiagnostics(translation, file));
  }
  return { config: emptyHostConfig, diagnostics, sources: () => new Map() };
}

/** What was found in a text, with its places. */
export function butaneDiagnostics({ problems, offsets }: ButaneTranslation, file: string): Diagnostic[] {
  return problems.map(({ path, severity, code, message, hint, at, position }) => {
    const { line, column } = position ?? offsets.positionOf(path, at);
    return { file, line, column, path: formatPath(path), severity, code, message, hint: hint ?? null };
  });
}
