import { membersOf, OddNumber, RepeatedMembers } from '../../json/json-node.ts';
import { didYouMean } from '../../near-miss.ts';
import type { Place } from '../../place.ts';
import { describeValue } from '../../shape.ts';
import type { FieldKind, Fields, SpecTable } from './spec/spec-table.ts';
import { versionsWith } from './spec/spec-versions.ts';

type Decoded = Record<string, unknown>;

const maxHints = 100;

/** Looks at a value that another one of its key takes the place of; false: the document cannot be read with it. */
export type SeeReplaced = (field: string, value: unknown, place: Place) => boolean;

/**
 * Fills the structures of a specification's table from plain data as Go's encoding/json does: keys match whatever their letter
 * case, null changes nothing, a key that stands twice is read twice (lists and structures are then read into what is there).
 * A value of another type is an error, an unused key a warning. Pure.
 */
export class Decoder {
  readonly #table: SpecTable;
  readonly #seeReplaced: SeeReplaced;
  #isGood = true;
  #hints = 0;

  constructor(table: SpecTable, seeReplaced: SeeReplaced = () => true) {
    this.#table = table;
    this.#seeReplaced = seeReplaced;
  }

  /** The document; undefined when a value has a wrong type. */
  document(data: unknown, root: Place): Decoded | undefined {
    const config = this.#struct('config', data, root, undefined);
    return this.#isGood ? config : undefined;
  }

  #struct(name: string, value: unknown, place: Place, before: Decoded | undefined): Decoded | undefined {
    if (value === null && name !== 'config') place.warn('empty-value', 'has no value, so nothing is declared');
    if (value === null || value === undefined) return before;
    const members = membersOf(value);
    if (members === undefined) {
      this.#mismatch('a mapping', value, place);
      return before;
    }
    const fields = this.#table[name] ?? {};
    const filled = new Map(Object.entries(before ?? {}));
    const seen = new Set<string>();
    for (const [key, member] of members) {
      const field = this.#fieldOf(name, key, place, seen);
      const kind = field === undefined ? undefined : fields[field];
      if (field === undefined || kind === undefined || member === undefined) continue;
      const old = filled.get(field);
      if (old !== undefined && !this.#seeReplaced(field, old, place.child(key))) this.#isGood = false;
      const read = this.#field(kind, member, place.child(key), old);
      if (read === undefined) filled.delete(field);
      else filled.set(field, read);
    }
    return Object.fromEntries(filled);
  }

  /** The field a key fills, if any; what is odd about the key is reported. */
  #fieldOf(structure: string, key: string, place: Place, seen: Set<string>): string | undefined {
    const fields: Fields = this.#table[structure] ?? {};
    const field = Object.hasOwn(fields, key) ? key : Object.keys(fields).find((name) => fold(name) === fold(key));
    const at = place.child(key);
    if (field === undefined) {
      // Looking for what was meant takes time, and nobody means so much.
      this.#hints += 1;
      const near = this.#hints > maxHints ? undefined : didYouMean(key, Object.keys(fields));
      const hint = versionsWith(this.#table, structure, key) ?? near;
      at.warn('unknown-key', `unknown key "${key}": it has no effect`, hint, 'key');
      return undefined;
    }
    if (field !== key) at.warn('unknown-key', `"${key}" is read as "${field}"`, `write it "${field}"`, 'key');
    if (seen.has(field)) {
      at.warn('duplicate-key', `"${field}" stands more than once; the last one counts`, undefined, 'key');
    }
    seen.add(field);
    return field;
  }

  #field(kind: FieldKind, value: unknown, place: Place, before: unknown): unknown {
    switch (kind.kind) {
      case 'struct':
        return this.#struct(kind.of, value, place, before as Decoded | undefined);
      case 'list':
        return this.#list(
          value,
          place,
          before,
          (item, at, old) => this.#struct(kind.of, item, at, old as Decoded) ?? {},
        );
      case 'texts':
        return this.#list(value, place, before, (item, at, old) => this.#scalar('text', item, at) ?? old ?? '');
      default:
        return this.#scalar(kind.kind, value, place);
    }
  }

  #list(
    value: unknown,
    place: Place,
    before: unknown,
    read: (item: unknown, place: Place, old: unknown) => unknown,
  ): unknown[] | undefined {
    if (value === null) return undefined;
    const old: readonly unknown[] = Array.isArray(before) ? before : [];
    if (Array.isArray(value)) return value.map((item: unknown, index) => read(item, place.child(index), old[index]));
    this.#mismatch('a list', value, place);
    return undefined;
  }

  #scalar(kind: 'text' | 'int' | 'natural' | 'truth', value: unknown, place: Place): unknown {
    if (value === null || value === undefined || accepts[kind](value)) return value ?? undefined;
    this.#mismatch(names[kind], value, place);
    return undefined;
  }

  #mismatch(wanted: string, value: unknown, place: Place): void {
    this.#isGood = false;
    const found = value instanceof OddNumber ? `the number ${value.text}` : describe(value);
    const isQuoted = typeof value === 'string' && /^(-?\d+|true|false)$/.test(value);
    place.error('wrong-type', `expected ${wanted}, found ${found}`, isQuoted ? 'write it without quotes' : undefined);
  }
}

const accepts = {
  text: (value: unknown): boolean => typeof value === 'string',
  truth: (value: unknown): boolean => typeof value === 'boolean',
  int: (value: unknown): boolean => Number.isInteger(value),
  natural: (value: unknown): boolean => Number.isInteger(value) && (value as number) >= 0,
};

const names = { text: 'text', truth: 'true or false', int: 'a whole number', natural: 'a whole number, 0 or more' };

function describe(value: unknown): string {
  return value instanceof RepeatedMembers ? 'a mapping' : describeValue(value);
}

/** Keys that differ in letter case only are one to Go, which also takes two letters from outside of ASCII for k and s. */
export function fold(key: string): string {
  return key.toLowerCase().replaceAll('ſ', 's');
}
