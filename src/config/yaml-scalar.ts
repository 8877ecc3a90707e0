import type { Scalar } from 'yaml';

/**
 * How an unquoted YAML scalar becomes a value.
 * `cloud-init`: as PyYAML's safe loader does, which cloud-init uses (YAML 1.1: `yes`, `0644` octal, `22:22` in base 60).
 * `compose`: as go-yaml version 3 does, which Docker Compose uses: only `true` and `false` are booleans, `22:22` is text.
 */
export type ScalarRules = 'cloud-init' | 'compose';

interface TextRule {
  readonly rules: readonly ScalarRules[];
  readonly keepsText: (value: unknown, source: string) => boolean;
}

/** Where the parser's YAML 1.1 result is not what the tool makes of the text: the text is kept. */
const textRules: readonly TextRule[] = [
  // PyYAML leaves the one-letter booleans of YAML 1.1 out.
  { rules: ['cloud-init'], keepsText: (value, source) => typeof value === 'boolean' && /^[yn]$/i.test(source) },
  { rules: ['compose'], keepsText: (value, source) => typeof value === 'boolean' && !/^(true|false)$/i.test(source) },
  { rules: ['compose'], keepsText: (value, source) => typeof value === 'number' && source.includes(':') },
  // PyYAML wants a dot in a float: a hash such as 1e10 stays text.
  {
    rules: ['cloud-init'],
    keepsText: (value, source) => typeof value === 'number' && /^[-+]?\d+e[-+]?\d+$/i.test(source),
  },
  {
    rules: ['cloud-init', 'compose'],
    keepsText: (value) =>
      typeof value === 'number' && (!Number.isFinite(value) || Math.abs(value) > Number.MAX_SAFE_INTEGER),
  },
  { rules: ['cloud-init', 'compose'], keepsText: (value) => value instanceof Date || typeof value === 'symbol' },
];

/** The plain JSON value of a scalar; binary (`!!binary`) is the only value that is not JSON: a Uint8Array. */
export function scalarValue(node: Scalar, rules: ScalarRules): unknown {
  const { value, source } = node;
  if (value instanceof Uint8Array) return new Uint8Array(value);
  if (node.type !== 'PLAIN') return typeof value === 'object' && value !== null ? source : value;
  const text = source ?? '';
  return textRules.some((rule) => rule.rules.includes(rules) && rule.keepsText(value, text)) ? text : value;
}
