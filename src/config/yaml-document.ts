import { type Document, LineCounter, parseDocument, type YAMLError } from 'yaml';
import { indentContinuations, quoteDashes } from './yaml-continuation.ts';

/** A place in a text; both 1-based. */
export interface TextPosition {
  readonly line: number;
  readonly column: number;
}

/** One YAML 1.1 document and where its nodes stand. */
export interface YamlDocument {
  readonly document: Document.Parsed;
  /** The text that the offsets of the nodes are of: it means the same as the one that was read. */
  readonly text: string;
  /** What keeps it from being read. */
  readonly faults: readonly YAMLError[];
  /** The place of an offset in the text that was read. */
  positionOf(offset: number): TextPosition;
}

/** A text with more is no config that people wrote, and is not read a second time. */
const maxFaults = 1000;

/** Reads a text as libyaml and PyYAML do where they are laxer than YAML's letter. May throw what the parser throws. Pure. */
export function parseYamlDocument(text: string): YamlDocument {
  const strict = parse(text, nothing);
  if (strict.faults.length === 0 || strict.faults.length > maxFaults) return strict;
  const indented = indentContinuations(text);
  const { added } = indented;
  const laxer = added.size === 0 ? strict : parse(indented.text, { added, quotes: [] });
  if (!laxer.faults.some(({ code }) => code === 'BLOCK_IN_FLOW')) return laxer;
  const { text: quoted, quotes } = quoteDashes(indented.text);
  return quotes.length === 0 ? laxer : parse(quoted, { added, quotes });
}

/** What was put into a text: blanks before lines, by number from 1, and quotes around single characters. */
interface Changes {
  readonly added: ReadonlyMap<number, number>;
  readonly quotes: readonly number[];
}

const nothing: Changes = { added: new Map(), quotes: [] };

function parse(text: string, { added, quotes }: Changes): YamlDocument {
  const lines = new LineCounter();
  // Duplicate keys are looked for by those who read it: the parser's own check takes quadratic time.
  const document = parseDocument(text, {
    version: '1.1',
    lineCounter: lines,
    uniqueKeys: false,
    prettyErrors: false,
    logLevel: 'error',
  });
  return {
    document,
    text,
    faults: [...document.errors, ...document.warnings].filter((fault) => !isBlankBeforeComment(fault)),
    positionOf(offset) {
      const { line, col } = lines.linePos(offset);
      const quoted = quotes.filter((at) => at < offset && at > offset - col).length;
      return { line: Math.max(1, line), column: Math.max(1, col - (added.get(line) ?? 0) - 2 * quoted) };
    },
  };
}

/** `"a"#b`: to libyaml and PyYAML a comment may follow a quote or bracket at once. */
function isBlankBeforeComment({ message }: YAMLError): boolean {
  return message.startsWith('Comments must be separated from other tokens');
}

/** A hint where the line of an offset is one of a template; undefined otherwise. Pure. */
export function templateHint(text: string, offset: number): string | undefined {
  const start = text.lastIndexOf('\n', offset - 1) + 1;
  const end = text.indexOf('\n', offset);
  const line = text.slice(start, end === -1 ? text.length : end);
  if (!/\{\{|\{%|%\{|\$\{|<%/.test(line)) return undefined;
  return 'this looks like a line of a template: fill the template in first, or quote the value if it is meant as it is';
}
