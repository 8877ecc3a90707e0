import { type Diagnostic, formatPath, type Problem } from '../../../core/diagnostic.ts';
import { emptyHostConfig } from '../../host-config.ts';
import { type JsonSource, readJson } from '../../json/json-source.ts';
import { Place } from '../../place.ts';
import type { TextPosition } from '../../yaml-source.ts';
import type { Dialect, DialectResult, SourceFile } from '../dialect.ts';
import { readIgnition } from './read.ts';

/** Longer texts are refused unread; OpenShift's configs, the largest that are seen, have some hundred kB. */
const maxLength = 4 * 2 ** 20;

/** Ignition's JSON, of the versions 2.0 to the newest. */
export const ignition = {
  name: 'ignition',
  title: 'an Ignition config (JSON)',
  recognises: (text: string) => /^\s*\{/.test(text) && /"ignition(version)?"\s*:/i.test(text),
  parse,
} as const satisfies Dialect;

function parse(files: readonly SourceFile[]): DialectResult {
  const diagnostics: Diagnostic[] = [];
  for (const { file, text } of files) {
    const json: JsonSource = readJson(text, maxLength);
    const report = (problem: Problem, at?: TextPosition): void => {
      const { path, severity, code, message, hint } = problem;
      const { line, column } = at ?? json.positionOf(path, problem.at);
      diagnostics.push({ file, line, column, path: formatPath(path), severity, code, message, hint: hint ?? null });
    };
    for (const { position, ...problem } of json.problems) report(problem, position);
    if (json.problems.length === 0) readIgnition(json.data, new Place([], report));
  }
  return { config: emptyHostConfig, diagnostics, sources: () => new Map() };
}
