import type { TemplateNode, TemplateValue } from './library.ts';
import { printed } from './python-format.ts';
import { pythonJson } from './python-json.ts';
import { pythonText } from './python-text.ts';

/** What stands in a filter's brackets. */
export interface FilterArguments {
  readonly positional: readonly TemplateValue[];
  readonly named: ReadonlyMap<string, TemplateValue>;
}

/**
 * What a filter of Jinja makes of a value, as a node that comes to it, for filters that the library has in another way or not
 * for all values; undefined for the others. Pure. Throws TemplateFailure.
 * @param textOf the text of a value within, which may be that of a name that is not known.
 */
export function pythonFilter(
  name: string,
  operand: TemplateValue,
  { positional, named }: FilterArguments,
  textOf: (value: TemplateValue) => string,
): TemplateNode | undefined {
  const isText = operand.type === 'StringValue';
  switch (name) {
    case 'tojson':
      return text(pythonJson(operand, numberOf(positional[0] ?? named.get('indent'))));
    case 'string':
      return text(pythonText(operand));
    case 'capitalize':
      return isText ? text(capitalized(pythonText(operand))) : undefined;
    case 'title':
      return isText ? text(titled(pythonText(operand), /[-\s({[<]+/)) : undefined;
    case 'list': {
      const items = itemsOf(operand);
      return items === undefined ? undefined : { type: 'ArrayLiteral', value: items };
    }
    case 'join': {
      const items = itemsOf(operand);
      if (items === undefined || named.has('attribute') || positional.length > 1) return undefined;
      const separator = positional[0] ?? named.get('d');
      const values = items.map(({ type, value }) =>
        type === 'Known' ? textOf(value as TemplateValue) : String(value),
      );
      return text(values.join(separator === undefined ? '' : pythonText(separator)));
    }
    case 'int':
    case 'float':
      return numberIn(operand, name, positional[0] ?? named.get('default'));
    case 'format':
      return isText && named.size === 0 ? text(printed(String(operand.value), positional)) : undefined;
    case 'round':
      return rounded(operand, positional[0] ?? named.get('precision'), positional[1] ?? named.get('method'));
    case 'unique':
      return positional.length + named.size === 0 ? withoutRepeats(operand) : undefined;
    default:
      return undefined;
  }
}

/** What a text's own method makes of it, where the library does it in another way. Pure. */
export function pythonMethod(name: string, value: string, [first]: readonly TemplateValue[]): TemplateNode | undefined {
  switch (name) {
    case 'capitalize':
      return text(capitalized(value));
    case 'title':
      return text(titled(value, /[^\p{L}]+/u));
    case 'strip':
    case 'lstrip':
    case 'rstrip':
      return first?.type === 'StringValue' ? text(stripped(value, new Set(String(first.value)), name)) : undefined;
    default:
      return undefined;
  }
}

function stripped(value: string, characters: ReadonlySet<string>, name: 'strip' | 'lstrip' | 'rstrip'): string {
  const all = Array.from(value);
  const stays = (character: string): boolean => !characters.has(character);
  const start = name === 'rstrip' ? 0 : all.findIndex(stays);
  const end = name === 'lstrip' ? all.length : all.findLastIndex(stays) + 1;
  return start === -1 ? '' : all.slice(start, end).join('');
}

function text(value: string): TemplateNode {
  return { type: 'StringLiteral', value };
}

function capitalized(value: string): string {
  const [first = '', ...rest] = value;
  return first.toUpperCase() + rest.join('').toLowerCase();
}

function titled(value: string, between: RegExp): string {
  return value
    .split(new RegExp(`(${between.source})`, between.flags))
    .map(capitalized)
    .join('');
}

/** What a loop over a value goes over; undefined for what has no entries. */
function itemsOf({ type, value }: TemplateValue): TemplateNode[] | undefined {
  if (type === 'StringValue') return Array.from(String(value), text);
  if (type === 'ArrayValue' || type === 'TupleValue')
    return (value as readonly TemplateValue[]).map((item) => ({ type: 'Known', value: item }));
  return type === 'ObjectValue' ? [...(value as ReadonlyMap<string, unknown>).keys()].map(text) : undefined;
}

/** The library takes a number out of any text that begins with one, and rounds down. */
function numberIn(
  { type, value }: TemplateValue,
  name: 'int' | 'float',
  fallback: TemplateValue | undefined,
): TemplateNode | undefined {
  const whole = (number: number): TemplateNode =>
    name === 'int' ? { type: 'IntegerLiteral', value: Math.trunc(number) } : { type: 'FloatLiteral', value: number };
  if (type === 'FloatValue' && Number.isFinite(value)) return whole(Number(value));
  if (type !== 'StringValue') return undefined;
  const given = String(value).trim();
  const isNumber = /^[+-]?(\d+(_\d+)*|(\d+\.?\d*|\.\d+)(e[+-]?\d+)?)$/i.test(given);
  if (isNumber) return whole(Number(given.replaceAll('_', '')));
  return fallback === undefined ? whole(0) : { type: 'Known', value: fallback };
}

/** A fraction unless a whole number is rounded the common way; halves go to the even number, as in Python. */
function rounded(
  { type, value }: TemplateValue,
  precision: TemplateValue | undefined,
  method: TemplateValue | undefined,
): TemplateNode | undefined {
  if (type !== 'FloatValue' && type !== 'IntegerValue') return undefined;
  const scale = 10 ** Number(precision?.value ?? 0);
  const scaled = Number(value) * scale;
  const lower = Math.floor(scaled);
  const isHalf = scaled - lower === 0.5;
  const common = isHalf ? lower + (lower % 2 === 0 ? 0 : 1) : Math.round(scaled);
  const round = method?.value === 'ceil' ? Math.ceil(scaled) : method?.value === 'floor' ? lower : common;
  const isWhole = type === 'IntegerValue' && (method === undefined || method.value === 'common');
  return { type: isWhole ? 'IntegerLiteral' : 'FloatLiteral', value: round / scale };
}

/** Texts that differ in letter case only are one. */
function withoutRepeats({ type, value }: TemplateValue): TemplateNode | undefined {
  if (type !== 'ArrayValue') return undefined;
  const seen = new Set<unknown>();
  const items = (value as readonly TemplateValue[]).filter((item) => {
    const key = item.type === 'StringValue' ? String(item.value).toLowerCase() : pythonText(item);
    return !seen.has(key) && seen.add(key);
  });
  return { type: 'ArrayLiteral', value: items.map((item) => ({ type: 'Known', value: item })) };
}

function numberOf(value: TemplateValue | undefined): number | undefined {
  return value?.type === 'IntegerValue' ? Number(value.value) : undefined;
}
