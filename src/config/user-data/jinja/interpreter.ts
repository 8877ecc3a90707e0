import { filterAliases, listFilters, textFilters } from './known-names.ts';
import { library, type Scope, TemplateFailure, type TemplateNode, type TemplateValue } from './library.ts';
import { pythonText } from './python-text.ts';
import { filterName, isNode, withFilterName } from './tree.ts';

/** What cloud-init writes where a name is not known. */
const missingPrefix = 'CI_MISSING_JINJA_VAR/';

/**
 * Jinja as cloud-init sets it up: a name that is not known is written as such, nothing can be taken out of one, and values
 * have the text that Python gives them.
 */
export class TemplateInterpreter extends library.Interpreter {
  /** Names that are not known and stand in the result, as the template has them. */
  readonly missing = new Set<string>();
  readonly #names = new WeakMap<TemplateValue, string>();

  /** Throws TemplateFailure, and what the library throws. */
  override evaluate(node: TemplateNode | undefined, scope: Scope): TemplateValue {
    switch (node?.type) {
      case 'Known':
        return node['value'] as TemplateValue;
      case 'Output':
        return this.#string(this.#text(this.#part(node, 'expression', scope)), scope);
      case 'Identifier':
        return this.#named(super.evaluate(node, scope), node);
      case 'SelectExpression':
        return this.#selected(super.evaluate(node, scope));
      case 'MemberExpression':
        return this.#member(node, scope);
      case 'BinaryExpression':
        return this.#binary(node, scope);
      case 'FilterExpression':
        return this.#filter(node, scope);
      case 'For':
        return super.evaluate(this.#loop(node, scope), scope);
      default:
        return super.evaluate(node, scope);
    }
  }

  #part(node: TemplateNode, field: string, scope: Scope): TemplateValue {
    return this.evaluate(node[field] as TemplateNode, scope);
  }

  #named(value: TemplateValue, node: TemplateNode): TemplateValue {
    const name = nameOf(node);
    if (isUndefined(value) && name !== undefined) this.#names.set(value, name);
    return value;
  }

  /** What `"a" if no` comes to without an else: it has no text at all. */
  #selected(value: TemplateValue): TemplateValue {
    if (isUndefined(value) && !this.#names.has(value)) this.#names.set(value, '');
    return value;
  }

  #member(node: TemplateNode, scope: Scope): TemplateValue {
    const object = this.#part(node, 'object', scope);
    if (isUndefined(object)) throw new TemplateFailure(`"${this.#names.get(object) ?? 'a name'}" is not known`);
    return this.#named(super.evaluate({ ...node, object: known(object) }, scope), node);
  }

  #binary(node: TemplateNode, scope: Scope): TemplateValue {
    const operator = String((node['operator'] as TemplateValue).value);
    if (operator === 'and' || operator === 'or') return super.evaluate(node, scope);
    const left = this.#part(node, 'left', scope);
    const right = this.#part(node, 'right', scope);
    if (operator === '~') return this.#string(this.#text(left) + this.#text(right), scope);
    if (operator === '==' || operator === '!=') return boolean(isEqual(left, right) === (operator === '=='), scope);
    if (operator === '+' && isString(left) !== isString(right))
      throw new TemplateFailure('a text and what is none cannot be added: write "~"');
    if (isUndefined(left) && operator.endsWith('in')) return boolean(operator !== 'in', scope);
    return super.evaluate({ ...node, left: known(left), right: known(right) }, scope);
  }

  #filter(given: TemplateNode, scope: Scope): TemplateValue {
    const name = filterName(given);
    const node = withFilterName(given, filterAliases.get(name) ?? name);
    const operand = this.#part(node, 'operand', scope);
    const taken = isUndefined(operand) ? this.#filtered(operand, name, scope) : operand;
    // A filter may find nothing, such as the first of no entries.
    const result = super.evaluate({ ...node, operand: known(taken) }, scope) as TemplateValue | undefined;
    return result ?? super.evaluate(undefined, scope);
  }

  /** What a filter takes in the place of a name that is not known. */
  #filtered(operand: TemplateValue, name: string, scope: Scope): TemplateValue {
    if (textFilters.has(name)) return this.#string(this.#text(operand), scope);
    if (listFilters.has(name)) return super.evaluate(list([]), scope);
    if (filterAliases.get(name) === 'default' || name === 'default') return operand;
    throw new TemplateFailure(`"${this.#names.get(operand) ?? 'a name'}" is not known`);
  }

  /** Over a name that is not known there is nothing to go; over a text, its characters. */
  #loop(node: TemplateNode, scope: Scope): TemplateNode {
    const given = node['iterable'] as TemplateNode;
    const isSelected = given.type === 'SelectExpression';
    const value = this.evaluate(isSelected ? (given['lhs'] as TemplateNode) : given, scope);
    const entries = isUndefined(value)
      ? list([])
      : isString(value)
        ? list(Array.from(pythonText(value)))
        : known(value);
    return { ...node, iterable: isSelected ? { ...given, lhs: entries } : entries };
  }

  #string(value: string, scope: Scope): TemplateValue {
    return super.evaluate({ type: 'StringLiteral', value }, scope);
  }

  #text(value: TemplateValue): string {
    if (!isUndefined(value)) return pythonText(value);
    const name = this.#names.get(value) ?? 'None';
    if (name === '') return '';
    this.missing.add(name);
    return missingPrefix + (name.split('.').at(-1) ?? name);
  }
}

function known(value: TemplateValue): TemplateNode {
  return { type: 'Known', value };
}

function list(items: readonly string[]): TemplateNode {
  return { type: 'ArrayLiteral', value: items.map((value) => ({ type: 'StringLiteral', value })) };
}

function boolean(value: boolean, scope: Scope): TemplateValue {
  return new library.Interpreter().evaluate({ type: 'Identifier', value: value ? 'true' : 'false' }, scope);
}

function isUndefined({ type }: TemplateValue): boolean {
  return type === 'UndefinedValue';
}

function isString({ type }: TemplateValue): boolean {
  return type === 'StringValue';
}

const numbers: ReadonlySet<string> = new Set(['IntegerValue', 'FloatValue', 'BooleanValue']);

function isEqual(left: TemplateValue, right: TemplateValue): boolean {
  if (numbers.has(left.type) && numbers.has(right.type)) return Number(left.value) === Number(right.value);
  return left.type === right.type && pythonText(left) === pythonText(right);
}

/** `ds.meta_data.region`, also where a part is given in brackets; undefined for what has no name. */
function nameOf(node: TemplateNode): string | undefined {
  if (node.type === 'Identifier') return String(node['value']);
  const { object, property } = node;
  if (node.type !== 'MemberExpression' || !isNode(object) || !isNode(property)) return undefined;
  const isNamed = property.type === (node['computed'] === true ? 'StringLiteral' : 'Identifier');
  const before = nameOf(object);
  return isNamed ? `${before === undefined ? '' : `${before}.`}${String(property['value'])}` : before;
}
