import { filterNames, testNames } from './known-names.ts';
import { TemplateFailure, type TemplateNode } from './library.ts';

const statements: ReadonlySet<string> = new Set([
  ...['Program', 'If', 'For', 'Set', 'Macro', 'Comment', 'CallStatement', 'FilterStatement'],
]);

/**
 * The tree with every expression whose text goes into the result marked as `Output`. Pure. Throws TemplateFailure for what
 * the library knows and Jinja does not.
 */
export function outputTree(node: TemplateNode): TemplateNode {
  checkNames(node, false);
  return marked(node);
}

function marked(node: TemplateNode): TemplateNode {
  const entries = Object.entries(node).map(([field, value]): [string, unknown] => {
    return [field, bodies.has(field) && Array.isArray(value) ? value.map(outputNode) : value];
  });
  return Object.fromEntries(entries) as unknown as TemplateNode;
}

function outputNode(node: TemplateNode): TemplateNode {
  return statements.has(node.type) ? marked(node) : { type: 'Output', expression: node };
}

const bodies: ReadonlySet<string> = new Set(['body', 'alternate', 'defaultBlock']);
const conditions: ReadonlySet<string> = new Set(['If', 'Ternary', 'SelectExpression']);

/** Jinja refuses an unknown filter or test while it reads; below a condition (`isLate`) only where one is come to. */
function checkNames(value: unknown, isLate: boolean): void {
  if (Array.isArray(value)) for (const entry of value) checkNames(entry, isLate);
  else if (value instanceof Map) for (const entry of value) checkNames(entry, isLate);
  else if (isNode(value)) {
    const { type } = value;
    if (type === 'Break' || type === 'Continue') throw new TemplateFailure(`there is no ${type.toLowerCase()} here`);
    if (!isLate || type === 'FilterStatement') checkName(value);
    for (const [field, inner] of Object.entries(value)) {
      // What a loop, a macro and a block of another kind have in them is read at once again.
      const isOwn = statements.has(type) && type !== 'Program' && bodies.has(field);
      checkNames(inner, conditions.has(type) || (isLate && !isOwn));
    }
  }
}

/** Throws TemplateFailure for a filter or test that Jinja has not. */
export function checkName(node: TemplateNode): void {
  const { type, test } = node;
  if (type.startsWith('Filter') && !filterNames.has(filterName(node)))
    throw new TemplateFailure(`there is no filter "${filterName(node)}"`);
  if (type !== 'TestExpression' || !isNode(test)) return;
  if (!testNames.has(String(test['value']))) throw new TemplateFailure(`there is no test "${String(test['value'])}"`);
}

/** `upper` of `name | upper` and of `name | upper()`. */
export function filterName({ filter }: TemplateNode): string {
  if (!isNode(filter)) return '';
  const name = filter.type === 'CallExpression' ? filter['callee'] : filter;
  return isNode(name) ? String(name['value']) : '';
}

/** The same with another name. */
export function withFilterName(node: TemplateNode, value: string): TemplateNode {
  const { filter } = node;
  if (!isNode(filter)) return node;
  const named = filter.type === 'CallExpression' ? { ...filter, callee: { type: 'Identifier', value } } : undefined;
  return { ...node, filter: named ?? { ...filter, value } };
}

export function isNode(value: unknown): value is TemplateNode {
  return typeof value === 'object' && value !== null && typeof (value as TemplateNode).type === 'string';
}
