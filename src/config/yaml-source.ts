import { isAlias, isMap, isScalar, isSeq, Lexer, type Node, type Pair, type YAMLMap } from 'yaml';
import { type DocumentPath, formatPath, type Problem } from '../core/diagnostic.ts';
import { placeholderHint } from './placeholder.ts';
import { plainJson } from './plain-json.ts';
import { lineAt } from './text-lines.ts';
import { parseYamlDocument, type TextPosition, withLineFeeds, type YamlDocument } from './yaml-document.ts';
import { type ScalarRules, scalarValue } from './yaml-scalar.ts';

export type { TextPosition } from './yaml-document.ts';

/** A problem of the YAML itself, which may stand where no path leads. */
export interface YamlProblem extends Problem {
  readonly position: TextPosition;
}

export interface YamlSource {
  /** Plain JSON data (besides `!!binary`, a Uint8Array); undefined when the text is not YAML. */
  readonly data: unknown;
  readonly problems: readonly YamlProblem[];
  /** Where the value, or the key, of a path stands; of its nearest known ancestor when there is none. */
  positionOf(path: DocumentPath, at?: 'key' | 'value'): TextPosition;
  /** Every path of the document, formatted, with the position of its key. */
  readonly positions: () => ReadonlyMap<string, TextPosition>;
}

export interface YamlOptions {
  /** Rules for the unquoted scalars below a top-level key; the key itself is always read as text. */
  readonly rulesOf: (topLevelKey: string) => ScalarRules;
}

/** Longer texts are refused unread: providers hand out at most 1 MiB of user-data, and parsing takes about 2 s a MiB. */
export const maxTextLength = 2 ** 20;
/** Enough for a thousand services; keeps the time that a hostile text can take to a few seconds. */
export const yamlLimits = { nodes: 50_000, depth: 64 };
const maxSyntaxProblems = 20;
/** Words, signs, blanks and line ends: what the parser's time goes by. 50,000 values have fewer. */
const maxTokens = 250_000;
/** Brackets within brackets that the parser is given: it takes a kilobyte of stack and more for each. */
const deepest = 500;

interface Place {
  readonly key: number;
  readonly value: number;
}

/** Reads one YAML 1.1 document. Pure; never throws. */
export function readYaml(text: string, options: YamlOptions): YamlSource {
  const refusal = refuseText(text);
  if (refusal !== undefined) return unreadable([{ ...refusal, position: { line: 1, column: 1 } }]);
  const json = plainJson(text, yamlLimits);
  return json === undefined ? parseYaml(text, options) : withPlaces(json, () => parseYaml(text, options));
}

/** Places are only asked for when there is something to say of them. */
function withPlaces(data: unknown, parse: () => YamlSource): YamlSource {
  let parsed: YamlSource | undefined;
  const places = (): YamlSource => (parsed ??= parse());
  return {
    data,
    problems: [],
    positionOf: (path, at) => places().positionOf(path, at),
    positions: () => places().positions(),
  };
}

function parseYaml(text: string, options: YamlOptions): YamlSource {
  try {
    return new YamlReader(text, options).read();
  } catch (error) {
    // The parser is a third party's: whatever it throws on hostile input is the text's fault, not ours.
    const message = `cannot be read as YAML: ${error instanceof Error ? error.message : String(error)}`;
    return unreadable([{ ...problem('yaml-syntax', message), position: { line: 1, column: 1 } }]);
  }
}

/** Why a text is not even parsed; undefined when it can be. */
export function refuseText(text: string): Problem | undefined {
  if (text.length > maxTextLength) {
    return problem('too-large', `has ${text.length} characters; at most ${maxTextLength} are read`);
  }
  if (text.length > maxTokens && hasMoreTokens(text))
    return problem('too-large', `has more than ${maxTokens} words and signs`);
  if (isTooDeep(text)) return problem('too-deep', `is nested more than ${yamlLimits.depth} levels deep`);
  return text.includes('\0') ? problem('not-text', 'contains a NUL byte, so it is not a text') : undefined;
}

function hasMoreTokens(text: string): boolean {
  const tokens = new Lexer().lex(text);
  for (let count = 0; count <= maxTokens; count += 1) if (tokens.next().done === true) return false;
  return true;
}

