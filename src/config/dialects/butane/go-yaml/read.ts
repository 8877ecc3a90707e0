import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseAllDocuments,
  type Scalar,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml';
import type { Problem } from '../../../../core/diagnostic.ts';
import { placeholderHint } from '../../../placeholder.ts';
import { lineAt } from '../../../text-lines.ts';
import { indentContinuations } from '../../../yaml-continuation.ts';
import { endAsWritten, isWithoutKey, type TextPosition, withLineFeeds, withoutTraces } from '../../../yaml-document.ts';
import { refuseText, yamlLimits, yamlSyntaxProblem } from '../../../yaml-source.ts';
import { faultAhead } from './ahead.ts';
import type { GoAlias, GoMapping, GoNode, GoScalar, GoSequence } from './node.ts';
import { findGoTab } from './tabs.ts';

/** The first document of a text, as go-yaml version 3 parses it. */
export interface GoYaml {
  /** Undefined when the text is not YAML, or holds no document. */
  readonly root: GoNode | undefined;
  readonly problems: readonly { readonly problem: Problem; readonly position: TextPosition }[];
  position(offset: number): TextPosition;
}

const yamlTags = 'tag:yaml.org,2002:';

/** Parses without resolving scalars; unused documents of the text are passed over, as go-yaml does. Pure; never throws. */
export function readGoYaml(source: string): GoYaml {
  const text = withLineFeeds(source);
  const refusal = refuseText(text);
  if (refusal !== undefined) {
    const position = (): TextPosition => ({ line: 1, column: 1 });
    return { root: undefined, problems: [{ problem: refusal, position: position() }], position };
  }
  const strict = parseFirst(text, new Map(), source);
  if (strict.problems.length === 0) return strict;
  // The next lines of a text in quotes or brackets may stand anywhere to libyaml.
  const { text: indented, added } = indentContinuations(text);
  const laxer = added.size === 0 ? strict : parseFirst(indented, added);
  return laxer.problems.length === 0 ? laxer : strict;
}

/** `added` blanks were put before lines, by number from 1; `source` is the text as it was written. */
function parseFirst(text: string, added: ReadonlyMap<number, number>, source = text): GoYaml {
  const lines = new LineCounter();
  const position = (offset: number): TextPosition => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col - (added.get(line) ?? 0)) };
  };
  const unlike = unlikeLibyaml(text);
  try {
    const documents = withoutTraces(() =>
      parseAllDocuments(text, {
        version: '1.1',
        schema: 'failsafe',
        lineCounter: lines,
        uniqueKeys: false,
        prettyErrors: false,
        logLevel: 'error',
      }),
    );
    const [document] = documents;
    if (document === undefined || !('contents' in document)) return { root: undefined, problems: [], position };
    const { errors, contents } = document;
    const ahead = errors.length === 0 ? faultAhead(text, documents) : undefined;
    const faults = ahead === undefined ? errors.filter(isFaultToLibyaml) : [ahead];
    const problems = firstOfLines([...unlike, ...faults], position).map((fault) => ({
      problem: withHint(yamlSyntaxProblem(fault), placeholderHint(lineAt(text, fault.pos[0]))),
      position: position(fault.pos[0]),
    }));
    if (problems.length > 0 || contents === null) return { root: undefined, problems, position };
    endAsWritten(contents, text);
    return { root: new NodeReader(text, source).read(contents), problems: [], position };
  } catch (error) {
    // The parser is a third party's: whatever it throws on hostile input is the text's fault, not ours.
    const { message, offset } = error instanceof UnreadableNode ? error : { message: faultOf(error), offset: 0 };
    const problem: Problem = { path: [], severity: 'error', code: 'yaml-syntax', message };
    return { root: undefined, problems: [{ problem, position: position(offset) }], position };
  }
}

interface Fault {
  readonly message: string;
  readonly code: string;
  readonly pos: readonly [number, ...number[]];
}

/** The first fault of each line: the others only follow from it. */
function firstOfLines(faults: readonly Fault[], position: (offset: number) => TextPosition): Fault[] {
  const lines = new Set<number>();
  return faults.filter(({ pos: [offset] }) => {
    const { line } = position(offset);
    return !lines.has(line) && lines.add(line);
  });
}

function withHint(problem: Problem, hint: string | undefined): Problem {
  return hint === undefined ? problem : { ...problem, hint };
}

