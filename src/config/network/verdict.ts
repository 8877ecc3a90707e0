import type { SourceFile, Verdict } from '../dialects/dialect.ts';
import { type Finding, findingsOf, toDiagnostics, wholeText, yamlDiagnostics } from '../rule/judge.ts';
import { isPythonMap, PythonFloat, type PythonMap, type PythonValue, showPython } from '../rule/python-value.ts';
import { readPythonYaml } from '../rule/python-yaml.ts';
import { fields } from '../rule/rule.ts';
import { networkRule1, networkRule2 } from './schema.ts';

/**
 * What `cloud-init schema --schema-type network-config` says about a network configuration, where netplan is not installed.
 * Pure; never throws.
 */
export function judgeNetworkConfig({ file, text }: SourceFile): Verdict {
  if (text === '')
    return { diagnostics: [wholeText(file, 'info', 'empty', 'is empty, so it declares nothing')], isOpen: false };
  const yaml = readPythonYaml(text);
  if (yaml.value === undefined) return { diagnostics: yamlDiagnostics(file, yaml), isOpen: false };
  return { diagnostics: toDiagnostics(file, yaml, findings(yaml.value)), isOpen: true };
}

function findings(value: PythonValue): Finding[] {
  if (!isPythonMap(value)) return [wrongType([], value)];
  const inner = value.get('network') ?? (value.has('network') ? null : value);
  // Nothing declared is not looked at.
  if (isEmpty(inner)) return [];
  if (!isPythonMap(inner)) return [wrongType(['network'], inner)];
  const isFirst = isOne(inner.get('version'));
  const rule = isFirst ? networkRule1 : networkRule2;
  // The content stands by itself, or under "network" and nothing else beside: one of both is out of the question.
  const found = findingsOf(value.has('network') ? fields({ network: rule }) : rule, value);
  if (isFirst) return found;
  return found.map((finding) => (finding.code === 'unknown-key' ? { hint: netplanHint, ...finding } : finding));
}

const netplanHint = "netplan may have it; cloud-init's own rules, which count where netplan is not installed, have not";

function wrongType(path: readonly string[], value: PythonValue): Finding {
  return { severity: 'error', path, code: 'wrong-type', message: `expected a mapping, found ${showPython(value)}` };
}

function isEmpty(value: PythonValue | PythonMap): boolean {
  if (isPythonMap(value)) return value.size === 0;
  if (Array.isArray(value) || typeof value === 'string' || value instanceof Uint8Array) return value.length === 0;
  return value === null || value === false || numberOf(value) === 0;
}

/** Python's `== 1`: true and 1.0 are equal to it. The text is not, and is no version either way: it was meant as one. */
function isOne(value: PythonValue | undefined): boolean {
  return value === true || value === '1' || numberOf(value) === 1;
}

function numberOf(value: PythonValue | undefined): number | undefined {
  if (typeof value === 'number') return value;
  return value instanceof PythonFloat ? value.value : undefined;
}
