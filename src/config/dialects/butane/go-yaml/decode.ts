import { type DocumentPath, formatPath } from '../../../../core/diagnostic.ts';
import { didYouMean } from '../../../near-miss.ts';
import type { Place } from '../../../place.ts';
import { maxNodes, type TextPosition } from '../../../yaml-source.ts';
import type { ListShape, RecordShape, ScalarShape, Shape } from '../spec/shape.ts';
import { type Traced, TracedRecord } from '../traced.ts';
import type { GoMapping, GoNode, GoScalar } from './node.ts';
import { type Resolved, resolveScalar } from './resolve.ts';

/** Where values and keys stand: formatted path → offsets into the text. */
export class Offsets {
  readonly #places = new Map<string, { readonly key: number; readonly value: number }>();
  readonly #position: (offset: number) => TextPosition;

  constructor(position: (offset: number) => TextPosition) {
    this.#position = position;
  }

  set(path: DocumentPath, key: number, value: number): void {
    this.#places.set(formatPath(path), { key, value });
  }

  /** Of the value or the key of a path; of its nearest known ancestor when the text has no such path. */
  positionOf(path: DocumentPath, at: 'key' | 'value' = 'value'): TextPosition {
    for (let length = path.length; length > 0; length -= 1) {
      const place = this.#places.get(formatPath(path.slice(0, length)));
      if (place !== undefined) return this.#position(length === path.length ? place[at] : place.value);
    }
    return this.#position(0);
  }

  /** Every path of the text with the position of its key. */
  positions(): Map<string, TextPosition> {
    return new Map([...this.#places].map(([path, { key }]) => [path, this.#position(key)]));
  }
}

/**
 * Reads a YAML node into the types of a spec by the rules of go-yaml version 3 (`decode.go`): any scalar is text, a fraction
 * is cut to a whole number, `yes` and `off` are truth values only where one is expected, nothing (`null`) is not given.
 * Problems are reported at their places. Pure; never throws.
 */
export class GoDecoder {
  readonly #offsets: Offsets;
  readonly #active = new Set<GoNode>();
  #nodes = 0;

  constructor(offsets: Offsets) {
    this.#offsets = offsets;
  }

  record(node: GoNode, shape: RecordShape, place: Place): TracedRecord | undefined {
    const value = this.#value(node, shape, place);
    return value?.kind === 'record' ? value : undefined;
  }

  #value(node: GoNode, shape: Shape, place: Place): Traced | undefined {
    this.#nodes += 1;
    if (this.#nodes > maxNodes) {
      if (this.#nodes === maxNodes + 1) place.error('too-large', `has more than ${maxNodes} values, aliases expanded`);
      return undefined;
    }
    switch (node.kind) {
      case 'alias':
        return this.#alias(node, shape, place);
      case 'scalar':
        return readScalar(node, shape, place);
      case 'sequence':
        if (shape.kind !== 'list') return mismatch(shape, 'a list', place);
        return this.#list(node.items, shape, place);
      case 'mapping':
        if (shape.kind !== 'record' && shape.kind !== 'texts') return mismatch(shape, 'a mapping', place);
        return this.#mapping(node, shape, place);
    }
  }

  #alias({ name, target }: Extract<GoNode, { kind: 'alias' }>, shape: Shape, place: Place): Traced | undefined {
    if (this.#active.has(target)) {
      place.error('yaml-alias', `what "*${name}" stands for contains itself`);
      return undefined;
    }
    this.#active.add(target);
    const value = this.#value(target, shape, place);
    this.#active.delete(target);
    if (value?.kind === 'record') {
      place.warn('unchecked-keys', `Butane does not look for unknown keys behind the alias "*${name}"`);
    }
    return value;
  }

  #list(items: readonly GoNode[], shape: ListShape, place: Place): Traced {
    const read = items.map((item, index) => {
      const child = place.child(index);
      this.#offsets.set(child.path, item.offset, item.offset);
      if (isNull(item)) child.warn('empty-value', 'this item has no value, so it is left out');
      return this.#value(item, shape.item, child);
    });
    return { kind: 'list', items: read.filter((item) => item !== undefined), from: place.path };
  }

