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
  checkNames(node);
  const entries = Object.entries(node).map(([field, value]): [string, unknown] => {
    const isBody = field === 'body' || field === 'alternate' || field === 'defaultBlock';
    return [field, isBody && Array.isArray(value) ? value.map(outputNode) : value];
  });
  return Object.fromEntries(entries) as unknown as TemplateNode;
}

function outputNode(node: TemplateNode): TemplateNode {
  return statements.has(node.type) ? outputTree(node) : { type: 'Output', expression: checked(node) };
}

function checked(node: TemplateNode): TemplateNode {
  checkNames(node);
  return node;
}

/** Jinja refuses an unknown filter or test while it reads. */
function checkNames(value: unknown): void {
  if (Array.isArray(value)) for (const entry of value) checkNames(entry);
  else if (value instanceof Map) for (const entry of value) checkNames(entry);
  else if (isNode(value)) {
    checkName(value);
    for (const inner of Object.values(value)) checkNames(inner);
  }
}

function checkName(node: TemplateNode): void {
  const { type } = node;
  if (type === 'Break' || type === 'Continue') throw new TemplateFailure(`there is no ${type.toLowerCase()} here`);
  if (type.startsWith('Filter') && !filterNames.has(filterName(node)))
    throw new TemplateFailure(`there is no filter "${filterName(node)}"`);
  const { test } = node;
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
