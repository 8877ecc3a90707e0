import { isMapping } from '../config/shape.ts';
import { readYaml } from '../config/yaml-source.ts';
import { type Diagnostic, formatPath } from '../core/diagnostic.ts';
import type { MetaData } from './datasource.ts';
import { seedProblem, textOf } from './seed-problem.ts';

export const noMetaData: MetaData = { publicKeys: [], raw: {} };

/** A document that is a mapping, in YAML or JSON; undefined when it is none, which is reported. Pure. */
export function readMapping(
  file: string,
  bytes: Uint8Array,
  report: (diagnostic: Diagnostic) => void,
): Readonly<Record<string, unknown>> | undefined {
  const yaml = readYaml(textOf(bytes), { rulesOf: () => 'cloud-init' });
  for (const { position, path, severity, code, message, hint } of yaml.problems)
    report({ file, ...position, path: formatPath(path), severity, code, message, hint: hint ?? null });
  if (isMapping(yaml.data)) return yaml.data;
  if (yaml.data === null) return {};
  if (yaml.data !== undefined) report(seedProblem(file, 'error', 'wrong-type', 'is not a mapping of keys to values'));
  return undefined;
}

/** SSH keys as datasources write them: a list, one text with lines, or a mapping from a name to either. Pure. */
export function publicKeysOf(value: unknown): string[] {
  if (typeof value === 'string')
    return value
      .split('\n')
      .map((line) => line.trim())
      .filter(isKeyLine);
  if (Array.isArray(value)) return value.flatMap(publicKeysOf);
  if (!isMapping(value)) return [];
  return Object.values(value).flatMap((entry) => publicKeysOf(isMapping(entry) ? entry['openssh-key'] : entry));
}

function isKeyLine(line: string): boolean {
  return line !== '' && !line.startsWith('#');
}

/** A text that is not empty. Pure. */
export function textValue(value: unknown): string | undefined {
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' && value.trim() !== '' ? value.trim() : undefined;
}