/** What libyaml, and so go-yaml, refuses and the parser here does not. */
function unlikeLibyaml(text: string): Fault[] {
  const version = /^%YAML(?! +1\.1\b)/m.exec(text.slice(0, Math.max(0, text.search(/^---/m))));
  const control = /[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u.exec(text);
  const tab = findGoTab(text);
  return [
    ...(version === null ? [] : [fault('only YAML 1.1 can be asked for', version.index)]),
    ...(control === null ? [] : [fault('control characters are not allowed', control.index)]),
    ...(tab === undefined
      ? []
      : [{ ...fault('a tab stands where YAML takes blanks only', tab), code: 'TAB_AS_INDENT' }]),
  ];
}

/** libyaml begins a comment at every `#` that does not stand in a plain text. */
function isFaultToLibyaml({ message }: { readonly message: string }): boolean {
  return !message.startsWith('Comments must be separated from other tokens');
}

function fault(message: string, offset: number): Fault {
  return { message, code: 'UNLIKE_LIBYAML', pos: [offset] };
}

function faultOf(error: unknown): string {
  if (error instanceof RangeError) return `is nested more than ${yamlLimits.depth} levels deep`;
  return `cannot be read as YAML: ${error instanceof Error ? error.message : String(error)}`;
}

class UnreadableNode extends Error {
  readonly offset: number;

  constructor(message: string, offset: number) {
    super(message);
    this.offset = offset;
  }
}

type Extent = Pick<GoNode, 'offset' | 'end'>;

/** Turns the parser's nodes into ours; each one once, whatever aliases point at it. */
class NodeReader {
  readonly #text: string;
  readonly #source: string;
  readonly #anchors = new Map<string, GoNode>();
  #depth = 0;

  constructor(text: string, source: string) {
    this.#text = text;
    this.#source = source;
  }

  read(node: Node | null, inBrackets = false): GoNode {
    const [offset, end] = node?.range ?? [0, 0];
    const extent = { offset, end };
    if (isAlias(node)) return this.#alias(node.source, extent);
    if (isMap(node)) return this.#mapping(node, inBrackets || node.flow === true, extent);
    if (isSeq(node)) return this.#sequence(node, inBrackets || node.flow === true, extent);
    if (inBrackets && isScalar(node)) this.#checkPlain(node, offset);
    const scalar: GoScalar = isScalar(node)
      ? { kind: 'scalar', text: this.#textOf(node), tag: tagOf(node), ...extent }
      : { kind: 'scalar', text: '', tag: '', ...extent };
    if (isScalar(node) && node.anchor !== undefined) this.#anchors.set(node.anchor, scalar);
    return scalar;
  }

  #textOf({ value, source, type, range }: Scalar): string {
    const quoted = type === 'QUOTE_DOUBLE' ? this.#text.slice(range?.[0], range?.[1]) : '';
    // JSON's escapes that YAML 1.1 has not: of a slash, and of halves of characters.
    if (/^(?:[^\\]|\\[^/])*?\\(?:\/|u[dD][89a-fA-F])/.test(quoted)) {
      throw new UnreadableNode('"\\/" and "\\ud800" to "\\udfff" are no escapes in YAML 1.1', range?.[0] ?? 0);
    }
    if (type === 'BLOCK_LITERAL' && typeof value === 'string' && range != null)
      return this.#withSeparators(value, range);
    return typeof value === 'string' ? value : (source ?? '');
  }

  /** A separator that ends a line of a block text stays in it. */
  #withSeparators(value: string, [start, end]: readonly [number, number, number]): string {
    const body = this.#source.slice(start, end);
    if (!/[\u2028\u2029]/.test(body)) return value;
    const [, ...breaks] = body.match(/\r\n?|[\n\u0085\u2028\u2029]/g) ?? [];
    let index = 0;
    return value.replace(/\n/g, () => breaks[index++]?.replace(/[^\u2028\u2029]+/, '\n') ?? '\n');
  }

  /** libyaml takes `?` and a leading `:` for the marks of keys and values there. */
  #checkPlain({ type, range }: Scalar, offset: number): void {
    const source = type === 'PLAIN' ? this.#text.slice(range?.[0], range?.[1]) : '';
    if (source.includes('?') || source.startsWith(':'))
      throw new UnreadableNode('an unquoted text in brackets cannot have "?", nor begin with ":"', offset);
  }

  #alias(name: string, extent: Extent): GoAlias {
    const target = this.#anchors.get(name);
    if (target === undefined) throw new UnreadableNode(`"*${name}" has no anchor "&${name}" before it`, extent.offset);
    return { kind: 'alias', name, target, ...extent };
  }

  #mapping({ items, anchor }: YAMLMap, inBrackets: boolean, extent: Extent): GoMapping {
    const entries: { key: GoNode; value: GoNode }[] = [];
    const mapping: GoMapping = { kind: 'mapping', entries, ...extent };
    // An anchor counts from its node on, so that what is inside may name it.
    if (anchor !== undefined) this.#anchors.set(anchor, mapping);
    this.#descend(extent.offset, () => {
      for (const { key, value } of items) {
        const keyNode = this.read(key as Node | null, inBrackets);
        if (isWithoutKey(key, this.#text)) throw new UnreadableNode('there is no key before ":"', keyNode.offset);
        const valueNode = this.read(value as Node | null, inBrackets);
        entries.push({
          key: keyNode,
          value: value === null ? { ...valueNode, offset: keyNode.offset, end: keyNode.end } : valueNode,
        });
      }
    });
    return mapping;
  }

  #sequence({ items: children, anchor }: YAMLSeq, inBrackets: boolean, extent: Extent): GoSequence {
    const items: GoNode[] = [];
    const sequence: GoSequence = { kind: 'sequence', items, ...extent };
    if (anchor !== undefined) this.#anchors.set(anchor, sequence);
    this.#descend(extent.offset, () => {
      for (const child of children) items.push(this.read(child as Node | null, inBrackets));
    });
    return sequence;
  }

  #descend(offset: number, inside: () => void): void {
    this.#depth += 1;
    if (this.#depth > yamlLimits.depth)
      throw new UnreadableNode(`is nested more than ${yamlLimits.depth} levels deep`, offset);
    inside();
    this.#depth -= 1;
  }
}

function tagOf({ tag, type }: Scalar): string {
  if (tag?.startsWith(yamlTags) === true) return `!!${tag.slice(yamlTags.length)}`;
  if (tag !== undefined && tag !== '!') return tag;
  return type === 'PLAIN' ? '' : '!!str';
}
