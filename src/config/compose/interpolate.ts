import { type DocumentPath, formatPath, type Problem } from '../../core/diagnostic.ts';
import { BerthError, isBerthError, messageOf } from '../../core/errors.ts';
import { substitute, type Variables } from './template.ts';

export interface Interpolation {
  readonly value: unknown;
  readonly problems: readonly Problem[];
}

/**
 * Interpolates every text in a tree of plain data; keys are left alone. A text that cannot be interpolated stays as it is
 * and is reported at its path; so is, as a warning, a variable that is not set and has no default. Never throws.
 */
export function interpolate(tree: unknown, variables: Variables, path: DocumentPath = []): Interpolation {
  const problems: Problem[] = [];
  return { value: walk(tree, variables, path, problems), problems };
}

/**
 * As {@link interpolate}, for callers that take all or nothing.
 * @throws BerthError CONFIG_INVALID with the path of the first text that cannot be interpolated.
 */
export function interpolateStrictly(tree: unknown, variables: Variables): unknown {
  const { value, problems } = interpolate(tree, variables);
  const first = problems.find(({ severity }) => severity === 'error');
  if (first !== undefined) throw new BerthError('CONFIG_INVALID', `${formatPath(first.path)}: ${first.message}`);
  return value;
}

function walk(value: unknown, variables: Variables, path: DocumentPath, problems: Problem[]): unknown {
  if (typeof value === 'string') return interpolateText(value, variables, path, problems);
  if (Array.isArray(value))
    return value.map((item: unknown, index) => walk(item, variables, [...path, index], problems));
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, walk(item, variables, [...path, key], problems)]),
  );
}

function interpolateText(text: string, variables: Variables, path: DocumentPath, problems: Problem[]): string {
  if (!text.includes('$')) return text;
  try {
    const { text: result, unset } = substitute(text, variables);
    for (const name of new Set(unset)) {
      const message = `variable ${name} is not set; empty text is used for it`;
      const hint = `write \${${name}:-default} for a default, or $$${name} for the text itself`;
      problems.push({ path, severity: 'warning', code: 'unset-variable', message, hint });
    }
    return result;
  } catch (error) {
    if (!isBerthError(error)) throw error;
    const hint = error.hint === undefined ? {} : { hint: error.hint };
    problems.push({ path, severity: 'error', code: 'invalid-value', message: messageOf(error), ...hint });
    return text;
  }
}
