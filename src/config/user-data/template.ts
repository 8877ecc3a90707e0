import { runInNewContext } from 'node:vm';
import { compareText } from '../../core/compare-text.ts';
import { messageOf } from '../../core/errors.ts';
import { isMapping } from '../shape.ts';
import { TemplateInterpreter } from './jinja/interpreter.ts';
import { library, type Scope, TemplateFailure } from './jinja/library.ts';
import { librarySource } from './jinja/source.ts';
import { outputTree } from './jinja/tree.ts';

export { TemplateFailure } from './jinja/library.ts';

export interface Rendered {
  readonly text: string;
  /** Names that the data does not have, as the template has them. */
  readonly missing: readonly string[];
}

/** How long a template may take: one that does not end must not keep a host from booting. */
const defaultLimitMs = 2000;
const maxLength = 4 * 2 ** 20;
/** The most numbers that Jinja's `range` gives. */
const maxRange = 100_000;

/**
 * A text whose first line is `## template: jinja`, filled in; that line stays as a blank one, so that the others keep their
 * numbers. The template's language has no way to JavaScript. Pure. Throws TemplateFailure.
 */
export function renderTemplate(
  text: string,
  data: Readonly<Record<string, unknown>>,
  limitMs = defaultLimitMs,
): Rendered {
  const body = text.replace(/^\ufeff?\s*##\s*template:[^\n]*/i, '');
  try {
    // The line end after a block goes, blanks before it stay, as in cloud-init.
    const source = librarySource(body.replace(/\r\n?/g, '\n'));
    const tree = outputTree(library.parse(library.tokenize(source, { trim_blocks: true })));
    const interpreter = new TemplateInterpreter();
    const render = (): unknown => interpreter.evaluate(tree, scopeOf(data)).value;
    // The time limit holds for whatever is called from within.
    const rendered: unknown = runInNewContext('render()', { render }, { timeout: limitMs });
    if (typeof rendered !== 'string' || rendered.length > maxLength)
      throw new TemplateFailure(`it comes to more than ${maxLength} characters`);
    return { text: body.endsWith('\n') ? `${rendered}\n` : rendered, missing: [...interpreter.missing] };
  } catch (error) {
    if (error instanceof TemplateFailure) throw error;
    const isTimeOver = Reflect.get(Object(error), 'code') === 'ERR_SCRIPT_EXECUTION_TIMEOUT';
    throw new TemplateFailure(isTimeOver ? `it takes longer than ${limitMs / 1000} s` : messageOf(error));
  }
}

function scopeOf(data: Readonly<Record<string, unknown>>): Scope {
  const scope = new library.Environment();
  const words = { true: true, True: true, false: false, False: false, none: null, None: null, range };
  for (const [name, value] of Object.entries({ ...withAliases(data), ...words })) {
    if (name !== 'namespace') scope.set(name, value);
  }
  return scope;
}

function range(first: number, end?: number, step = 1): number[] {
  const [from, to] = end === undefined ? [0, first] : [first, end];
  const length = Math.max(0, Math.ceil((to - from) / step));
  if (!(length <= maxRange)) throw new TemplateFailure(`a range of more than ${maxRange} numbers`);
  return Array.from({ length }, (_, index) => from + index * step);
}

/** Those of Jinja (`operator_re` of its lexer). */
const operators = /\/\/|\*\*|[=!<>]=|[-+/*%~[\](){}<>=.:|,;]/g;

/**
 * The data as templates see it: in the order of its names, each with operators in it (`-`, `.`) followed by one with `_`, which
 * is how a template can name it; what is in lists stays as it is (cloud-init's convert_jinja_instance_data).
 */
function withAliases(data: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const entries = Object.entries(data).toSorted(([a], [b]) => compareText(a, b));
  return Object.fromEntries(
    entries.flatMap(([key, value]) => {
      const inner = isMapping(value) ? withAliases(value) : value;
      return [key, key.replaceAll(operators, '_')].map((name) => [name, inner] as const);
    }),
  );
}
