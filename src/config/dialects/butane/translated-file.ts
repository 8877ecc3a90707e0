import { type Diagnostic, formatPath } from '../../../core/diagnostic.ts';
import type { Place } from '../../place.ts';
import type { TextPosition } from '../../yaml-source.ts';
import type { SourcePosition } from '../dialect.ts';
import type { IgnitionReading } from '../ignition/read.ts';
import { readTranslated } from './read-translated.ts';
import { originOf } from './traced.ts';
import type { ButaneTranslation } from './translate.ts';

/** A Butane file as Ignition, and what stands in it. */
export class TranslatedFile {
  readonly file: string;
  readonly translation: ButaneTranslation;
  readonly reading: IgnitionReading | undefined;

  constructor(file: string, translation: ButaneTranslation) {
    this.file = file;
    this.translation = translation;
    this.reading = readTranslated(translation);
  }

  get root(): Place {
    return this.translation.root;
  }

  /** @param place of the Ignition config. */
  position({ path }: Place): SourcePosition {
    const { ignition, offsets } = this.translation;
    return { file: this.file, ...offsets.positionOf(ignition === undefined ? [] : originOf(ignition, path), 'key') };
  }

  /** Of every value of the text, by its formatted path. */
  positions(): Iterable<readonly [string, TextPosition]> {
    return this.translation.offsets.positions();
  }

  diagnostics(): Diagnostic[] {
    return butaneDiagnostics(this.translation, this.file);
  }
}

/** What was found in a text, with its places; what both Butane and Ignition say of a value is said once. */
export function butaneDiagnostics({ problems, offsets }: ButaneTranslation, file: string): Diagnostic[] {
  const decimal = new Set<string>();
  return problems.flatMap(({ path, severity, code, message, hint, at, position }) => {
    const { line, column } = position ?? offsets.positionOf(path, at);
    const shown = formatPath(path);
    if (code === 'decimal-mode' && decimal.has(shown)) return [];
    if (code === 'decimal-mode') decimal.add(shown);
    return [{ file, line, column, path: shown, severity, code, message, hint: hint ?? null }];
  });
}
