import { runInNewContext } from 'node:vm';
import * as jinja from '@huggingface/jinja';
import { messageOf } from '../../core/errors.ts';
import { isMapping } from '../shape.ts';

/** A template that cannot be filled in. */
export class TemplateFailure extends Error {
  override readonly name = 'TemplateFailure';
}

export interface Rendered {
  readonly text: string;
  /** Names that the data does not have, as the template has them. */
  readonly missing: readonly string[];
}

/** What is used of the library; its own types name files that a resolver of modules does not find. */
const { Template, parse, tokenize } = jinja as unknown as {
  readonly Template: new (text: string) => { parsed: unknown; render(data: object): string };
  readonly parse: (tokens: unknown) => unknown;
  readonly tokenize: (text: string, options: { readonly trim_blocks: boolean }) => unknown;
};

/** How long a template may take: one that does not end must not keep a host from booting. */
const defaultLimitMs = 2000;
const maxLength = 4 * 2 ** 20;
/** What cloud-init writes where a name is not known. */
const missingPrefix = 'CI_MISSING_JINJA_VAR/';

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
  const missing = new Set<string>();
  try {
    const filled = markMissing(body, data, missing);
    const template = new Template('');
    // The line end after a block goes, blanks before it stay, as in cloud-init.
    template.parsed = parse(tokenize(filled, { trim_blocks: true }));
    // The time limit holds for whatever is called from within.
    const rendered: unknown = runInNewContext(
      'render()',
      { render: () => template.render(withAliases(data)) },
      { timeout: limitMs },
    );
    if (typeof rendered !== 'string' || rendered.length > maxLength)
      throw new TemplateFailure(`it comes to more than ${maxLength} characters`);
    return { text: body.endsWith('\n') ? `${rendered}\n` : rendered, missing: [...missing] };
  } catch (error) {
    throw error instanceof TemplateFailure ? error : new TemplateFailure(messageOf(error));
  }
}

/** A plain `{{ name.of.something }}` that is not known says so in the result, as in cloud-init. */
function markMissing(body: string, data: Readonly<Record<string, unknown>>, missing: Set<string>): string {
  const locals = new Set(
    [...body.matchAll(/\{%-?\s*(?:for|set|macro)\s+([\w\s,]+?)(?:\s+in\b|\s*=|\()/g)].flatMap(([, names = '']) =>
      names.split(/[\s,]+/),
    ),
  );
  return body.replace(/\{\{-?\s*([A-Za-z_][\w]*(?:\.[A-Za-z_][\w]*)*)\s*-?\}\}/g, (whole, name: string) => {
    if (locals.has(name.split('.', 1)[0] ?? '') || name === 'loop' || name.startsWith('loop.')) return whole;
    if (lookUp(withAliases(data), name.split('.')) !== undefined) return whole;
    missing.add(name);
    return `${missingPrefix}${name.split('.').at(-1)}`;
  });
}

function lookUp(data: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((at, part) => (isMapping(at) && Object.hasOwn(at, part) ? at[part] : undefined), data);
}

/** Every name with `-` also has one with `_`, which is how a template can name it. */
function withAliases(value: unknown): Record<string, unknown> {
  const alias = (entry: unknown): unknown => {
    if (Array.isArray(entry)) return entry.map(alias);
    if (!isMapping(entry)) return entry;
    const entries = Object.entries(entry).map(([key, inner]) => [key, alias(inner)] as const);
    const extra = entries.filter(([key]) => key.includes('-')).map(([key, inner]) => [key.replaceAll('-', '_'), inner]);
    return Object.fromEntries([...extra, ...entries]) as Record<string, unknown>;
  };
  return alias(value) as Record<string, unknown>;
}
