import type { Diagnostic } from '../../core/diagnostic.ts';
import { type DocumentPath, formatPath } from '../../core/diagnostic.ts';
import type { ScriptConfig } from '../commands-config.ts';
import type { SourceFile, SourcePosition } from '../dialects/dialect.ts';
import type { KeyedValue } from '../key-table.ts';
import { Place } from '../place.ts';
import { isMapping } from '../shape.ts';
import { ConfigPart } from './config-part.ts';
import { expandUserData } from './expand.ts';
import { type DeclaredPart, type EffectiveKey, explainKey, listedKeys } from './explain.ts';
import type { LayerName } from './layer-names.ts';
import { stackLayers } from './layers.ts';
import { emptyTree, mergePart, patchTree } from './merge-parts.ts';
import { MergeFailure } from './mergers.ts';
import { partProblem, type UserDataPart } from './part.ts';
import { partTypes } from './part-types.ts';
import { readScript } from './scripts.ts';
import { dataOf, originOf, sourcesIn, type Tree, type TreeMap, walkTree } from './tree.ts';
import { partWithoutEffect } from './without-effect.ts';

/** Several texts, merged, as one document; places in it lead back to the texts. */
export interface UserData {
  /** Top-level keys; without `berth`. */
  readonly keys: readonly KeyedValue[];
  /** The keys of the block `berth`. */
  readonly berth: readonly KeyedValue[];
  readonly scripts: readonly ScriptConfig[];
  /** A key as it holds, and who says so; without a path all keys that are listed. */
  explain(path?: DocumentPath): readonly EffectiveKey[];
  /** Formatted path → where it stands. @param named names of things → their places in the document. */
  sources(named: ReadonlyMap<string, Place>): Map<string, SourcePosition>;
}

/**
 * Reads texts of all of cloud-init's formats as one document, a later one over an earlier one, a higher layer over a lower
 * one. Pure; never throws. Undefined when a text of the user's cannot be read at all.
 */
export function readUserData(
  files: readonly SourceFile[],
  report: (diagnostic: Diagnostic) => void,
): UserData | undefined {
  const reader = new UserDataReader(report);
  for (const file of files) reader.take(file);
  return reader.isReadable ? reader.result() : undefined;
}

class UserDataReader {
  isReadable = true;
  readonly #report: (diagnostic: Diagnostic) => void;
  readonly #parts: ConfigPart[] = [];
  readonly #layers = new Map<LayerName, TreeMap>();
  /** What each part declared at its top level, and one level below `berth`. */
  readonly #declared: { readonly key: Place; readonly path: readonly string[]; readonly source: number }[] = [];
  /** What each part says by itself. */
  readonly #trees: DeclaredPart[] = [];
  readonly #scripts: ScriptConfig[] = [];
  readonly #scriptPlaces = new Map<string, SourcePosition>();

  constructor(report: (diagnostic: Diagnostic) => void) {
    this.#report = report;
  }

  take({ file, text, layer = 'user-data' }: SourceFile): void {
    const { parts, diagnostics } = expandUserData(file, new TextEncoder().encode(text));
    for (const diagnostic of diagnostics) this.#tell(diagnostic, layer);
    // A user's text that is torn is as good as none; a part that is wrong in itself is passed over.
    if (layer !== 'vendor-data' && parts.length === 0 && diagnostics.some(({ severity }) => severity === 'error'))
      this.isReadable = false;
    for (const part of parts) this.#takePart(part, layer);
  }

  #takePart(part: UserDataPart, layer: LayerName): void {
    // Whoever had it read although it says nothing of itself knows that it is one.
    const isNamed = part.isWhole && part.type === 'text/plain';
    if (part.type === partTypes.cloudConfig || isNamed) {
      this.#takeConfig(part, layer);
      return;
    }
    if (part.type === partTypes.jsonPatch) {
      this.#takePatch(part, layer);
      return;
    }
    const script = readScript(part, layer, (diagnostic) => this.#report(diagnostic));
    if (script === undefined) {
      this.#report(partWithoutEffect(part));
      return;
    }
    const name = this.#freeName(script.name);
    this.#scripts.push({ ...script, name });
    this.#scriptPlaces.set(formatPath(['scripts', name]), { file: part.file, line: 1, column: 1 });
  }

