import type { Tree, TreeMap } from './tree.ts';

/** One rule of a merge instruction: `list(append)`. */
export interface Merger {
  readonly name: 'dict' | 'list' | 'str';
  /** As they were written; a text holds what it contains, as cloud-init's does. */
  readonly options: readonly string[] | string;
}

/** Values that the rules cannot merge; cloud-init leaves the whole part out then. */
export class MergeFailure extends Error {
  override readonly name = 'MergeFailure';
}

/** What holds for a part of user-data without instructions: its top-level keys replace. */
export const partMergers: readonly Merger[] = [
  { name: 'dict', options: ['replace'] },
  { name: 'list', options: [] },
  { name: 'str', options: [] },
];

/** What holds between layers: what is there stays, what is missing is filled in, at every depth. */
export const layerMergers: readonly Merger[] = [
  { name: 'list', options: [] },
  { name: 'dict', options: [] },
  { name: 'str', options: [] },
];

/**
 * What comes of merging a value into what was there before, by rules. The first rule for the type of what was there counts;
 * without one, that stays as it is. Pure. Throws MergeFailure.
 * Source: cloudinit/mergers, version 26.2. Its manual tells other defaults; this is what it does.
 */
export function mergeTrees(before: Tree, after: Tree, mergers: readonly Merger[]): Tree {
  const ruleOf = (name: Merger['name']): Merger | undefined => mergers.find((merger) => merger.name === name);
  const isText = before.kind === 'scalar' && typeof before.value === 'string';
  const rule = isText ? ruleOf('str') : before.kind === 'scalar' ? undefined : ruleOf(typeNames[before.kind]);
  if (rule === undefined) return before;
  if (before.kind === 'map') return after.kind === 'map' ? mergeMaps(before, after, rule, mergers) : before;
  if (before.kind === 'list') return mergeLists(before, after, rule, mergers);
  return rule.options.includes('append') ? appendText(before, after) : after;
}

const typeNames = { map: 'dict', list: 'list' } as const;

/** True when a value is of a kind that a rule goes on into. */
function recurses(value: Tree, options: Merger['options'], isDict: boolean): boolean {
  if (value.kind === 'list') return options.includes('recurse_array') || options.includes('recurse_list');
  if (value.kind === 'map') return isDict || options.includes('recurse_dict');
  return typeof value.value === 'string' && options.includes('recurse_str');
}

function mergeMaps(before: TreeMap, after: TreeMap, { options }: Merger, mergers: readonly Merger[]): Tree {
  const isReplacing = options.includes('replace');
  const entries = new Map(before.entries);
  for (const [key, value] of after.entries) {
    const present = entries.get(key);
    const isNothing = value.kind === 'scalar' && value.value === null;
    if (present === undefined) entries.set(key, value);
    else if (isNothing && options.includes('allow_delete')) entries.delete(key);
    else if (isReplacing) entries.set(key, value);
    else if (recurses(value, options, true)) entries.set(key, mergeTrees(present, value, mergers));
  }
  return { kind: 'map', entries, origin: before.origin };
}

const listMethods = ['append', 'prepend', 'replace', 'no_replace'] as const;

function mergeLists(
  before: Extract<Tree, { kind: 'list' }>,
  after: Tree,
  { options }: Merger,
  mergers: readonly Merger[],
): Tree {
  const method = listMethods.find((name) => options.includes(name)) ?? 'replace';
  if (method === 'replace' && after.kind !== 'list') return after;
  const added = itemsOf(after);
  const { items, origin } = before;
  if (method === 'append') return { kind: 'list', items: [...items, ...added], origin };
  if (method === 'prepend') return { kind: 'list', items: [...added, ...items], origin };
  if (method === 'no_replace') {
    if (after.kind === 'map' && items.length > 0 && added.length > 0)
      throw new MergeFailure('a list cannot be merged with a mapping');
    return before;
  }
  const merged = items.map((item, index) => {
    const value = added[index];
    if (value === undefined) return item;
    return recurses(value, options, false) ? mergeTrees(item, value, mergers) : value;
  });
  return { kind: 'list', items: merged, origin };
}

/** As Python goes through a value: a text by its characters, a mapping by its keys. */
function itemsOf(tree: Tree): readonly Tree[] {
  if (tree.kind === 'list') return tree.items;
  const { origin } = tree;
  const scalar = (value: string): Tree => ({ kind: 'scalar', value, origin });
  if (tree.kind === 'map') return [...tree.entries.keys()].map(scalar);
  if (typeof tree.value === 'string') return Array.from(tree.value, scalar);
  throw new MergeFailure('a list cannot be merged with a number, a truth value or nothing');
}

function appendText(before: Tree, after: Tree): Tree {
  if (before.kind !== 'scalar' || after.kind !== 'scalar' || typeof after.value !== 'string')
    throw new MergeFailure('only text can be appended to a text');
  return { kind: 'scalar', value: `${String(before.value)}${after.value}`, origin: after.origin };
}