/** True where brackets, or dashes of one line, stand in each other so deep that the parser, which recurses, would not come back. */
function isTooDeep(text: string): boolean {
  const mayBe = (text.match(/[[{]/g)?.length ?? 0) > deepest || /(?:[-?][ \t]+){500}/.test(text);
  if (!mayBe) return false;
  let [brackets, dashes] = [0, 0];
  for (const token of new Lexer().lex(text)) {
    if (token === '[' || token === '{') brackets += 1;
    else if (token === ']' || token === '}') brackets = Math.max(0, brackets - 1);
    else if (token === '-' || token === '?') dashes += 1;
    else if (token.trim() !== '' || token.includes('\n')) dashes = 0;
    if (brackets + dashes > deepest) return true;
  }
  return false;
}

function unreadable(problems: readonly YamlProblem[]): YamlSource {
  return { data: undefined, problems, positionOf: () => ({ line: 1, column: 1 }), positions: () => new Map() };
}

function problem(code: string, message: string, hint?: string): Problem {
  return { path: [], severity: 'error', code, message, ...(hint === undefined ? {} : { hint }) };
}

class TooMuch extends Error {
  readonly code: string;
  readonly offset: number;

  constructor(code: string, message: string, offset: number) {
    super(message);
    this.code = code;
    this.offset = offset;
  }
}

class YamlReader {
  readonly #text: string;
  readonly #options: YamlOptions;
  #yaml: YamlDocument | undefined;
  readonly #problems: YamlProblem[] = [];
  readonly #places = new Map<string, Place>();
  readonly #anchors = new Map<string, Node>();
  #rootOffset = 0;
  #nodes = 0;

  constructor(text: string, options: YamlOptions) {
    this.#text = text;
    this.#options = options;
  }

  read(): YamlSource {
    this.#yaml = parseYamlDocument(withLineFeeds(this.#text));
    const { document } = this.#yaml;
    const faults = syntaxProblems(this.#yaml);
    for (const { offset, ...fault } of faults) this.#add(fault, offset);
    this.#rootOffset = offsetOf(document.contents) ?? 0;
    let data: unknown;
    if (faults.length === 0) {
      try {
        data = this.#value(document.contents, []);
      } catch (error) {
        if (!(error instanceof TooMuch)) throw error;
        this.#add(problem(error.code, error.message), error.offset);
        data = undefined;
      }
    }
    return {
      data,
      problems: this.#problems,
      positions: () => new Map([...this.#places].map(([path, { key }]) => [path, this.#position(key)])),
      positionOf: (path, at = 'value') => this.#positionOf(path, at),
    };
  }

  #position(offset: number): TextPosition {
    return this.#yaml?.positionOf(offset) ?? { line: 1, column: 1 };
  }

  #positionOf(path: DocumentPath, at: 'key' | 'value'): TextPosition {
    for (let length = path.length; length > 0; length -= 1) {
      const place = this.#places.get(formatPath(path.slice(0, length)));
      if (place !== undefined) return this.#position(length === path.length ? place[at] : place.value);
    }
    return this.#position(path.length === 0 ? this.#rootOffset : 0);
  }

  #add(found: Problem, offset: number): void {
    this.#problems.push({ ...found, position: this.#position(offset) });
  }

  #value(node: unknown, path: DocumentPath): unknown {
    this.#nodes += 1;
    const offset = offsetOf(node) ?? 0;
    if (this.#nodes > yamlLimits.nodes)
      throw new TooMuch('too-large', `has more than ${yamlLimits.nodes} values, aliases expanded`, offset);
    if (path.length > yamlLimits.depth)
      throw new TooMuch('too-deep', `is nested more than ${yamlLimits.depth} levels deep`, offset);
    if (isAlias(node)) {
      const target = this.#anchors.get(node.source);
      if (target === undefined) {
        this.#add(problem('yaml-alias', `"*${node.source}" has no anchor "&${node.source}" before it`), offset);
        return null;
      }
      return this.#value(target, path);
    }
    if ((isScalar(node) || isMap(node) || isSeq(node)) && node.anchor !== undefined)
      this.#anchors.set(node.anchor, node);
    if (isScalar(node)) return scalarValue(node, this.#rules(path));
    if (isMap(node)) return this.#map(node, path);
    if (!isSeq(node)) return null;
    return node.items.map((item, index) => {
      const itemPath = [...path, index];
      const at = offsetOf(item) ?? offset;
      this.#places.set(formatPath(itemPath), { key: at, value: at });
      return this.#value(item, itemPath);
    });
  }

  #map(map: YAMLMap, path: DocumentPath): Record<string, unknown> {
    const own = new Map<string, unknown>();
    const merged = new Map<string, unknown>();
    for (const pair of map.items) {
      if (isMergeKey(pair)) {
        for (const [key, value] of this.#mergeValue(pair, path)) if (!merged.has(key)) merged.set(key, value);
        continue;
      }
      const key = this.#key(pair, path);
      if (key === undefined) continue;
      const at = offsetOf(pair.key) ?? offsetOf(map) ?? 0;
      const itemPath = [...path, key];
      if (own.has(key)) {
        const message = `"${key}" stands twice in the same mapping; the last one would win`;
        this.#add({ ...problem('duplicate-key', message), path: itemPath }, at);
      }
      this.#places.set(formatPath(itemPath), { key: at, value: offsetOf(pair.value) ?? at });
      own.set(key, this.#value(pair.value, itemPath));
    }
    // fromEntries defines own properties: a key `__proto__` stays a key.
    return Object.fromEntries([...[...merged].filter(([key]) => !own.has(key)), ...own]);
  }

  /** `<<`: the mapping, or the sequence of mappings, whose entries are taken over (YAML 1.1 merge key). */
  #mergeValue(pair: Pair, path: DocumentPath): [string, unknown][] {
    const value = this.#value(pair.value, path);
    const maps: unknown[] = Array.isArray(value) ? value : [value];
    return maps.flatMap((entry) => {
      if (typeof entry === 'object' && entry !== null && !Array.isArray(entry)) return Object.entries(entry);
      this.#add(
        { ...problem('yaml-merge', '"<<" takes a mapping or a list of mappings'), path },
        offsetOf(pair.key) ?? 0,
      );
      return [];
    });
  }

  #key(pair: Pair, path: DocumentPath): string | undefined {
    const { key } = pair;
    const offset = offsetOf(key) ?? offsetOf(pair.value) ?? 0;
    if (isAlias(key) || !isScalar(key)) {
      const message = 'a key must be text; this one is a list, a mapping, an alias or missing';
      this.#add({ ...problem('key-not-text', message), path }, offset);
      return undefined;
    }
    if (key.anchor !== undefined) this.#anchors.set(key.anchor, key);
    const value = scalarValue(key, path.length === 0 ? 'compose' : this.#rules(path));
    if (typeof value === 'string') return value;
    const text = key.source ?? '';
    const read = `a key must be text; "${text}" is read as ${value === null ? 'null' : `a ${typeof value}`}`;
    this.#add({ ...problem('key-not-text', read, text === '' ? undefined : `quote it: "${text}"`), path }, offset);
    return text;
  }

  #rules(path: DocumentPath): ScalarRules {
    return this.#options.rulesOf(String(path[0] ?? ''));
  }
}

/** What the YAML parser found wrong, with a hint where a person is likely to be at a loss. */
export function yamlSyntaxProblem({ message, code }: { readonly message: string; readonly code: string }): Problem {
  if (/call stack size|Stack overflow/.test(message))
    return problem('too-deep', `is nested more than ${yamlLimits.depth} levels deep`);
  // The parser goes on with advice for programs.
  return problem('yaml-syntax', /^[^\n;]+/.exec(message)?.[0] ?? code, syntaxHints.get(code));
}

/** What the parser found wrong with a text, the first twenty. */
export function syntaxProblems({
  faults,
  text,
}: Pick<YamlDocument, 'faults' | 'text'>): (Problem & { readonly offset: number })[] {
  // What follows from a fault at the same place helps nobody, nor does what follows from a template that is not filled in.
  const places = new Set<number>();
  const first = faults.filter(({ pos: [at] }) => !places.has(at) && places.add(at)).slice(0, maxSyntaxProblems);
  const hints = first.map(({ pos: [offset] }) => placeholderHint(lineAt(text, offset)));
  const end = hints.findIndex((hint) => hint !== undefined);
  return first.slice(0, end === -1 ? undefined : end + 1).map((fault, index) => {
    const hint = hints[index];
    return { ...yamlSyntaxProblem(fault), ...(hint === undefined ? {} : { hint }), offset: fault.pos[0] };
  });
}

export function offsetOf(node: unknown): number | undefined {
  if (isScalar(node) || isMap(node) || isSeq(node) || isAlias(node)) return node.range?.[0];
  return undefined;
}

/** True for `<<`, unless it is quoted. */
export function isMergeKey({ key }: Pair): boolean {
  return isScalar(key) && key.type === 'PLAIN' && key.source === '<<';
}

const syntaxHints = new Map<string, string>([
  ['TAB_AS_INDENT', 'YAML does not allow tabs for indentation: use spaces'],
  ['BAD_INDENT', 'check the indentation of this line and the one before it'],
  ['BLOCK_AS_IMPLICIT_KEY', 'indent the next line as this one, or quote a value that contains ": "'],
  ['BAD_DQ_ESCAPE', 'write "\\\\" for a backslash, or put the text in single quotes'],
  ['UNEXPECTED_TOKEN', 'the value ended before this: quote the whole of it'],
  ['MULTILINE_IMPLICIT_KEY', 'this line has neither a key and ":" nor a "-", or its indentation is wrong'],
  ['MISSING_CHAR', 'a quote or bracket is not closed, or a line has no ":"'],
  ['MULTIPLE_DOCS', 'one file holds one document: remove the "---"'],
]);
