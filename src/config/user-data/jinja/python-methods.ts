import { TemplateFailure, type TemplateNode, type TemplateValue } from './library.ts';
import { known } from './nodes.ts';
import { printed } from './python-format.ts';
import { pythonText } from './python-text.ts';

/** What a text or list may come to. */
const longest = 4 * 2 ** 20;
const mostEntries = 100_000;

/** Methods of Python's texts, lists and mappings, and of Jinja's loops, that are not there below or in the library. */
const elsewhere: ReadonlySet<string> = new Set(
  (
    'casefold center encode expandtabs format_map isascii isdecimal isidentifier isprintable istitle maketrans ljust ' +
    'rfind rindex rjust rpartition rsplit swapcase translate sort cycle changed copy clear update setdefault popitem'
  ).split(' '),
);

/** What a method that the library does not have makes of a text; undefined for the others. Pure. Throws TemplateFailure. */
export function textMethod(name: string, value: string, args: readonly TemplateValue[]): TemplateNode | undefined {
  const [first] = args;
  const given = first === undefined ? '' : pythonText(first);
  const classOf = characterClasses.get(name);
  if (classOf !== undefined) return truth(classOf.test(value));
  switch (name) {
    case 'join':
      return Array.isArray(first?.value)
        ? text(bounded((first.value as readonly TemplateValue[]).map(asText).join(value)))
        : undefined;
    case 'format':
      return text(bounded(filledIn(value, args)));
    case 'zfill': {
      const [, sign = '', digits = ''] = /^([+-]?)(.*)$/s.exec(value) ?? [];
      return text(sign + digits.padStart(lengthIn(first) - sign.length, '0'));
    }
    case 'find':
      return whole(value.indexOf(given));
    case 'index': {
      const at = value.indexOf(given);
      if (at === -1) throw new TemplateFailure('a text is not found in another');
      return whole(at);
    }
    case 'count':
      return whole(given === '' ? value.length + 1 : value.split(given).length - 1);
    case 'splitlines': {
      const lines = value.split(/\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]/);
      return list((lines.at(-1) === '' ? lines.slice(0, -1) : lines).map(text));
    }
    case 'removeprefix':
      return text(value.startsWith(given) ? value.slice(given.length) : value);
    case 'removesuffix':
      return text(given !== '' && value.endsWith(given) ? value.slice(0, -given.length) : value);
    default:
      return undefined;
  }
}

/** The same of a list, which it may change. */
export function listMethod(
  name: string,
  items: TemplateValue[],
  args: readonly TemplateValue[],
): TemplateNode | undefined {
  const [first, second] = args;
  const at = (value: TemplateValue): number => items.findIndex((item) => pythonText(item) === pythonText(value));
  switch (name) {
    case 'append':
      if (first !== undefined) items.push(first);
      break;
    case 'extend':
      if (Array.isArray(first?.value)) items.push(...(first.value as TemplateValue[]).slice(0, mostEntries));
      break;
    case 'insert':
      if (second !== undefined) items.splice(Number(first?.value), 0, second);
      break;
    case 'reverse':
      items.reverse();
      break;
    case 'remove':
      if (first === undefined || at(first) === -1) throw new TemplateFailure('an entry is not in its list');
      items.splice(at(first), 1);
      break;
    case 'pop': {
      const [taken] = items.splice(first === undefined ? -1 : Number(first.value), 1);
      if (taken === undefined) throw new TemplateFailure('an entry is taken out of an empty list');
      return known(taken);
    }
    case 'index':
      if (first === undefined || at(first) === -1) throw new TemplateFailure('an entry is not in its list');
      return whole(at(first));
    case 'count':
      return whole(items.filter((item) => first !== undefined && pythonText(item) === pythonText(first)).length);
    default:
      return undefined;
  }
  if (items.length > mostEntries) throw new TemplateFailure(`a list of more than ${mostEntries} entries`);
  return { type: 'Identifier', value: 'none' };
}

/** `"ab" * 3` and `[0] * 3`; undefined for what is neither. Throws TemplateFailure. */
export function repeated(left: TemplateValue, right: TemplateValue): TemplateNode | undefined {
  const [value, times] = left.type === 'IntegerValue' ? [right, left] : [left, right];
  if (times.type !== 'IntegerValue') return undefined;
  const count = Math.max(0, Number(times.value));
  if (value.type === 'StringValue') {
    const part = String(value.value);
    if (part.length * count > longest) throw new TemplateFailure(`a text of more than ${longest} characters`);
    return text(part.repeat(count));
  }
  if (value.type !== 'ArrayValue') return undefined;
  const items = (value.value as readonly TemplateValue[]).map(known);
  if (items.length * count > mostEntries) throw new TemplateFailure(`a list of more than ${mostEntries} entries`);
  return list(Array.from({ length: count }, () => items).flat());
}

/** `"%s" % value`. Throws TemplateFailure. */
export function printedWith(pattern: TemplateValue, given: TemplateValue): TemplateNode {
  const args = given.type === 'TupleValue' ? (given.value as readonly TemplateValue[]) : [given];
  return text(bounded(printed(String(pattern.value), args)));
}

/** That a value has no such method here; the text says whether it has one in Jinja itself. Pure. */
export function withoutMethod(name: string): TemplateFailure {
  const isElsewhere = elsewhere.has(name);
  return new TemplateFailure(
    isElsewhere ? `the method "${name}" is not currently supported` : `there is no method "${name}"`,
  );
}

const characterClasses: ReadonlyMap<string, RegExp> = new Map([
  ['isdigit', /^\p{Nd}+$/u],
  ['isnumeric', /^\p{N}+$/u],
  ['isalpha', /^\p{L}+$/u],
  ['isalnum', /^[\p{L}\p{N}]+$/u],
  ['isspace', /^\s+$/u],
  ['islower', /^(?=.*\p{Ll})\P{Lu}+$/su],
  ['isupper', /^(?=.*\p{Lu})\P{Ll}+$/su],
]);

/** Python joins texts only. */
function asText(value: TemplateValue): string {
  if (value.type !== 'StringValue') throw new TemplateFailure('what is no text is joined to texts');
  return String(value.value);
}

/** `{}`, `{0}`; a format of a value is left to the host. */
function filledIn(pattern: string, args: readonly TemplateValue[]): string {
  let next = 0;
  return pattern.replace(/\{\{|\}\}|\{(\d*)\}|[{}]/g, (found, index: string | undefined) => {
    if (found === '{{' || found === '}}') return found.slice(1);
    if (index === undefined) throw new TemplateFailure('such a format is not currently supported');
    const value = args[index === '' ? next++ : Number(index)];
    if (value === undefined) throw new TemplateFailure('a format has more places than values');
    return pythonText(value);
  });
}

function lengthIn(value: TemplateValue | undefined): number {
  return Math.min(Number(value?.value ?? 0), longest);
}

function bounded(value: string): string {
  if (value.length > longest) throw new TemplateFailure(`a text of more than ${longest} characters`);
  return value;
}

const text = (value: string): TemplateNode => ({ type: 'StringLiteral', value });
const whole = (value: number): TemplateNode => ({ type: 'IntegerLiteral', value });
const truth = (value: boolean): TemplateNode => ({ type: 'Identifier', value: String(value) });
const list = (value: readonly TemplateNode[]): TemplateNode => ({ type: 'ArrayLiteral', value });