  /** Parts of several texts may have one name: none takes another one's place. */
  #freeName(name: string): string {
    const taken = (candidate: string): boolean => this.#scripts.some((script) => script.name === candidate);
    for (let count = 2; ; count += 1) {
      const candidate = count === 2 ? name : `${name}-${count - 1}`;
      if (!taken(candidate)) return candidate;
    }
  }

  #takeConfig(part: UserDataPart, layer: LayerName): void {
    const source = this.#parts.length;
    const config = new ConfigPart(part, (diagnostic) => this.#tell(diagnostic, layer));
    this.#parts.push(config);
    const tree = config.tree(source);
    this.#trees.push({
      layer,
      tree: tree === undefined || tree === 'none' ? emptyTree : tree,
      position: (path) => config.position({ path }),
    });
    if (tree === undefined && layer !== 'vendor-data') this.isReadable = false;
    if (tree === undefined || tree === 'none') return;
    for (const key of tree.entries.keys())
      if (key !== 'berth') this.#declared.push({ key: config.root.child(key), path: [key], source });
    const block = this.#checkedBlock(tree, config.root, source);
    this.#layers.set(layer, mergePart(this.#layers.get(layer) ?? emptyTree, block, config));
  }

  /** `berth` has to be a mapping: what is wrong with it must not hide what an earlier part says. */
  #checkedBlock(tree: TreeMap, root: Place, source: number): TreeMap {
    const block = tree.entries.get('berth');
    if (block === undefined) return tree;
    const place = root.child('berth');
    if (block.kind === 'map') {
      for (const key of block.entries.keys())
        this.#declared.push({ key: place.child(key), path: ['berth', key], source });
      return tree;
    }
    const value = dataOf(block);
    if (value === null) place.warn('empty-value', '"berth" has no value, so nothing is declared', undefined, 'key');
    else place.error('wrong-type', `expected a mapping, found ${Array.isArray(value) ? 'a list' : typeof value}`);
    const entries = new Map(tree.entries);
    entries.delete('berth');
    return { ...tree, entries };
  }

  #takePatch(part: UserDataPart, layer: LayerName): void {
    const source = this.#parts.length;
    const config = new ConfigPart({ ...part, bytes: new Uint8Array() }, () => undefined);
    this.#parts.push(config);
    this.#trees.push({ layer, tree: emptyTree, position: (path) => config.position({ path }) });
    try {
      this.#layers.set(layer, patchTree(this.#layers.get(layer) ?? emptyTree, part, source));
    } catch (error) {
      if (!(error instanceof MergeFailure)) throw error;
      const message = `this JSON patch is left out: ${error.message}`;
      const path = 'cloud-config-jsonp';
      this.#report({ ...partProblem(part.file, 'error', 'merge', message), path });
    }
  }

  /** What is wrong with a vendor's text must not keep the user's from being applied. */
  #tell(diagnostic: Diagnostic, layer: LayerName): void {
    const isVendors = layer === 'vendor-data' && diagnostic.severity === 'error' && diagnostic.path === '';
    this.#report(isVendors ? { ...diagnostic, severity: 'warning' } : diagnostic);
  }

  result(): UserData {
    const tree = stackLayers(this.#layers);
    this.#reportOverridden(tree);
    const root = new Place([], ({ path, ...problem }) => {
      const origin = originOf(tree, path);
      this.#parts[origin.source]?.reportAt({ ...problem, path: origin.path });
    });
    const data = dataOf(tree) as Readonly<Record<string, unknown>>;
    const { berth = {}, ...keys } = data;
    const keyed = (values: Readonly<Record<string, unknown>>, parent: Place): KeyedValue[] =>
      Object.entries(values).map(([key, value]) => ({ key, value, place: parent.child(key) }));
    return {
      keys: keyed(keys, root),
      berth: isMapping(berth) ? keyed(berth, root.child('berth')) : [],
      scripts: this.#scripts,
      explain: (path) =>
        (path === undefined ? listedKeys(tree) : [path]).map((one) => explainKey(tree, this.#trees, one)),
      sources: (named) => this.#sources(tree, named),
    };
  }

  #reportOverridden(tree: TreeMap): void {
    const inKey = new Map<Tree, ReadonlySet<number>>();
    for (const { key, path, source } of this.#declared) {
      const name = path.at(-1) ?? '';
      if (name.startsWith('merge_')) continue;
      const found = path.reduce<Tree | undefined>(
        (at, part) => (at?.kind === 'map' ? at.entries.get(part) : undefined),
        tree,
      );
      const sources = found === undefined ? undefined : (inKey.get(found) ?? sourcesIn(found));
      if (found !== undefined && sources !== undefined) inKey.set(found, sources);
      if (sources?.has(source) === true) continue;
      key.inform('overridden', `"${name}" is replaced by a later file`, undefined, 'key');
    }
  }

  #sources(tree: TreeMap, named: ReadonlyMap<string, Place>): Map<string, SourcePosition> {
    const sources = new Map(this.#scriptPlaces);
    const put = (key: string, origin: ReturnType<typeof originOf>): void => {
      const position = this.#parts[origin.source]?.position(origin);
      if (position !== undefined) sources.set(key, position);
    };
    for (const [path, origin] of walkTree(tree)) put(formatPath(path), origin);
    for (const [key, place] of named) put(key, originOf(tree, place.path));
    return sources;
  }
}
