import type { DocumentPath } from '../../../core/diagnostic.ts';

/** Data that knows where in the Butane text each part of it comes from; plain otherwise. */
export type Traced = TracedScalar | TracedList | TracedRecord;

export interface TracedScalar {
  readonly kind: 'scalar';
  readonly value: string | number | boolean | null;
  readonly from: DocumentPath;
}

export interface TracedList {
  readonly kind: 'list';
  readonly items: readonly Traced[];
  readonly from: DocumentPath;
}

/** A mapping; a key that is not there was not given. */
export class TracedRecord {
  readonly kind = 'record';
  readonly fields: ReadonlyMap<string, Traced>;
  readonly from: DocumentPath;

  constructor(fields: Iterable<readonly [string, Traced]>, from: DocumentPath) {
    this.fields = new Map(fields);
    this.from = from;
  }

  has(key: string): boolean {
    return this.fields.has(key);
  }

  text(key: string): string | undefined {
    const field = this.fields.get(key);
    return field?.kind === 'scalar' && typeof field.value === 'string' ? field.value : undefined;
  }

  whole(key: string): number | undefined {
    const field = this.fields.get(key);
    return field?.kind === 'scalar' && typeof field.value === 'number' ? field.value : undefined;
  }

  /** True only when the value is given and true. */
  isTrue(key: string): boolean {
    const field = this.fields.get(key);
    return field?.kind === 'scalar' && field.value === true;
  }

  /** The record under a key; an empty one when none is given. */
  record(key: string): TracedRecord {
    const field = this.fields.get(key);
    return field?.kind === 'record' ? field : new TracedRecord([], [...this.from, key]);
  }

  items(key: string): readonly Traced[] {
    const field = this.fields.get(key);
    return field?.kind === 'list' ? field.items : [];
  }

  records(key: string): readonly TracedRecord[] {
    return this.items(key).filter((item) => item.kind === 'record');
  }

  texts(key: string): readonly string[] {
    return this.items(key).flatMap((item) => (item.kind === 'scalar' ? [String(item.value)] : []));
  }

  /** The same with other values under some keys; undefined takes a key away. */
  with(changes: Readonly<Record<string, Traced | undefined>>): TracedRecord {
    const fields = new Map(this.fields);
    for (const [key, value] of Object.entries(changes)) {
      if (value === undefined) fields.delete(key);
      else fields.set(key, value);
    }
    return new TracedRecord(fields, this.from);
  }
}

/** Data made for one place of the text: every part of it comes from there. */
export type Made = string | number | boolean | null | readonly Made[] | { readonly [key: string]: Made | undefined };

export function traced(value: readonly Made[], from: DocumentPath): TracedList;
export function traced(value: { readonly [key: string]: Made | undefined }, from: DocumentPath): TracedRecord;
export function traced(value: Made, from: DocumentPath): Traced;
export function traced(value: Made, from: DocumentPath): Traced {
  if (typeof value !== 'object' || value === null) return { kind: 'scalar', value, from };
  if (isList(value)) return { kind: 'list', items: value.map((item) => traced(item, from)), from };
  const entries = Object.entries(value).flatMap(([key, member]) =>
    member === undefined ? [] : [[key, traced(member, from)] as const],
  );
  return new TracedRecord(entries, from);
}

function isList(value: object): value is readonly Made[] {
  return Array.isArray(value);
}

/** Plain JSON data. */
export function plain(value: Traced): unknown {
  if (value.kind === 'scalar') return value.value;
  if (value.kind === 'list') return value.items.map(plain);
  return Object.fromEntries([...value.fields].map(([key, member]) => [key, plain(member)]));
}

/** Where in the Butane text a path of the result comes from: its own place, else that of the nearest part that has one. */
export function originOf(root: Traced, path: DocumentPath): DocumentPath {
  let at = root;
  for (const part of path) {
    const next =
      at.kind === 'list' ? at.items[Number(part)] : at.kind === 'record' ? at.fields.get(String(part)) : undefined;
    if (next === undefined) return at.from;
    at = next;
  }
  return at.from;
}
