import { type DocumentPath, formatPath } from '../../core/diagnostic.ts';
import type { SourcePosition } from '../dialects/dialect.ts';
import type { LayerName } from './layer-names.ts';
import { dataOf, type Tree, type TreeMap } from './tree.ts';

/** A place that says something of a key. */
export interface KeySource extends SourcePosition {
  readonly layer: LayerName;
}

/** A key of the config as it holds, and who says so. */
export interface EffectiveKey {
  readonly key: string;
  /** Absent: nothing is declared, so the image's own default holds. */
  readonly value?: unknown;
  /** Who won: for each value below the key its place, one entry for values of one place. */
  readonly from: readonly (KeySource & { readonly keys: readonly string[] })[];
  /** What else was said of exactly this key, and does not hold, highest first. */
  readonly under: readonly (KeySource & { readonly value: unknown })[];
}

/** What one part declared, by itself. */
export interface DeclaredPart {
  readonly layer: LayerName;
  readonly tree: TreeMap;
  readonly position: (path: DocumentPath) => SourcePosition;
}

/** A key of a merged config, explained. @param parts those of the config, lowest first, numbered as in its origins. Pure. */
export function explainKey(tree: TreeMap, parts: readonly DeclaredPart[], path: DocumentPath): EffectiveKey {
  const found = at(tree, path);
  const sources = new Map<string, KeySource & { keys: string[] }>();
  const winners = new Set<number>();
  for (const [below, origin] of found === undefined ? [] : leavesOf(found, path)) {
    const part = parts[origin.source];
    if (part === undefined) continue;
    winners.add(origin.source);
    const position = part.position(origin.path);
    const id = `${origin.source}`;
    const known = sources.get(id) ?? { ...position, layer: part.layer, keys: [] };
    known.keys.push(formatPath(below));
    sources.set(id, known);
  }
  const under = parts.flatMap(({ layer, tree: own, position }, source) => {
    const said = winners.has(source) ? undefined : at(own, path);
    return said === undefined ? [] : [{ ...position(path), layer, value: dataOf(said) }];
  });
  return {
    key: formatPath(path),
    ...(found === undefined ? {} : { value: dataOf(found) }),
    from: [...sources.values()],
    under: under.toReversed(),
  };
}

/** The keys that are listed: those at the top, and those of the block `berth`. Pure. */
export function listedKeys(tree: TreeMap): DocumentPath[] {
  return [...tree.entries].flatMap(([key, value]): DocumentPath[] =>
    key === 'berth' && value.kind === 'map' ? [...value.entries.keys()].map((name) => ['berth', name]) : [[key]],
  );
}

function at(tree: Tree, path: DocumentPath): Tree | undefined {
  return path.reduce<Tree | undefined>((current, part) => {
    if (current?.kind === 'map') return current.entries.get(String(part));
    return current?.kind === 'list' ? current.items[Number(part)] : undefined;
  }, tree);
}

function leavesOf(tree: Tree, path: DocumentPath): [DocumentPath, Tree['origin']][] {
  const isLeaf = tree.kind === 'scalar' || (tree.kind === 'map' ? tree.entries.size : tree.items.length) === 0;
  if (isLeaf) return [[path, tree.origin]];
  const children: [string | number, Tree][] = tree.kind === 'map' ? [...tree.entries] : [...tree.items.entries()];
  return children.flatMap(([part, child]) => leavesOf(child, [...path, part]));
}
