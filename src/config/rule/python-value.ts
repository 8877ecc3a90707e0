import type { TypeName } from './rule.ts';

/** A number with a fraction as YAML writes it: `1.0` is no whole number there. */
export class PythonFloat {
  readonly value: number;

  constructor(value: number) {
    this.value = value;
  }

  toString(): string {
    return String(this.value);
  }
}

/** A value of a type that no rule knows: a date, a set. */
export class OtherValue {
  readonly title: string;

  constructor(title: string) {
    this.title = title;
  }

  toString(): string {
    return this.title;
  }
}

export type PythonKey = string | number | bigint | boolean | null | Uint8Array | PythonFloat | OtherValue;
export type PythonMap = ReadonlyMap<PythonKey, PythonValue>;
/** What PyYAML's safe loader makes of a text. */
export type PythonValue = PythonKey | readonly PythonValue[] | PythonMap;

export function isPythonMap(value: PythonValue): value is PythonMap {
  return value instanceof Map;
}

export function isPythonList(value: PythonValue): value is readonly PythonValue[] {
  return Array.isArray(value);
}

/** The types that the value has; a whole number has two. */
export function typeNames(value: PythonValue): readonly TypeName[] {
  if (value === null) return ['null'];
  if (typeof value === 'string' || value instanceof Uint8Array) return ['string'];
  if (typeof value === 'boolean') return ['boolean'];
  if (typeof value === 'number' || typeof value === 'bigint') return ['integer', 'number'];
  if (value instanceof PythonFloat) return ['number'];
  if (value instanceof OtherValue) return [];
  return isPythonList(value) ? ['array'] : ['object'];
}

/** A value for a message: short, on one line. */
export function showPython(value: PythonValue): string {
  if (value === null) return 'nothing';
  if (typeof value === 'string') return JSON.stringify(value.length > 60 ? `${value.slice(0, 57)}...` : value);
  if (value instanceof Uint8Array) return 'binary data';
  if (value instanceof OtherValue) return value.title;
  if (isPythonList(value)) return 'a list';
  if (isPythonMap(value)) return 'a mapping';
  return `the ${typeof value === 'boolean' ? 'boolean' : 'number'} ${String(value)}`;
}
