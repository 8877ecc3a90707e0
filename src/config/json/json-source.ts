import { type DocumentPath, formatPath } from '../../core/diagnostic.ts';
import { placeholderHint } from '../placeholder.ts';
import { TextLines } from '../text-lines.ts';
import type { TextPosition, YamlProblem } from '../yaml-source.ts';
import { dataOf, type JsonMember, type JsonNode } from './json-node.ts';
import { JsonFault, parseJson } from './json-parser.ts';

/** A JSON text that was read. */
export interface JsonSource {
  /** Plain data, see {@link dataOf}; undefined when the text is not JSON. */
  readonly data: unknown;
  readonly problems: readonly YamlProblem[];
  /** Where the value, or the key, of a path stands; of its nearest known ancestor when there is none. */
  positionOf(path: DocumentPath, at?: 'key' | 'value'): TextPosition;
  /** Every path of the document, formatted, with the position of its key. */
  positions(): ReadonlyMap<string, TextPosition>;
}

/** Reads one JSON text as Go's encoding/json does. @param maxLength longer texts are refused unread. Pure; never throws. */
export function readJson(text: string, maxLength: number): JsonSource {
  if (text.length > maxLength) {
    return unreadable('too-large', `has ${text.length} characters; at most ${maxLength} are read`, {
      line: 1,
      column: 1,
    });
  }
  try {
    return new ParsedJson(text, parseJson(text));
  } catch (error) {
    if (!(error instanceof JsonFault)) throw error;
    const position = new TextLines(text).position(error.offset);
    // The second bracket of "{{" is the one at fault.
    const hint = placeholderHint(text.slice(Math.max(0, error.offset - 1), error.offset + 2));
    return unreadable('json-syntax', `cannot be read as JSON: ${error.message}`, position, hint);
  }
}

function unreadable(code: string, message: string, position: TextPosition, hint?: string): JsonSource {
  const about = hint === undefined ? {} : { hint };
  const problem: YamlProblem = { path: [], severity: 'error', code, message, position, ...about };
  return { data: undefined, problems: [problem], positionOf: () => position, positions: () => new Map() };
}

class ParsedJson implements JsonSource {
  readonly data: unknown;
  readonly problems = [];
  readonly #root: JsonNode;
  readonly #text: string;
  readonly #members = new WeakMap<JsonNode, ReadonlyMap<string, JsonMember>>();
  #lines: TextLines | undefined;

  constructor(text: string, root: JsonNode) {
    this.#text = text;
    this.#root = root;
    this.data = dataOf(root);
  }

  positionOf(path: DocumentPath, at: 'key' | 'value' = 'value'): TextPosition {
    let node = this.#root;
    let key = node.start;
    for (const [index, part] of path.entries()) {
      const child = this.#childOf(node, part);
      if (child === undefined) return this.#position(node.start);
      node = child.value;
      key = index === path.length - 1 ? child.keyStart : key;
    }
    return this.#position(at === 'key' ? key : node.start);
  }

  positions(): ReadonlyMap<string, TextPosition> {
    const found = new Map<string, TextPosition>();
    const visit = (node: JsonNode, path: DocumentPath): void => {
      for (const { part, keyStart, value } of childrenOf(node)) {
        const below = [...path, part];
        found.set(formatPath(below), this.#position(keyStart));
        visit(value, below);
      }
    };
    visit(this.#root, []);
    return found;
  }

  /** Of several members of one name the last one. */
  #childOf(node: JsonNode, part: string | number): Omit<Child, 'part'> | undefined {
    if (node.kind === 'object') {
      const members = this.#members.get(node) ?? new Map(node.members.map((member) => [member.key, member]));
      this.#members.set(node, members);
      return members.get(String(part));
    }
    const value = node.kind === 'list' && typeof part === 'number' ? node.items[part] : undefined;
    return value === undefined ? undefined : { keyStart: value.start, value };
  }

  #position(offset: number): TextPosition {
    this.#lines ??= new TextLines(this.#text);
    return this.#lines.position(offset);
  }
}

interface Child {
  readonly part: string | number;
  readonly keyStart: number;
  readonly value: JsonNode;
}

function childrenOf(node: JsonNode): Child[] {
  if (node.kind === 'scalar') return [];
  if (node.kind === 'object') return node.members.map(({ key, ...rest }) => ({ part: key, ...rest }));
  return node.items.map((value, part) => ({ part, keyStart: value.start, value }));
}
