import { isAlias, isMap, isScalar, isSeq, type Node, type Pair, type YAMLMap } from 'yaml';
import { type DocumentPath, formatPath } from '../../core/diagnostic.ts';
import { placeholderHint } from '../placeholder.ts';
import { lineAt } from '../text-lines.ts';
import {
  isWithoutKey,
  parseYamlDocument,
  type TextPosition,
  withLineFeeds,
  type YamlDocument,
} from '../yaml-document.ts';
import { isMergeKey, offsetOf, refuseText, syntaxProblems, type YamlProblem, yamlLimits } from '../yaml-source.ts';
import { scalarFault, scalarFaultHints, split, splitKey } from './python-fault.ts';
import { pythonScalar, ScalarFailure } from './python-scalar.ts';
import { findTab } from './python-tabs.ts';
import { OtherValue, PythonFloat, type PythonKey, type PythonMap, type PythonValue } from './python-value.ts';

/** A text as PyYAML's safe loader reads it. */
export interface PythonYaml {
  /** Undefined when the loader fails. */
  readonly value: PythonValue | undefined;
  /** Why it fails; empty otherwise. */
  readonly problems: readonly YamlProblem[];
  /** Where the value, or the key, of a path stands; of its nearest known ancestor when there is none. */
  positionOf(path: DocumentPath, at?: 'key' | 'value'): TextPosition;
}

/** Reads one YAML document as PyYAML's safe loader does, where it is stricter or laxer than YAML too. Pure; never throws. */
export function readPythonYaml(text: string): PythonYaml {
  const refusal = refuseText(text);
  if (refusal !== undefined) return failed([{ ...refusal, position: { line: 1, column: 1 } }]);
  try {
    return new PythonReader(withLineFeeds(text)).read();
  } catch (error) {
    // The parser is a third party's: whatever it throws on hostile input is the text's fault, not ours.
    const message = `cannot be read as YAML: ${error instanceof Error ? error.message : String(error)}`;
    return failed([{ path: [], severity: 'error', code: 'yaml-syntax', message, position: { line: 1, column: 1 } }]);
  }
}

function failed(problems: readonly YamlProblem[]): PythonYaml {
  return { value: undefined, problems, positionOf: () => ({ line: 1, column: 1 }) };
}

