import type { DocumentPath } from '../../core/diagnostic.ts';
import { didYouMean, keyHints } from '../near-miss.ts';
import { typeHint } from '../type-hint.ts';
import type { Fault } from './fault.ts';
import {
  isPythonList,
  isPythonMap,
  PythonFloat,
  type PythonKey,
  type PythonMap,
  type PythonValue,
  showPython,
  typeNames,
} from './python-value.ts';
import type { Rule } from './rule.ts';

/** The validator itself fails on such a value: whatever the rules say, the document is not valid. */
export class ValidatorFailure extends Error {
  readonly path: DocumentPath;

  constructor(message: string, path: DocumentPath) {
    super(message);
    this.path = path;
  }
}

/**
 * How a value breaks a rule, as python's jsonschema (draft 4) with cloud-init's own `oneOf` and `anyOf` finds it.
 * Empty when it is valid. Throws ValidatorFailure. Pure.
 */
export function checkRule(rule: Rule, value: PythonValue, path: DocumentPath = []): Fault[] {
  const faults: Fault[] = [];
  const typeWords = rule.properties?.['type']?.enum ?? [];
  const error = (code: string, message: string, at: DocumentPath = path, hint?: string): void => {
    const isKey = at.length > path.length;
    faults.push({
      kind: 'error',
      path: at,
      depth: path.length,
      code,
      message,
      typeWords,
      ...(isKey ? { at: 'key' as const } : {}),
      ...(hint === undefined ? {} : { hint }),
    });
  };
  checkType(rule, value, error);
  if (typeof value === 'string' || value instanceof Uint8Array) checkText(rule, value, path, error);
  else if (typeof value === 'number' || typeof value === 'bigint') checkNumber(rule, value, error);
  else if (value instanceof PythonFloat) checkNumber(rule, value.value, error);
  else if (isPythonList(value)) checkList(rule, value, path, error, faults);
  else if (isPythonMap(value)) checkMap(rule, value, path, error, faults);
  for (const part of rule.allOf ?? []) faults.push(...checkRule(part, value, path));
  if (rule.anyOf !== undefined) faults.push(...checkAnyOf(rule.anyOf, value, path));
  if (rule.oneOf !== undefined) faults.push(...checkOneOf(rule.oneOf, value, path));
  if (rule.deprecated !== undefined) {
    const message = `is deprecated: ${rule.deprecated}`;
    faults.push({ kind: 'deprecation', path, depth: path.length, code: 'deprecated', message, typeWords, at: 'key' });
  }
  return faults;
}

type Report = (code: string, message: string, at?: DocumentPath, hint?: string) => void;

function checkType(rule: Rule, value: PythonValue, error: Report): void {
  const own = typeNames(value);
  if (rule.type !== undefined) {
    const wanted = typeof rule.type === 'string' ? [rule.type] : rule.type;
    if (!wanted.some((type) => own.includes(type))) {
      const found = wanted.map((type) => typeTitles[type]).join(' or ');
      error('wrong-type', `expected ${found}, found ${showPython(value)}`, undefined, hintFor(wanted, value));
      return;
    }
  }
  if (rule.enum !== undefined && !rule.enum.some((word) => word === value)) {
    const words = rule.enum.map(String);
    const hint = typeof value === 'string' ? didYouMean(value, words) : undefined;
    const code = typeof value === 'string' ? 'invalid-value' : 'wrong-type';
    error(code, `expected ${wordList(words)}; found ${showPython(value)}`, undefined, hint);
  }
}

function hintFor(wanted: readonly string[], value: PythonValue): string | undefined {
  if (isPythonMap(value) || isPythonList(value) || value === null) return undefined;
  return typeHint(typeof value === 'string' ? value : typeof value === 'boolean' ? value : 0, {
    text: wanted.includes('string'),
    truth: wanted.includes('boolean'),
    number: wanted.includes('integer') || wanted.includes('number'),
    list: wanted.includes('array'),
  });
}

/** More words than people read are not all named. */
function wordList(words: readonly string[]): string {
  if (words.length === 1) return words.join('');
  if (words.length <= 20) return `one of ${words.join(', ')}`;
  return `one of ${words.length} words, such as ${words.slice(0, 3).join(', ')}`;
}