  #mapping(node: GoMapping, shape: Exclude<Shape, ScalarShape | ListShape>, place: Place): TracedRecord | undefined {
    const fields = new Map<string, Traced>();
    return this.#take(node, shape, place, fields, undefined) ? new TracedRecord(fields, place.path) : undefined;
  }

  /** `taken`: set while a merge key (`<<`) is followed; keys in it are already there. */
  #take(
    node: GoMapping,
    shape: Exclude<Shape, ScalarShape | ListShape>,
    place: Place,
    fields: Map<string, Traced>,
    taken: Set<string> | undefined,
  ): boolean {
    if (!this.#keysAreUnique(node, place)) return false;
    let merged: GoNode | undefined;
    for (const { key, value } of node.entries) {
      if (key.kind === 'scalar' && key.text === '<<' && ['', '!!merge'].includes(key.tag)) {
        merged = value;
        const child = place.child('<<');
        this.#offsets.set(child.path, key.offset, value.offset);
        if (shape.kind === 'record') {
          child.warn('unchecked-keys', 'Butane counts "<<" itself as an unused key', undefined, 'key');
        }
        continue;
      }
      const name = keyText(key, place);
      if (name === undefined || taken?.has(name) === true) continue;
      taken?.add(name);
      this.#field(name, key, value, shape, place, fields);
    }
    if (merged !== undefined) {
      const own = taken ?? new Set(node.entries.flatMap(({ key }) => (key.kind === 'scalar' ? [key.text] : [])));
      this.#merge(merged, shape, place, fields, own);
    }
    return true;
  }

  #field(
    name: string,
    key: GoNode,
    value: GoNode,
    shape: Exclude<Shape, ScalarShape | ListShape>,
    place: Place,
    fields: Map<string, Traced>,
  ): void {
    const child = place.child(name);
    this.#offsets.set(child.path, key.offset, value.offset);
    const fieldShape =
      shape.kind === 'texts' ? ({ kind: 'text' } as const) : shape.fields.find((field) => field.key === name)?.shape;
    if (fieldShape === undefined) {
      const known = shape.kind === 'record' ? shape.fields.map((field) => field.key) : [];
      child.warn('unknown-key', `unknown key "${name}": it has no effect`, didYouMean(name, known), 'key');
      return;
    }
    if (isNull(value)) {
      // Butane says so of mappings only.
      const report = fieldShape.kind === 'record' ? child.warn.bind(child) : child.inform.bind(child);
      report('empty-value', `"${name}" has no value, so nothing is declared`, undefined, 'key');
      return;
    }
    const read = this.#value(value, fieldShape, child);
    if (read !== undefined) fields.set(name, read);
  }

  #merge(
    merged: GoNode,
    shape: Exclude<Shape, ScalarShape | ListShape>,
    place: Place,
    fields: Map<string, Traced>,
    taken: Set<string>,
  ): void {
    const sources = merged.kind === 'sequence' ? merged.items : [merged];
    for (const source of sources) {
      const mapping = source.kind === 'alias' ? source.target : source;
      if (mapping.kind !== 'mapping') {
        place.child('<<').error('yaml-merge', '"<<" takes a mapping or a list of mappings', undefined, 'key');
        return;
      }
      if (this.#active.has(mapping)) {
        place.child('<<').error('yaml-alias', 'what is merged here contains itself');
        return;
      }
      this.#active.add(mapping);
      this.#take(mapping, shape, place, fields, taken);
      this.#active.delete(mapping);
    }
  }

  #keysAreUnique(node: GoMapping, place: Place): boolean {
    const seen = new Set<string>();
    let unique = true;
    for (const { key } of node.entries) {
      const id = `${key.kind}:${key.kind === 'scalar' ? key.text : key.kind === 'alias' ? key.name : ''}`;
      if (seen.has(id)) {
        const child = key.kind === 'scalar' ? place.child(key.text) : place;
        this.#offsets.set(child.path, key.offset, key.offset);
        child.error('duplicate-key', `"${id.slice(id.indexOf(':') + 1)}" stands twice in the same mapping`);
        unique = false;
      }
      seen.add(id);
    }
    return unique;
  }
}

function isNull(node: GoNode): boolean {
  const target = node.kind === 'alias' ? node.target : node;
  return target.kind === 'scalar' && resolveScalar(target).kind === 'null';
}

function keyText(key: GoNode, place: Place): string | undefined {
  const node = key.kind === 'alias' ? key.target : key;
  if (node.kind !== 'scalar') {
    place.error('key-not-text', 'a key must be text; this mapping has a list or a mapping as one');
    return undefined;
  }
  const resolved = resolveScalar(node);
  if (resolved.kind === 'unreadable') place.error('wrong-type', `the key "${node.text}" ${resolved.reason}`);
  if (resolved.kind === 'null') place.warn('empty-value', 'a key is empty, so its value is left out');
  return resolved.kind === 'null' || resolved.kind === 'unreadable' ? undefined : node.text;
}

function readScalar(node: GoScalar, shape: Shape, place: Place): Traced | undefined {
  const resolved = resolveScalar(node);
  if (resolved.kind === 'null') return undefined;
  if (resolved.kind === 'unreadable') {
    place.error('wrong-type', `"${shorten(node.text)}" ${resolved.reason}`);
    return undefined;
  }
  const value = scalarFor(shape, node, resolved);
  if (value === undefined) return mismatch(shape, describe(node, resolved), place);
  return { kind: 'scalar', value, from: place.path };
}

function scalarFor(shape: Shape, node: GoScalar, resolved: Resolved): string | number | boolean | undefined {
  switch (shape.kind) {
    case 'text':
      return resolved.kind === 'text' ? resolved.text : node.text;
    case 'whole':
      if (resolved.kind !== 'number' || !(resolved.value < 2 ** 63)) return undefined;
      return Math.trunc(resolved.value) + 0;
    case 'truth':
      if (resolved.kind === 'truth') return resolved.value;
      if (resolved.kind !== 'text') return undefined;
      return truthWords.get(resolved.text);
    default:
      return undefined;
  }
}

const truthWords = new Map<string, boolean>([
  ...['y', 'Y', 'yes', 'Yes', 'YES', 'on', 'On', 'ON'].map((word) => [word, true] as const),
  ...['n', 'N', 'no', 'No', 'NO', 'off', 'Off', 'OFF'].map((word) => [word, false] as const),
]);

const shapeNames = {
  text: 'text',
  whole: 'a whole number',
  truth: 'true or false',
  list: 'a list',
  texts: 'a mapping of texts',
  record: 'a mapping',
} as const satisfies Record<Shape['kind'], string>;

function mismatch(shape: Shape, found: string, place: Place): Traced | undefined {
  place.error('wrong-type', `expected ${shapeNames[shape.kind]}, found ${found}`);
  return undefined;
}

function describe({ text }: GoScalar, { kind }: Resolved): string {
  return kind === 'number' ? `the number ${text}` : kind === 'truth' ? text : `"${shorten(text)}"`;
}

function shorten(text: string): string {
  return text.length > 40 ? `${text.slice(0, 37)}...` : text;
}