const unprintable = /[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u;

const noControl = 'PyYAML takes no control characters';
const noMark = 'a byte order mark at the beginning of a line is a part of the key to PyYAML';
const oneDirective = 'PyYAML takes "%YAML" once only';
const noTab = 'a tab stands where PyYAML takes blanks only';
const hints = new Map([
  [noControl, 'remove the character, or write it as an escape in double quotes, such as "\\x1b"'],
  [noMark, 'remove the character, which most editors do not show'],
  [noTab, 'replace the tab by blanks'],
  ...scalarFaultHints,
]);

/** Where `%YAML` stands for the second time before a document. */
function secondDirective(text: string): number | undefined {
  const [head = ''] = /^\ufeff?(?:[#%][^\n]*(?:\n|$)|[ \t]*\n)*/.exec(text) ?? [];
  return [...head.matchAll(/^%YAML[ \t]/gm)][1]?.index;
}

/** The loader stops at its first failure. */
class LoaderFailure extends Error {
  readonly code: string;
  readonly offset: number;
  readonly path: DocumentPath;

  constructor(code: string, message: string, offset: number, path: DocumentPath) {
    super(message);
    this.code = code;
    this.offset = offset;
    this.path = path;
  }
}

class PythonReader {
  readonly #yaml: YamlDocument;
  readonly #places = new Map<string, { readonly key: number; readonly value: number }>();
  readonly #anchors = new Map<string, Node>();
  #rootOffset = 0;
  #nodes = 0;

  constructor(text: string) {
    this.#yaml = parseYamlDocument(text);
  }

  read(): PythonYaml {
    const { document, text } = this.#yaml;
    const faults = syntaxProblems(this.#yaml).map(({ offset, ...problem }) => ({
      ...problem,
      position: this.#position(offset),
    }));
    if (faults.length > 0) return this.#failed(faults);
    this.#rootOffset = offsetOf(document.contents) ?? 0;
    try {
      const stray = text.search(unprintable);
      if (stray !== -1) throw new LoaderFailure('yaml-syntax', noControl, stray, []);
      const mark = text.search(/(?<=\n)\ufeff/);
      if (mark !== -1) throw new LoaderFailure('yaml-syntax', noMark, mark, []);
      const directive = secondDirective(text);
      if (directive !== undefined) throw new LoaderFailure('yaml-syntax', oneDirective, directive, []);
      const tab = findTab(text);
      if (tab !== undefined) throw new LoaderFailure('yaml-syntax', noTab, tab, []);
      const value = this.#value(document.contents, []);
      return { value, problems: [], positionOf: (path, at = 'value') => this.#positionOf(path, at) };
    } catch (error) {
      if (!(error instanceof LoaderFailure)) throw error;
      const { code, message, offset, path } = error;
      const hint = placeholderHint(lineAt(text, offset)) ?? hints.get(message);
      const problem = { path, severity: 'error' as const, code, message, ...(hint === undefined ? {} : { hint }) };
      return this.#failed([{ ...problem, position: this.#position(offset) }]);
    }
  }

  #failed(problems: readonly YamlProblem[]): PythonYaml {
    return { value: undefined, problems, positionOf: (path, at = 'value') => this.#positionOf(path, at) };
  }

  #position(offset: number): TextPosition {
    return this.#yaml.positionOf(offset);
  }

  #positionOf(path: DocumentPath, at: 'key' | 'value'): TextPosition {
    for (let length = path.length; length > 0; length -= 1) {
      const place = this.#places.get(formatPath(path.slice(0, length)));
      if (place !== undefined) return this.#position(length === path.length ? place[at] : place.value);
    }
    return this.#position(path.length === 0 ? this.#rootOffset : 0);
  }

  #value(node: unknown, path: DocumentPath, inBrackets = false): PythonValue {
    this.#nodes += 1;
    const offset = offsetOf(node) ?? 0;
    const fail = (code: string, message: string): never => {
      throw new LoaderFailure(code, message, offset, path);
    };
    if (this.#nodes > yamlLimits.nodes) fail('too-large', `has more than ${yamlLimits.nodes} values, aliases expanded`);
    if (path.length > yamlLimits.depth) fail('too-deep', `is nested more than ${yamlLimits.depth} levels deep`);
    if (isAlias(node)) return this.#value(this.#anchored(node.source, offset, path), path);
    if (isScalar(node) || isMap(node) || isSeq(node)) this.#anchor(node, path);
    if (isScalar(node)) {
      const fault = scalarFault(node, this.#yaml.text, inBrackets);
      if (fault !== undefined) fail('yaml-syntax', fault);
      try {
        return pythonScalar(node);
      } catch (error) {
        if (!(error instanceof ScalarFailure)) throw error;
        fail('yaml-value', error.message);
      }
    }
    if (isMap(node)) {
      const map = this.#map(node, path, inBrackets || node.flow === true);
      return node.tag === undefined || plainTags.has(node.tag) ? map : other(node.tag, fail);
    }
    if (!isSeq(node)) return null;
    const items = node.items.map((item, index) => {
      const itemPath = [...path, index];
      const at = offsetOf(item) ?? offset;
      this.#places.set(formatPath(itemPath), { key: at, value: at });
      return this.#value(item, itemPath, inBrackets || node.flow === true);
    });
    return node.tag === undefined || plainTags.has(node.tag)
      ? items
      : pairTags.has(node.tag)
        ? items.map(() => new OtherValue('a pair'))
        : other(node.tag, fail);
  }

  #anchor(node: Node & { readonly anchor?: string | undefined }, path: DocumentPath): void {
    const { anchor } = node;
    if (anchor === undefined) return;
    if (!/^[\w-]+$/.test(anchor)) {
      const message = `the name of the anchor "&${anchor}" has more than letters, digits, "-" and "_"`;
      throw new LoaderFailure('yaml-alias', message, offsetOf(node) ?? 0, path);
    }
    const first = this.#anchors.get(anchor);
    if (first !== undefined && first !== node) {
      const message = `the anchor "&${anchor}" stands twice`;
      throw new LoaderFailure('yaml-alias', message, offsetOf(node) ?? 0, path);
    }
    this.#anchors.set(anchor, node);
  }

  #anchored(name: string, offset: number, path: DocumentPath): Node {
    const target = this.#anchors.get(name);
    if (target !== undefined) return target;
    throw new LoaderFailure('yaml-alias', `"*${name}" has no anchor "&${name}" before it`, offset, path);
  }

  #map(map: YAMLMap, path: DocumentPath, inBrackets: boolean): PythonMap {
    const own = new Map<PythonKey, PythonValue>();
    const merged = new Map<PythonKey, PythonValue>();
    const fault = map.flow === true ? splitKey(map, this.#yaml.text) : undefined;
    if (fault !== undefined) throw new LoaderFailure('yaml-syntax', split, fault, path);
    for (const pair of map.items) {
      if (isMergeKey(pair)) {
        for (const [key, value] of this.#mergeValue(pair, path)) merged.set(key, value);
        continue;
      }
      const key = this.#key(pair, path, inBrackets);
      const at = offsetOf(pair.key) ?? offsetOf(map) ?? 0;
      const itemPath = [...path, String(key)];
      this.#places.set(formatPath(itemPath), { key: at, value: offsetOf(pair.value) ?? at });
      own.set(key, this.#value(pair.value, itemPath, inBrackets));
    }
    return new Map([...merged, ...own]);
  }

  /** `<<`: of several mappings the first one that has a key counts. */
  #mergeValue(pair: Pair, path: DocumentPath): [PythonKey, PythonValue][] {
    const value = this.#value(pair.value, path);
    const maps: readonly PythonValue[] = Array.isArray(value)
      ? (value as readonly PythonValue[]).toReversed()
      : [value];
    return maps.flatMap((entry) => {
      if (entry instanceof Map) return [...(entry as PythonMap)];
      const message = '"<<" takes a mapping or a list of mappings';
      throw new LoaderFailure('yaml-merge', message, offsetOf(pair.key) ?? 0, path);
    });
  }

  #key({ key, value }: Pair, path: DocumentPath, inBrackets: boolean): PythonKey {
    if (isWithoutKey(key, this.#yaml.text))
      throw new LoaderFailure('yaml-syntax', 'there is no key before ":"', offsetOf(key) ?? 0, path);
    const read = key === null ? null : this.#value(key, path, inBrackets);
    if (Array.isArray(read) || read instanceof Map) {
      const message = 'a list or a mapping cannot be a key';
      throw new LoaderFailure('key-not-text', message, offsetOf(key) ?? offsetOf(value) ?? 0, path);
    }
    return (read instanceof PythonFloat && Number.isInteger(read.value) ? read.value : read) as PythonKey;
  }
}

const core = 'tag:yaml.org,2002:';
const plainTags = new Set(['!', `${core}map`, `${core}seq`]);
const pairTags = new Set([`${core}omap`, `${core}pairs`]);

function other(tag: string, fail: (code: string, message: string) => never): OtherValue {
  return tag === `${core}set`
    ? new OtherValue('a set')
    : fail('yaml-value', `the tag ${tag} has no value in PyYAML's safe loader`);
}
