import type { Place } from '../../../place.ts';
import { describeValue } from '../../../shape.ts';
import { keyOf, listGroups, mayRepeat } from '../keys.ts';
import type { FieldKind, SpecTable } from '../spec/spec-table.ts';

/** Entries of a list that are about the same thing: the same path, device, name or text. */
export function checkDuplicates(table: SpecTable, config: object, root: Place): void {
  visit(table, 'config', config, root);
}

function visit(table: SpecTable, name: string, value: object, place: Place): void {
  const seen = new Map<string, Set<string>>();
  for (const [field, kind] of Object.entries(table[name] ?? {})) {
    const member: unknown = Reflect.get(value, field);
    if (member === undefined) continue;
    const at = place.child(field);
    if (kind.kind === 'struct') visit(table, kind.of, member as object, at);
    if (!Array.isArray(member)) continue;
    const group = listGroups.get(`${name}.${field}`) ?? field;
    const keys = seen.get(group) ?? new Set();
    seen.set(group, keys);
    checkList(kind, member, at, mayRepeat.has(`${name}.${field}`) ? undefined : keys);
    if (kind.kind !== 'list') continue;
    for (const [index, item] of member.entries()) visit(table, kind.of, item as object, at.child(index));
  }
}

function checkList(kind: FieldKind, items: readonly unknown[], place: Place, seen: Set<string> | undefined): void {
  if (seen === undefined) return;
  for (const [index, item] of items.entries()) {
    const key = keyOf(kind, item);
    if (seen.has(key)) place.child(index).error('duplicate', `${describeValue(key)} already stands in the config`);
    seen.add(key);
  }
}
