import { type Document, LineCounter, parseDocument, type YAMLError } from 'yaml';
import { indentContinuations } from './yaml-continuation.ts';

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

/** Reads a text as libyaml and PyYAML do where they are laxer than YAML's letter. May throw what the parser throws. Pure. */
export function parseYamlDocument(text: string): YamlDocument {
  const strict = parse(text, new Map());
  if (strict.faults.length === 0) return strict;
  const indented = indentContinuations(text);
  return indented.added.size === 0 ? strict : parse(indented.text, indented.added);
}

function parse(text: string, added: ReadonlyMap<number, number>): YamlDocument {
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
      return { line: Math.max(1, line), column: Math.max(1, col - (added.get(line) ?? 0)) };
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
