import { keyOf, listGroups, mayRepeat } from './keys.ts';
import type { IgnitionConfig } from './model.ts';
import type { Origins } from './origins.ts';
import type { FieldKind, SpecTable } from './spec/spec-table.ts';
import { newestSpec } from './spec/spec-versions.ts';

type Struct = Readonly<Record<string, unknown>>;

/**
 * A config laid over another one, by Ignition's rules: structures are merged, single values of the child win; entries of lists
 * are merged by what they are known by (path, device, name, URL), others appended; files, directories and links are one list as
 * far as paths go, so that a link of the child takes the place of a file of the parent. Both valid does not make the result so.
 * Pure, but for the places that are remembered.
 */
export function mergeConfigs(parent: IgnitionConfig, child: IgnitionConfig, origins: Origins): IgnitionConfig {
  const merged = new Merger(newestSpec, origins).struct('config', parent as Struct, child as Struct) as IgnitionConfig;
  const { networkd } = { ...parent, ...child };
  return networkd === undefined ? merged : { ...merged, networkd };
}

class Merger {
  readonly #table: SpecTable;
  readonly #origins: Origins;

  constructor(table: SpecTable, origins: Origins) {
    this.#table = table;
    this.#origins = origins;
  }

  struct(name: string, parent: Struct, child: Struct): Struct {
    const merged = new Map<string, unknown>();
    for (const [field, kind] of Object.entries(this.#table[name] ?? {})) {
      const value = this.#field(name, field, kind, parent, child);
      if (value !== undefined) merged.set(field, value);
    }
    const result = Object.fromEntries(merged);
    this.#origins.derive(result, Object.keys(child).length === 0 ? parent : child);
    return result;
  }

  #field(name: string, field: string, kind: FieldKind, parent: Struct, child: Struct): unknown {
    const [before, after] = [parent[field], child[field]];
    if (kind.kind === 'list' || kind.kind === 'texts') {
      if (!Array.isArray(before) && !Array.isArray(after)) return undefined;
      const lists = [Array.isArray(before) ? before : [], Array.isArray(after) ? after : []] as const;
      if (mayRepeat.has(`${name}.${field}`)) return lists.flat();
      return this.#list(name, field, kind, lists, child);
    }
    if (kind.kind !== 'struct' || before === undefined || after === undefined) return after ?? before;
    return this.struct(kind.of, before as Struct, after as Struct);
  }

  #list(
    name: string,
    field: string,
    kind: FieldKind,
    [before, after]: readonly [readonly unknown[], readonly unknown[]],
    child: Struct,
  ): unknown[] {
    const own = new Map(after.map((item) => [keyOf(kind, item), item]));
    const elsewhere = this.#keysOfOtherLists(name, field, child);
    const merged: unknown[] = [];
    for (const item of before) {
      const key = keyOf(kind, item);
      const over = own.get(key);
      if (over === undefined) {
        if (!elsewhere.has(key)) merged.push(item);
      } else if (kind.kind !== 'list') {
        merged.push(over);
      } else if (kind.of !== 'header' || Reflect.get(over as object, 'value') !== undefined) {
        // A header without a value takes the parent's away.
        merged.push(this.struct(kind.of, item as Struct, over as Struct));
      }
    }
    const known = new Set(before.map((item) => keyOf(kind, item)));
    return [...merged, ...after.filter((item) => !known.has(keyOf(kind, item)))];
  }

  /** What the child has in other lists of the same group. */
  #keysOfOtherLists(name: string, field: string, child: Struct): ReadonlySet<string> {
    const group = listGroups.get(`${name}.${field}`);
    const keys = new Set<string>();
    if (group === undefined) return keys;
    for (const [other, kind] of Object.entries(this.#table[name] ?? {})) {
      const items = child[other];
      if (other === field || listGroups.get(`${name}.${other}`) !== group || !Array.isArray(items)) continue;
      for (const item of items) keys.add(keyOf(kind, item));
    }
    return keys;
  }
}
