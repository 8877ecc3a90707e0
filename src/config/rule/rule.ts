/** A type of a value as a language's own validator tells them apart. */
export type TypeName = 'string' | 'integer' | 'number' | 'boolean' | 'null' | 'array' | 'object';

export type Word = string | number | boolean;

/**
 * What a language's own validator asks of a value: the words of JSON Schema (draft 4) that such validators are written in.
 * A word only asks something of the types it is about; a rule without words takes everything.
 */
export interface Rule {
  readonly type?: TypeName | readonly TypeName[];
  readonly enum?: readonly Word[];
  /** Searched for, not matched from the start. */
  readonly pattern?: RegExp;
  readonly format?: 'date';
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly items?: Rule;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly uniqueItems?: boolean;
  readonly properties?: Readonly<Record<string, Rule>>;
  /** Keys that match have this value, those with a rule of their own too. */
  readonly patternProperties?: readonly (readonly [pattern: RegExp, value: Rule])[];
  /** What the other keys have; false: there are none. */
  readonly additionalProperties?: false | Rule;
  readonly required?: readonly string[];
  readonly minProperties?: number;
  readonly allOf?: readonly Rule[];
  readonly anyOf?: readonly Rule[];
  readonly oneOf?: readonly Rule[];
  /** Keys that exclude each other. */
  readonly notTogether?: readonly string[];
  /** Accepted, with a warning: what to write instead. */
  readonly deprecated?: string;
}

export const anything: Rule = {};
export const string: Rule = { type: 'string' };
export const integer: Rule = { type: 'integer' };
export const number: Rule = { type: 'number' };
export const boolean: Rule = { type: 'boolean' };
export const object: Rule = { type: 'object' };
export const array: Rule = { type: 'array' };

/** A value of one of several types. */
export function types(...type: readonly TypeName[]): Rule {
  return { type };
}

/** One of these texts. */
export function word(...words: readonly string[]): Rule {
  return { type: 'string', enum: words };
}

/** One of these values. */
export function value(...values: readonly Word[]): Rule {
  return { enum: values };
}

/** A text with this in it. */
export function matching(pattern: RegExp): Rule {
  return { type: 'string', pattern };
}

/** A list of one kind of value. */
export function list(items: Rule, more: Pick<Rule, 'minItems' | 'maxItems' | 'uniqueItems'> = {}): Rule {
  return { type: 'array', items, ...more };
}

type Fields = Readonly<Record<string, Rule>>;
type More = Omit<Rule, 'type' | 'properties' | 'additionalProperties'>;

/** A mapping with these keys and no others. */
export function fields(properties: Fields, more: More = {}): Rule {
  return { type: 'object', properties, additionalProperties: false, ...more };
}

/** A mapping in which these keys have a meaning, and others may stand. */
export function openFields(properties: Fields, more: More = {}): Rule {
  return { type: 'object', properties, ...more };
}

/** A mapping from names, at least one character long, to one kind of value. */
export function named(item: Rule, more: More = {}): Rule {
  return { type: 'object', patternProperties: [[/^[^\n]+\n?$/, item]], additionalProperties: false, ...more };
}

export function exactlyOne(...oneOf: readonly Rule[]): Rule {
  return { oneOf };
}

export function anyOf(...rules: readonly Rule[]): Rule {
  return { anyOf: rules };
}

/** Accepted, and reported with what to write instead. */
export function deprecated(rule: Rule, instead: string): Rule {
  return { ...rule, deprecated: instead };
}
