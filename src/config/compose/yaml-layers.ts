import { type Document, isAlias, isMap, isScalar, isSeq, type Node, parseAllDocuments, type YAMLMap } from 'yaml';
import { type DocumentPath, formatPath } from '../../core/diagnostic.ts';
import { BerthError } from '../../core/errors.ts';
import { scalarValue } from '../yaml-scalar.ts';

/** One YAML document of a Compose file, as plain data. */
export interface ComposeLayer {
  readonly tree: Readonly<Record<string, unknown>>;
  /** Paths tagged `!reset` (left out of the tree) or `!override` (in the tree): what earlier layers say there goes. */
  readonly cleared: readonly DocumentPath[];
}

/**
 * Reads a Compose file's documents, each a layer over the one before. Anchors, aliases and merge keys are resolved.
 * @throws BerthError CONFIG_INVALID for text that is not YAML, keys that are not text, a repeated key, an alias inside
 *   of what it stands for, or a document that is not a mapping.
 */
export function readLayers(file: string, content: string): ComposeLayer[] {
  const documents = parseAllDocuments(content, {
    version: '1.1',
    uniqueKeys: false,
    prettyErrors: false,
    logLevel: 'silent',
  });
  const parsed: Document[] = Array.isArray(documents) ? documents : [];
  return parsed.flatMap((document) => {
    const fault = document.errors[0];
    if (fault !== undefined) throw fail(`${file}: ${fault.message.split('\n', 1)[0] ?? fault.code}`);
    if (document.contents === null || (isScalar(document.contents) && document.contents.value === null)) return [];
    if (!isMap(document.contents)) throw fail(`${file}: the top level must be a mapping`);
    return [new LayerReader(document).read(document.contents)];
  });
}

function fail(message: string): BerthError {
  return new BerthError('CONFIG_INVALID', message);
}

/** Marks a value that `!reset` takes away. */
const nothingHere = Symbol('reset');

class LayerReader {
  readonly #document: Document;
  readonly #cleared: DocumentPath[] = [];
  /** Nodes that are being read: an alias to one of them would never end. */
  readonly #open = new Set<Node>();

  constructor(document: Document) {
    this.#document = document;
  }

  read(contents: YAMLMap): ComposeLayer {
    const tree = Object.fromEntries(this.#mapping(contents, []));
    return { tree, cleared: this.#cleared };
  }

  #value(node: unknown, path: DocumentPath): unknown {
    const target = this.#resolve(node, path);
    if (target === undefined) return null;
    if (target.tag === '!reset' || target.tag === '!override') this.#cleared.push(path);
    if (target.tag === '!reset') return nothingHere;
    if (isScalar(target)) return scalarValue(target, 'compose');
    return this.#guarded(target, path, () => {
      if (isMap(target)) return Object.fromEntries(this.#mapping(target, path));
      if (!isSeq(target)) return null;
      const items = target.items.map((item, index) => this.#value(item, [...path, index]));
      return items.filter((item) => item !== nothingHere);
    });
  }

  #resolve(node: unknown, path: DocumentPath): Node | undefined {
    if (!isAlias(node)) return (node ?? undefined) as Node | undefined;
    const target = node.resolve(this.#document);
    if (target === undefined) throw fail(`${formatPath(path)}: nothing is called "${node.source}"`);
    return target;
  }

  #guarded<T>(node: Node, path: DocumentPath, read: () => T): T {
    if (this.#open.has(node)) throw fail(`cycle: ${formatPath(path)} stands for something it is a part of`);
    this.#open.add(node);
    const value = read();
    this.#open.delete(node);
    return value;
  }

  /** A mapping's own entries; keys it does not have come from what it merges (`<<`), the first one wins. */
  #mapping(map: YAMLMap, path: DocumentPath): Map<string, unknown> {
    const own = new Map<string, unknown>();
    const merged: unknown[] = [];
    for (const { key, value } of map.items) {
      const name = this.#key(key, path);
      if (name === '<<') merged.push(value);
      else if (own.has(name)) throw fail(`${formatPath([...path, name])}: the key stands here more than once`);
      else own.set(name, this.#value(value, [...path, name]));
    }
    for (const source of merged) {
      for (const [name, value] of this.#mergeSource(source, path)) if (!own.has(name)) own.set(name, value);
    }
    for (const [name, value] of own) if (value === nothingHere) own.delete(name);
    return own;
  }

  #mergeSource(source: unknown, path: DocumentPath): Map<string, unknown> {
    const target = this.#resolve(source, path);
    if (isMap(target)) return this.#guarded(target, path, () => this.#mapping(target, path));
    if (!isSeq(target)) throw fail(`${formatPath(path)}: only mappings can be merged with "<<"`);
    const all = new Map<string, unknown>();
    for (const item of target.items) {
      for (const [name, value] of this.#mergeSource(item, path)) if (!all.has(name)) all.set(name, value);
    }
    return all;
  }

  #key(key: unknown, path: DocumentPath): string {
    const target = this.#resolve(key, path);
    if (isScalar(target)) {
      const name = target.value;
      // The merge key is a type of its own in YAML 1.1.
      if (typeof name === 'symbol') return '<<';
      const value = scalarValue(target, 'compose');
      if (typeof value === 'string') return value;
    }
    const where = path.length === 0 ? 'at the top level' : `in ${formatPath(path)}`;
    throw fail(`non-string key ${where}: ${String(isScalar(target) ? target.source : target)}`);
  }
}
