import { type Traced, type TracedList, TracedRecord } from './traced.ts';

/** Lists whose items are added up, whatever they are (`IgnoreDuplicates` of Ignition's types). */
const addedUp = new Set(['append', 'options', 'mountOptions']);
/** Lists that share one space of keys (`MergedKeys`). */
const nodeLists = ['files', 'directories', 'links'];

/**
 * A config over another one as Ignition merges them: the child's values win, items of lists are matched by their keys, the
 * parent's stand first (Ignition's `config/merge`). Pure.
 */
export function mergeOver(parent: TracedRecord, child: TracedRecord): TracedRecord {
  const nodeKeys = new Map(nodeLists.map((name) => [name, new Set(child.items(name).map(keyOf))]));
  const fields = new Map<string, Traced>();
  for (const name of new Set([...parent.fields.keys(), ...child.fields.keys()])) {
    const value = mergeField(name, parent.fields.get(name), child.fields.get(name), (key) =>
      nodeLists.some((other) => nodeLists.includes(name) && other !== name && nodeKeys.get(other)?.has(key) === true),
    );
    if (value !== undefined) fields.set(name, value);
  }
  return new TracedRecord(fields, child.fields.size > 0 ? child.from : parent.from);
}

function mergeField(
  name: string,
  parent: Traced | undefined,
  child: Traced | undefined,
  isElsewhere: (key: string) => boolean,
): Traced | undefined {
  if (parent?.kind === 'record' && child?.kind === 'record') return mergeOver(parent, child);
  const isList = parent?.kind === 'list' || child?.kind === 'list';
  if (!isList) return child ?? parent;
  const parents = parent?.kind === 'list' ? parent.items : [];
  const children = child?.kind === 'list' ? child.items : [];
  const from = (child ?? parent)?.from ?? [];
  if (addedUp.has(name)) return listOf([...parents, ...children], from);
  return listOf(mergeItems(parents, children, isElsewhere), from);
}

function mergeItems(
  parents: readonly Traced[],
  children: readonly Traced[],
  isElsewhere: (key: string) => boolean,
): Traced[] {
  // Of items with one key the last counts.
  const byKey = new Map(children.map((item) => [keyOf(item), item]));
  const parentKeys = new Set(parents.map(keyOf));
  const merged = parents.flatMap((item) => {
    const key = keyOf(item);
    const other = byKey.get(key);
    if (other === undefined) return isElsewhere(key) ? [] : [item];
    return [item.kind === 'record' && other.kind === 'record' ? mergeOver(item, other) : other];
  });
  return [...merged, ...children.filter((item) => !parentKeys.has(keyOf(item)))];
}

function listOf(items: readonly Traced[], from: TracedList['from']): TracedList | undefined {
  return items.length === 0 ? undefined : { kind: 'list', items, from };
}

/** What makes items of a list the same one (`Key()` of Ignition's types). */
function keyOf(item: Traced): string {
  if (item.kind === 'scalar') return String(item.value);
  if (item.kind === 'list') return '';
  const number = item.whole('number') ?? 0;
  if (number !== 0) return `number:${number}`;
  const known = item.text('path') ?? item.text('name') ?? item.text('device') ?? item.text('url');
  if (known !== undefined) return item.has('device') && !item.has('name') ? (item.text('device') ?? '') : known;
  const label = item.text('label');
  return label === undefined ? '' : `label:${label}`;
}