const typeTitles = {
  string: 'text',
  integer: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
  null: 'nothing',
  array: 'a list',
  object: 'a mapping',
} as const;

function checkText(rule: Rule, value: string | Uint8Array, path: DocumentPath, error: Report): void {
  const { pattern, maxLength, format } = rule;
  if (pattern !== undefined) {
    if (typeof value !== 'string')
      throw new ValidatorFailure('binary data where a text of a certain form is expected', path);
    if (!pattern.test(value))
      error(
        'invalid-value',
        `expected text of the form ${pattern.source.replace('\\n?$', '$')}, found ${showPython(value)}`,
      );
  }
  if (maxLength !== undefined && characters(value) > maxLength)
    error('invalid-value', `${showPython(value)} is longer than ${maxLength} characters`);
  if (format === 'date' && typeof value === 'string' && !isDate(value))
    error('invalid-value', `${showPython(value)} is not a date, such as 2030-12-31`);
}

/** Python counts code points, JavaScript halves of surrogate pairs. */
function characters(text: string | Uint8Array): number {
  return typeof text === 'string' ? Array.from(text).length : text.length;
}

/** As python's date.fromisoformat(), of which jsonschema takes the form YYYY-MM-DD only. */
function isDate(text: string): boolean {
  const [, year = '', month = '', day = ''] = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text) ?? [];
  const date = new Date(Date.UTC(2000, Number(month) - 1, Number(day)));
  date.setUTCFullYear(Number(year), Number(month) - 1, Number(day));
  return (
    year !== '' && Number(year) >= 1 && date.getUTCMonth() + 1 === Number(month) && date.getUTCDate() === Number(day)
  );
}

function checkNumber({ minimum, maximum }: Rule, value: number | bigint, error: Report): void {
  if (minimum !== undefined && value < minimum) error('invalid-value', `${value} is less than ${minimum}`);
  if (maximum !== undefined && value > maximum) error('invalid-value', `${value} is more than ${maximum}`);
}

function checkList(
  rule: Rule,
  value: readonly PythonValue[],
  path: DocumentPath,
  error: Report,
  faults: Fault[],
): void {
  const { items, minItems, maxItems, uniqueItems } = rule;
  if (items !== undefined)
    for (const [index, item] of value.entries()) faults.push(...checkRule(items, item, [...path, index]));
  if (minItems !== undefined && value.length < minItems)
    error(
      'invalid-value',
      minItems === 1 ? 'the list is empty' : `the list has ${value.length} items, not at least ${minItems}`,
    );
  if (maxItems !== undefined && value.length > maxItems)
    error('invalid-value', `the list has ${value.length} items, not at most ${maxItems}`);
  if (uniqueItems === true && new Set(value.map(uniqueText)).size < value.length)
    error('duplicate', 'something stands twice in the list');
}

/** Equal for values that python finds equal. */
function uniqueText(value: PythonValue): string {
  if (isPythonMap(value))
    return JSON.stringify([...value].map(([key, entry]) => [String(key), uniqueText(entry)]).sort());
  if (isPythonList(value)) return JSON.stringify(value.map(uniqueText));
  return `${typeof value} ${String(value)}`;
}

function checkMap(rule: Rule, value: PythonMap, path: DocumentPath, error: Report, faults: Fault[]): void {
  const { properties = {}, patternProperties = [], additionalProperties, required = [], minProperties } = rule;
  const known = new Map(Object.entries(properties));
  const hint = keyHints(known.keys());
  for (const [key, entry] of value) {
    const at = [...path, String(key)];
    const own = typeof key === 'string' ? known.get(key) : undefined;
    if (own !== undefined) faults.push(...checkRule(own, entry, at));
    let isKnown = own !== undefined;
    for (const [pattern, item] of patternProperties) {
      if (typeof key !== 'string') throw new ValidatorFailure(`a key must be text; this one is ${showPython(key)}`, at);
      if (!pattern.test(key)) continue;
      isKnown = true;
      faults.push(...checkRule(item, entry, at));
    }
    if (isKnown || additionalProperties === undefined) continue;
    if (additionalProperties === false) {
      error('unknown-key', `unknown key "${shorten(key)}"`, at, typeof key === 'string' ? hint(key) : undefined);
    } else faults.push(...checkRule(additionalProperties, entry, at));
  }
  for (const key of required) if (!value.has(key)) error('missing-key', `"${key}" is missing`);
  if (minProperties !== undefined && value.size < minProperties) error('invalid-value', 'the mapping is empty');
  const { notTogether = [] } = rule;
  if (notTogether.length > 0 && notTogether.every((key) => value.has(key)))
    error('invalid-value', `${notTogether.map((key) => `"${key}"`).join(' and ')} exclude each other`);
}

