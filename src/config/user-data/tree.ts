import type { DocumentPath } from '../../core/diagnostic.ts';
import { isMapping } from '../shape.ts';

/** Where a value came from: a part, by number, and the path there. */
export interface Origin {
  readonly source: number;
  readonly path: DocumentPath;
}

/** Plain data that knows where each value came from, however it was merged. Immutable. */
export type Tree = { readonly origin: Origin } & (
  | { readonly kind: 'map'; readonly entries: ReadonlyMap<string, Tree> }
  | { readonly kind: 'list'; readonly items: readonly Tree[] }
  | { readonly kind: 'scalar'; readonly value: unknown }
);

export type TreeMap = Extract<Tree, { kind: 'map' }>;

/** The data of a part as a tree. Pure. */
export function treeOf(value: unknown, { source, path }: Origin): Tree {
  const origin = { source, path };
  const child = (entry: unknown, key: string | number): Tree => treeOf(entry, { source, path: [...path, key] });
  if (Array.isArray(value)) return { kind: 'list', items: value.map(child), origin };
  if (!isMapping(value)) return { kind: 'scalar', value, origin };
  const entries = new Map(Object.entries(value).map(([key, entry]) => [key, child(entry, key)]));
  return { kind: 'map', entries, origin };
}

/** The data of a tree. Pure. */
export function dataOf(tree: Tree): unknown {
  switch (tree.kind) {
    case 'map':
      // fromEntries defines own properties: a key `__proto__` stays a key.
      return Object.fromEntries([...tree.entries].map(([key, entry]) => [key, dataOf(entry)]));
    case 'list':
      return tree.items.map(dataOf);
    case 'scalar':
      return tree.value;
  }
}

/** Where the value at a path came from; what is not there came with its nearest ancestor. Pure. */
export function originOf(tree: Tree, path: DocumentPath): Origin {
  let current = tree;
  for (const [index, part] of path.entries()) {
    const next = childOf(current, part);
    if (next === undefined) {
      const { source, path: start } = current.origin;
      return { source, path: [...start, ...path.slice(index)] };
    }
    current = next;
  }
  return current.origin;
}

function childOf(tree: Tree, part: string | number): Tree | undefined {
  if (tree.kind === 'map') return tree.entries.get(String(part));
  return tree.kind === 'list' ? tree.items[Number(part)] : undefined;
}

/** Every part that a tree has something of. Pure. */
export function sourcesIn(tree: Tree, found = new Set<number>()): Set<number> {
  if (tree.kind === 'map') for (const entry of tree.entries.values()) sourcesIn(entry, found);
  else if (tree.kind === 'list') for (const item of tree.items) sourcesIn(item, found);
  else found.add(tree.origin.source);
  // What is empty is there as well.
  if (tree.kind !== 'scalar' && (tree.kind === 'map' ? tree.entries.size : tree.items.length) === 0)
    found.add(tree.origin.source);
  return found;
}

/** Every path of a tree with its origin, outermost first. Pure. */
export function* walkTree(tree: Tree, path: DocumentPath = []): Generator<[DocumentPath, Origin]> {
  if (path.length > 0) yield [path, tree.origin];
  if (tree.kind === 'map') for (const [key, entry] of tree.entries) yield* walkTree(entry, [...path, key]);
  if (tree.kind === 'list') for (const [index, item] of tree.items.entries()) yield* walkTree(item, [...path, index]);
}

/** New data in the place of a tree: what is as before keeps its origin, what is not has that of the change. Pure. */
export function changedTree(before: Tree | undefined, after: unknown, change: Origin): Tree {
  if (Array.isArray(after)) {
    const items = before?.kind === 'list' ? before.items : [];
    const origin = before?.kind === 'list' ? before.origin : change;
    return { kind: 'list', items: after.map((item, index) => changedTree(items[index], item, change)), origin };
  }
  if (isMapping(after)) {
    const entries = before?.kind === 'map' ? before.entries : new Map<string, Tree>();
    const origin = before?.kind === 'map' ? before.origin : change;
    const changed = Object.entries(after).map(
      ([key, value]) => [key, changedTree(entries.get(key), value, change)] as const,
    );
    return { kind: 'map', entries: new Map(changed), origin };
  }
  const isSame = before?.kind === 'scalar' && before.value === after;
  return isSame ? before : { kind: 'scalar', value: after, origin: change };
}
