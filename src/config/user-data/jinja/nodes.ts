import { library, type Scope, type TemplateNode, type TemplateValue } from './library.ts';
import { pythonText } from './python-text.ts';
import { isNode } from './tree.ts';

export function known(value: TemplateValue): TemplateNode {
  return { type: 'Known', value };
}

/** Entries that a loop takes apart: the library does so with lists only. */
export function untupled(entries: readonly TemplateValue[]): TemplateNode {
  const value = entries.map((entry) =>
    entry.type === 'TupleValue'
      ? { type: 'ArrayLiteral', value: (entry.value as readonly TemplateValue[]).map(known) }
      : known(entry),
  );
  return { type: 'ArrayLiteral', value };
}

export function list(items: readonly string[]): TemplateNode {
  return { type: 'ArrayLiteral', value: items.map((value) => ({ type: 'StringLiteral', value })) };
}

export function boolean(value: boolean, scope: Scope): TemplateValue {
  return new library.Interpreter().evaluate({ type: 'Identifier', value: value ? 'true' : 'false' }, scope);
}

export function isUndefined({ type }: TemplateValue): boolean {
  return type === 'UndefinedValue';
}

export function isString({ type }: TemplateValue): boolean {
  return type === 'StringValue';
}

export function isNumber({ type }: TemplateValue): boolean {
  return type === 'IntegerValue' || type === 'FloatValue';
}

const numbers: ReadonlySet<string> = new Set(['IntegerValue', 'FloatValue', 'BooleanValue']);

export function isEqual(left: TemplateValue, right: TemplateValue): boolean {
  if (numbers.has(left.type) && numbers.has(right.type)) return Number(left.value) === Number(right.value);
  return left.type === right.type && pythonText(left) === pythonText(right);
}

const comparisons: ReadonlySet<unknown> = new Set(['<', '<=', '>', '>=', '==', '!=']);

/** True for `a < b`. */
export function isComparison(node: unknown): node is TemplateNode {
  if (!isNode(node) || node.type !== 'BinaryExpression') return false;
  return comparisons.has((node['operator'] as TemplateValue).value);
}

/** `ds.meta_data.region`, also where a part is given in brackets; undefined for what has no name. */
export function nameOf(node: TemplateNode): string | undefined {
  if (node.type === 'Identifier') return String(node['value']);
  const { object, property } = node;
  if (node.type !== 'MemberExpression' || !isNode(object) || !isNode(property)) return undefined;
  const types = node['computed'] === true ? ['StringLiteral', 'IntegerLiteral'] : ['Identifier'];
  const isNamed = types.includes(property.type);
  const before = nameOf(object);
  return isNamed ? `${before === undefined ? '' : `${before}.`}${String(property['value'])}` : before;
}