function shorten(key: PythonKey): string {
  const text = String(key);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

const isError = ({ kind }: Fault): boolean => kind === 'error';

function checkAnyOf(rules: readonly Rule[], value: PythonValue, path: DocumentPath): Fault[] {
  const branches: Fault[][] = [];
  for (const rule of rules) {
    const faults = checkRule(rule, value, path);
    if (!faults.some(isError)) return faults;
    branches.push(faults.filter(isError));
  }
  return nearestBranch(branches, value, path);
}

/**
 * cloud-init shows the errors of the branch that was meant; in a mapping with a key `type`, those about the type only. When
 * there are none of them, the mapping passes: so does the value here.
 */
function checkOneOf(rules: readonly Rule[], value: PythonValue, path: DocumentPath): Fault[] {
  const branches: Fault[][] = [];
  let valid: Fault[] | undefined;
  for (const rule of rules) {
    const faults = checkRule(rule, value, path);
    if (faults.some(isError)) branches.push(faults.filter(isError));
    else if (valid === undefined) valid = faults;
    else {
      const message = 'fits more than one of the forms that this can have';
      return [{ kind: 'error', path, depth: path.length, code: 'invalid-value', message, typeWords: [] }];
    }
  }
  if (valid !== undefined) return valid;
  if (isPythonMap(value) && value.has('type') && !branches.flat().some((fault) => isAboutType(fault, value))) return [];
  return nearestBranch(branches, value, path);
}

function isAboutType({ typeWords, path, depth }: Fault, value: PythonMap): boolean {
  if (typeWords.some((word) => word === value.get('type'))) return true;
  return /type$/.test(String(path.slice(0, depth).at(-1) ?? ''));
}

/** The branch for the value's type, and of these the one that was got furthest in. */
function nearestBranch(branches: readonly Fault[][], value: PythonValue, path: DocumentPath): Fault[] {
  const type = isPythonMap(value) ? value.get('type') : undefined;
  const score = (faults: readonly Fault[]): number => {
    const isOtherType = faults.some(({ code, path: at }) => code === 'wrong-type' && at.length === path.length);
    const isMeant = typeof type === 'string' && faults.some(({ typeWords }) => typeWords.includes(type));
    return (isMeant ? 1000 : 0) + (isOtherType ? -1000 : 0) - faults.length;
  };
  const [best = []] = [...branches].sort((a, b) => score(b) - score(a));
  return mergedTypes(branches, value, path) ?? best;
}

/** None of the forms takes the value itself: what they are instead, in one message. Undefined where one does. */
function mergedTypes(branches: readonly Fault[][], value: PythonValue, path: DocumentPath): Fault[] | undefined {
  const own = branches.map((faults) => faults.filter((fault) => expectedBy(fault, path) !== undefined));
  if (branches.length < 2 || own.some((faults) => faults.length === 0)) return undefined;
  const all = own.flat();
  const expected = all.map((fault) => expectedBy(fault, path));
  const message = `expected ${[...new Set(expected)].join(' or ')}; found ${showPython(value)}`;
  const code = all.some((fault) => fault.code === 'invalid-value') ? 'invalid-value' : 'wrong-type';
  const hint = all.find((fault) => fault.hint !== undefined)?.hint;
  const fault = { kind: 'error', path, depth: path.length, code, message, typeWords: [] } as const;
  return [hint === undefined ? fault : { ...fault, hint }];
}

/** What a fault says was expected in the place of the value; undefined for one within it. */
function expectedBy({ message, path: at }: Fault, path: DocumentPath): string | undefined {
  return at.length === path.length ? /^expected (.*?)[,;] found /.exec(message)?.[1] : undefined;
}
