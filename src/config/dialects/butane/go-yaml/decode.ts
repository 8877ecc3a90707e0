import { didYouMean } from '../../../near-miss.ts';
import type { Place } from '../../../place.ts';
import { yamlLimits } from '../../../yaml-source.ts';
import type { Offsets } from '../offsets.ts';
import type { ListShape, RecordShape, ScalarShape, Shape } from '../spec/shape.ts';
import { type Traced, TracedRecord } from '../traced.ts';
import type { GoMapping, GoNode } from './node.ts';
import { isNull, keyText, mismatch, readScalar } from './scalar.ts';

/** What is known about a key that a record does not have. */
export type UnknownKeyHint = (recordName: string, key: string) => string | undefined;

/**
 * Reads a YAML node into the types of a spec by the rules of go-yaml version 3 (`decode.go`): any scalar is text, a fraction
 * is cut to a whole number, `yes` and `off` are truth values only where one is expected, nothing (`null`) is not given.
 * Problems are reported at their places. Pure; never throws.
 */
export class GoDecoder {
  readonly #offsets: Offsets;
  readonly #hintFor: UnknownKeyHint;
  readonly #active = new Set<GoNode>();
  #nodes = 0;

  constructor(offsets: Offsets, hintFor: UnknownKeyHint = () => undefined) {
    this.#offsets = offsets;
    this.#hintFor = hintFor;
  }

  record(node: GoNode, shape: RecordShape, place: Place): TracedRecord | undefined {
    const value = this.#value(node, shape, place);
    return value?.kind === 'record' ? value : undefined;
  }

  #value(node: GoNode, shape: Shape, place: Place): Traced | undefined {
    this.#nodes += 1;
    if (this.#nodes > yamlLimits.nodes) {
      if (this.#nodes === yamlLimits.nodes + 1)
        place.error('too-large', `has more than ${yamlLimits.nodes} values, aliases expanded`);
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
      this.#offsets.set(child.path, item.offset, item);
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
        this.#offsets.set(child.path, key.offset, value);
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
    this.#offsets.set(child.path, key.offset, value);
    const fieldShape =
      shape.kind === 'texts' ? ({ kind: 'text' } as const) : shape.fields.find((field) => field.key === name)?.shape;
    if (fieldShape === undefined) {
      const known = shape.kind === 'record' ? shape.fields.map((field) => field.key) : [];
      const hint = (shape.kind === 'record' ? this.#hintFor(shape.name, name) : undefined) ?? didYouMean(name, known);
      child.warn('unknown-key', `unknown key "${name}": it has no effect`, hint, 'key');
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
        this.#offsets.set(child.path, key.offset, key);
        child.error('duplicate-key', `"${id.slice(id.indexOf(':') + 1)}" stands twice in the same mapping`);
        unique = false;
      }
      seen.add(id);
    }
    return unique;
  }
}
