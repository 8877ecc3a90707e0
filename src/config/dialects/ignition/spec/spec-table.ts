/**
 * What a field holds. `int`: a whole number; `natural`: not below 0. Every field may be left out or be null, as for Go's
 * encoding/json.
 */
export type FieldKind =
  | { readonly kind: 'text' | 'int' | 'natural' | 'truth' | 'texts' }
  | { readonly kind: 'struct' | 'list'; readonly of: string };

export type Fields = Readonly<Record<string, FieldKind>>;

/** The structures of one version of the specification, by name; `config` is the document. */
export type SpecTable = Readonly<Record<string, Fields>>;

export const text: FieldKind = { kind: 'text' };
export const int: FieldKind = { kind: 'int' };
export const natural: FieldKind = { kind: 'natural' };
export const truth: FieldKind = { kind: 'truth' };
export const texts: FieldKind = { kind: 'texts' };

/** A structure of the table. */
export function struct(of: string): FieldKind {
  return { kind: 'struct', of };
}

/** A list of structures of the table. */
export function list(of: string): FieldKind {
  return { kind: 'list', of };
}

/** A later version: structures and fields that are new, or another kind of field. */
export function extendSpec(base: SpecTable, changes: SpecTable): SpecTable {
  const names = new Set([...Object.keys(base), ...Object.keys(changes)]);
  return Object.fromEntries([...names].map((name) => [name, { ...base[name], ...changes[name] }]));
}
