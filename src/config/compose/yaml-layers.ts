import { type Document, isAlias, isMap, isScalar, isSeq, type Node, type YAMLMap } from 'yaml';
import { type DocumentPath, formatPath } from '../../core/diagnostic.ts';
import { BerthError, messageOf } from '../../core/errors.ts';
import { parseYamlDocuments, type YamlDocuments } from '../yaml-document.ts';
import { scalarValue } from '../yaml-scalar.ts';
import { offsetOf, refuseText, syntaxProblems, yamlLimits } from '../yaml-source.ts';

/** One YAML document of a Compose file, as plain data. */
export interface ComposeLayer {
  readonly tree: Readonly<Record<string, unknown>>;
  /** Paths tagged `!reset` (left out of the tree) or `!override` (in the tree): what earlier layers say there goes. */
  readonly cleared: readonly DocumentPath[];
}

/**
 * Reads a Compose file's documents, each a layer over the one before. Anchors, aliases and merge keys are resolved.
 * @throws BerthError CONFIG_INVALID, with file, line and column, for text that is not YAML or more than is read, keys that are
 *   not text, a repeated key, an alias inside of what it stands for, or a document that is not a mapping.
 */
export function readLayers(file: string, content: string): ComposeLayer[] {
  const refusal = refuseText(content);
  if (refusal !== undefined) throw new BerthError('CONFIG_INVALID', `${file}: ${refusal.message}`);
  const source = new LayerSource(file, parsed(file, content));
  source.throwFault();
  return source.yaml.documents.flatMap((document) => {
    const { contents } = document;
    if (contents === null || (isScalar(contents) && contents.value === null)) return [];
    if (!isMap(contents)) throw source.fail('the top level must be a mapping', contents);
    return [new LayerReader(document, source).read(contents)];
  });
}

function parsed(file: string, content: string): YamlDocuments {
  try {
    return parseYamlDocuments(content);
  } catch (error) {
    // The parser is a third party's: whatever it throws on hostile input is the text's fault, not ours.
    throw new BerthError('CONFIG_INVALID', `${file}: cannot be read as YAML: ${messageOf(error)}`, { cause: error });
  }
}

/** A file's documents, what has been read of them, and where a fault of theirs is. */
class LayerSource {
  readonly yaml: YamlDocuments;
  readonly #file: string;
  #nodes = 0;

  constructor(file: string, yaml: YamlDocuments) {
    this.#file = file;
    this.yaml = yaml;
  }

  throwFault(): void {
    const [fault] = syntaxProblems(this.yaml);
    if (fault !== undefined) throw this.#failAt(fault.message, fault.offset, fault.hint);
  }

  fail(message: string, node: unknown): BerthError {
    return this.#failAt(message, offsetOf(node) ?? 0);
  }

  /** Counts a value, with what aliases expand to. */
  count(node: unknown, path: DocumentPath): void {
    this.#nodes += 1;
    if (this.#nodes > yamlLimits.nodes)
      throw this.fail(`the file has more than ${yamlLimits.nodes} values, aliases expanded`, node);
    if (path.length > yamlLimits.depth)
      throw this.fail(`the file is nested more than ${yamlLimits.depth} levels deep`, node);
  }

  #failAt(message: string, offset: number, hint?: string): BerthError {
    const { line, column } = this.yaml.positionOf(offset);
    const text = `${this.#file}:${line}:${column}: ${message}`;
    return new BerthError('CONFIG_INVALID', text, hint === undefined ? {} : { hint });
  }
}

/** Marks a value that `!reset` takes away. */
const nothingHere = Symbol('reset');

class LayerReader {
  readonly #document: Document;
  readonly #source: LayerSource;
  readonly #cleared: DocumentPath[] = [];
  /** Nodes that are being read: an alias to one of them would never end. */
  readonly #open = new Set<Node>();

  constructor(document: Document, source: LayerSource) {
    this.#document = document;
    this.#source = source;
  }

  read(contents: YAMLMap): ComposeLayer {
    const tree = Object.fromEntries(this.#mapping(contents, []));
    return { tree, cleared: this.#cleared };
  }

  #value(node: unknown, path: DocumentPath): unknown {
    this.#source.count(node, path);
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
    if (target === undefined) throw this.#source.fail(`${formatPath(path)}: nothing is called "${node.source}"`, node);
    return target;
  }

  #guarded<T>(node: Node, path: DocumentPath, read: () => T): T {
    if (this.#open.has(node))
      throw this.#source.fail(`cycle: ${formatPath(path)} stands for something it is a part of`, node);
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
      else if (own.has(name))
        throw this.#source.fail(`${formatPath([...path, name])}: the key stands here more than once`, key);
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
    if (!isSeq(target)) throw this.#source.fail(`${formatPath(path)}: only mappings can be merged with "<<"`, source);
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
    const what = String(isScalar(target) ? target.source : target);
    throw this.#source.fail(`non-string key ${where}: ${what}`, key);
  }
}
