import { filterAliases, listFilters, textFilters } from './known-names.ts';
import { library, type Scope, TemplateFailure, type TemplateNode, type TemplateValue } from './library.ts';
import {
  boolean,
  isComparison,
  isEqual,
  isNumber,
  isString,
  isUndefined,
  known,
  list,
  nameOf,
  untupled,
} from './nodes.ts';
import { type FilterArguments, pythonFilter, pythonMethod } from './python-filters.ts';
import { listMethod, printedWith, repeated, textMethod, withoutMethod } from './python-methods.ts';
import { pythonText } from './python-text.ts';
import { checkName, filterName, isNode, withFilterName } from './tree.ts';

/** Parts evaluated: one that does not end is to take no more memory than time. */
const mostSteps = 200_000;
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
  /** What a mapping's methods gave, by its type in Python. */
  readonly #views = new WeakMap<TemplateValue, string>();
  #steps = 0;

  /** Throws TemplateFailure, and what the library throws. */
  override evaluate(node: TemplateNode | undefined, scope: Scope): TemplateValue {
    this.#steps += 1;
    if (this.#steps > mostSteps) throw new TemplateFailure(`it takes more than ${mostSteps} steps`);
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
      case 'FilterStatement': {
        const body = super.evaluate({ type: 'Program', body: node['body'] }, scope);
        return this.#filter({ ...node, type: 'FilterExpression', operand: known(body) }, scope);
      }
      case 'TestExpression':
        checkName(node);
        return super.evaluate(node, scope);
      case 'CallExpression':
        return this.#call(node, scope);
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
    if (isComparison(node) && isComparison(node['left'])) return this.#chain(node, node['left'], scope);
    const left = this.#part(node, 'left', scope);
    const right = this.#part(node, 'right', scope);
    if (operator === '~') return this.#string(this.#text(left) + this.#text(right), scope);
    if (operator === '==' || operator === '!=') return boolean(isEqual(left, right) === (operator === '=='), scope);
    if (operator === '+' && isString(left) !== isString(right))
      throw new TemplateFailure('a text and what is none cannot be added: write "~"');
    const own = operator === '*' ? repeated(left, right) : undefined;
    if (own !== undefined) return super.evaluate(own, scope);
    if (operator === '%' && isString(left)) return super.evaluate(printedWith(left, right), scope);
    if (isUndefined(left) && operator.endsWith('in')) return boolean(operator !== 'in', scope);
    const [dividend, divisor] = [left, right].map(({ value }) => Number(value));
    if (operator === '%' && isNumber(left) && isNumber(right) && dividend !== undefined && divisor !== undefined) {
      if (divisor === 0) throw new TemplateFailure('a number is divided by zero');
      // Python's remainder has the divisor's sign.
      return this.#remainder(((dividend % divisor) + divisor) % divisor, left, right, scope);
    }
    return super.evaluate({ ...node, left: known(left), right: known(right) }, scope);
  }

  /** `1 < x < 3`: both hold. */
  #chain(node: TemplateNode, left: TemplateNode, scope: Scope): TemplateValue {
    const middle = this.#part(left, 'right', scope);
    const first = this.evaluate({ ...left, right: known(middle) }, scope);
    return first.value === true ? this.evaluate({ ...node, left: known(middle) }, scope) : first;
  }

  #remainder(value: number, left: TemplateValue, right: TemplateValue, scope: Scope): TemplateValue {
    const isFraction = left.type === 'FloatValue' || right.type === 'FloatValue';
    return super.evaluate({ type: isFraction ? 'FloatLiteral' : 'IntegerLiteral', value }, scope);
  }

  /** A method of a text or mapping that the library has in another way. */
  #call(node: TemplateNode, scope: Scope): TemplateValue {
    const { callee } = node;
    if (isNode(callee) && callee.type === 'Identifier' && isUndefined(this.evaluate(callee, scope)))
      throw new TemplateFailure(`there is no function "${String(callee['value'])}"`);
    if (!isNode(callee) || callee.type !== 'MemberExpression' || callee['computed'] === true)
      return super.evaluate(node, scope);
    const object = this.#part(callee, 'object', scope);
    const name = isNode(callee['property']) ? String(callee['property']['value']) : '';
    const own = this.#ownMethod(name, object, node, scope);
    if (own !== undefined) return this.evaluate(own, scope);
    const method = { ...callee, object: known(object) };
    if (!isUndefined(object) && isUndefined(super.evaluate(method, scope))) throw withoutMethod(name);
    const result = super.evaluate({ ...node, callee: method }, scope);
    const isView = object.type === 'ObjectValue' && ['items', 'keys', 'values'].includes(name);
    return isView ? this.#view(name, result, scope) : result;
  }

  #ownMethod(name: string, object: TemplateValue, node: TemplateNode, scope: Scope): TemplateNode | undefined {
    const given = node['args'] as readonly TemplateNode[];
    if (given.some(({ type }) => type === 'KeywordArgumentExpression' || type.includes('Spread'))) return undefined;
    if (object.type !== 'ArrayValue' && !isString(object)) return undefined;
    const args = given.map((argument) => this.evaluate(argument, scope));
    if (!isString(object)) return listMethod(name, object.value as TemplateValue[], args);
    return pythonMethod(name, pythonText(object), args) ?? textMethod(name, pythonText(object), args);
  }

  /** What a mapping's `items()` gives: pairs that are tuples, and a text of its own. */
  #view(name: string, value: TemplateValue, scope: Scope): TemplateValue {
    const view = name === 'items' ? this.#tuples(value, scope) : value;
    this.#views.set(view, `dict_${name}`);
    return view;
  }

  #tuples(pairs: TemplateValue, scope: Scope): TemplateValue {
    const tuples = (pairs.value as readonly TemplateValue[]).map(({ value }) => ({
      type: 'TupleLiteral',
      value: (value as readonly TemplateValue[]).map(known),
    }));
    return super.evaluate({ type: 'ArrayLiteral', value: tuples }, scope);
  }

  #filter(given: TemplateNode, scope: Scope): TemplateValue {
    checkName(given);
    const name = filterName(given);
    const node = withFilterName(given, filterAliases.get(name) ?? name);
    const operand = this.#part(node, 'operand', scope);
    const taken = isUndefined(operand) ? this.#filtered(operand, name, scope) : operand;
    // A filter may find nothing, such as the first of no entries.
    const own = pythonFilter(name, taken, this.#arguments(node, scope), (value) => this.#text(value));
    if (own !== undefined) return this.evaluate(own, scope);
    const result = super.evaluate({ ...node, operand: known(taken) }, scope) as TemplateValue | undefined;
    const isPairs = result !== undefined && taken.type === 'ObjectValue' && (name === 'items' || name === 'dictsort');
    return isPairs ? this.#tuples(result, scope) : (result ?? super.evaluate(undefined, scope));
  }

  #arguments({ filter }: TemplateNode, scope: Scope): FilterArguments {
    const given = isNode(filter) && filter.type === 'CallExpression' ? (filter['args'] as readonly TemplateNode[]) : [];
    const positional = given.filter(({ type }) => type !== 'KeywordArgumentExpression' && !type.includes('Spread'));
    const named = given.filter(({ type }) => type === 'KeywordArgumentExpression');
    return {
      positional: positional.map((argument) => this.evaluate(argument, scope)),
      named: new Map(
        named.map((argument) => [
          String((argument['key'] as TemplateNode)['value']),
          this.#part(argument, 'value', scope),
        ]),
      ),
    };
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
    const isTaken = (node['loopvar'] as TemplateNode).type === 'TupleLiteral';
    const entries = isUndefined(value)
      ? list([])
      : isString(value)
        ? list(Array.from(pythonText(value)))
        : isTaken && Array.isArray(value.value)
          ? untupled(value.value as readonly TemplateValue[])
          : known(value);
    return { ...node, iterable: isSelected ? { ...given, lhs: entries } : entries };
  }

  #string(value: string, scope: Scope): TemplateValue {
    return super.evaluate({ type: 'StringLiteral', value }, scope);
  }

  #text(value: TemplateValue): string {
    const view = this.#views.get(value);
    if (view !== undefined) return `${view}(${pythonText(value)})`;
    if (!isUndefined(value)) return pythonText(value);
    const name = this.#names.get(value) ?? 'None';
    if (name === '') return '';
    this.missing.add(name);
    return missingPrefix + (name.split('.').at(-1) ?? name);
  }
}
