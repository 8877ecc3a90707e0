import {
  type Document,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  parseAllDocuments,
  parseDocument,
  visit,
  type YAMLError,
  YAMLParseError,
} from 'yaml';
import { indentContinuations, quoteDashes } from './yaml-continuation.ts';

/** A place in a text; both 1-based. */
export interface TextPosition {
  readonly line: number;
  readonly column: number;
}

/** YAML 1.1 documents and where their nodes stand. */
export interface YamlDocuments {
  readonly documents: readonly Document.Parsed[];
  /** The text that the offsets of the nodes are of: it means the same as the one that was read. */
  readonly text: string;
  /** What keeps it from being read. */
  readonly faults: readonly YAMLError[];
  /** The place of an offset in the text that was read. */
  positionOf(offset: number): TextPosition;
}

/**
 * A text with a line feed for each other sign that ends a line in YAML 1.1 and does not to the parser. Each stays one
 * character, so that places stay where they are. Pure.
 */
export function withLineFeeds(text: string): string {
  return text.replace(/\r(?!\n)|[\u0085\u2028\u2029]/g, '\n');
}

/** True for a `:` without a key, where no `?` stands for the key: libyaml and PyYAML refuse it, the parser does not. Pure. */
export function isWithoutKey(key: unknown, text: string): boolean {
  if (isScalar(key) && (key.anchor !== undefined || key.tag !== undefined)) return false;
  const [start, end] = isScalar(key) ? (key.range ?? []) : [];
  return start !== undefined && start === end && !/\?\s*$/.test(text.slice(Math.max(0, start - 80), start));
}

/** One YAML 1.1 document and where its nodes stand. */
export interface YamlDocument extends Omit<YamlDocuments, 'documents'> {
  readonly document: Document.Parsed;
}

type YamlOptions = NonNullable<Parameters<typeof parseDocument>[1]>;

/** How much of a text is read, and what of it counts as a fault. */
interface Extent {
  readonly parse: (text: string, options: YamlOptions) => readonly Document.Parsed[];
  readonly faultsOf: (document: Document.Parsed) => readonly YAMLError[];
}

const one: Extent = {
  parse: (text, options) => [parseDocument(text, options)],
  faultsOf: ({ errors, warnings }) => [...errors, ...warnings],
};

const all: Extent = {
  parse(text, options) {
    const documents = parseAllDocuments(text, options);
    return 'empty' in documents ? [] : documents;
  },
  // The parser warns of tags that it does not know: those are the caller's.
  faultsOf: ({ errors }) => errors,
};

/** A text with more is no config that people wrote, and is not read a second time. */
const maxFaults = 1000;

/** Reads a text as libyaml and PyYAML do where they are laxer than YAML's letter. May throw what the parser throws. Pure. */
export function parseYamlDocument(text: string): YamlDocument {
  const { documents, ...rest } = parseLaxly(text, one);
  return { document: documents[0] as Document.Parsed, ...rest };
}

/** The same for a text of any number of documents, which may have tags of an application's own. */
export function parseYamlDocuments(text: string): YamlDocuments {
  return parseLaxly(text, all);
}

function parseLaxly(text: string, extent: Extent): YamlDocuments {
  const strict = parse(text, nothing, extent);
  if (strict.faults.length === 0 || strict.faults.length > maxFaults) return strict;
  const indented = indentContinuations(text);
  const { added } = indented;
  const laxer = added.size === 0 ? strict : parse(indented.text, { added, quotes: [] }, extent);
  if (!laxer.faults.some(({ code }) => code === 'BLOCK_IN_FLOW')) return laxer;
  const { text: quoted, quotes } = quoteDashes(indented.text);
  return quotes.length === 0 ? laxer : parse(quoted, { added, quotes }, extent);
}

/** What was put into a text: blanks before lines, by number from 1, and quotes around single characters. */
interface Changes {
  readonly added: ReadonlyMap<number, number>;
  readonly quotes: readonly number[];
}

const nothing: Changes = { added: new Map(), quotes: [] };

function parse(text: string, { added, quotes }: Changes, extent: Extent): YamlDocuments {
  const lines = new LineCounter();
  // Duplicate keys are looked for by those who read it: the parser's own check takes quadratic time.
  const documents = withoutTraces(() =>
    extent.parse(text, {
      version: '1.1',
      lineCounter: lines,
      uniqueKeys: false,
      prettyErrors: false,
      logLevel: 'error',
    }),
  );
  endAsWritten(documents.at(-1)?.contents, text);
  const faults = documents
    .flatMap(extent.faultsOf)
    .filter((fault) => !isBlankBeforeComment(fault) && !isRepeatedEnd(fault, text));
  return {
    documents,
    text,
    faults: documents.reduce((all, document) => withOpenQuotes(all, document, text), faults),
    positionOf(offset) {
      const { line, col } = lines.linePos(offset);
      const quoted = quotes.filter((at) => at < offset && at > offset - col).length;
      return { line: Math.max(1, line), column: Math.max(1, col - (added.get(line) ?? 0) - 2 * quoted) };
    },
  };
}

/** A quoted text, whole: neither an escaped quote nor a doubled one ends it. */
const quoted = /^(?:"(?:[^"\\]|\\[^])*"|'(?:[^']|'')*')$/;

/**
 * The faults, and quoted texts that the parser takes for whole, as the last sign of their line is a quote: `"a\"`, `'a''`. A quote
 * that is not closed is told where it opens, not where the text ends; so is one that another value's quote closes.
 */
function withOpenQuotes(faults: readonly YAMLError[], document: Document.Parsed, text: string): YAMLError[] {
  if (faults.length === 0 && !/(?:\\"|'')(?=\r?\n)/.test(text)) return [...faults];
  const ends = new Set(faults.filter(({ code }) => code === 'UNEXPECTED_TOKEN').map(({ pos: [at] }) => at));
  const opened: YAMLError[] = [];
  const told = new Set<number>();
  visit(document, {
    Scalar(_, { type, range }) {
      if (type?.startsWith('QUOTE') !== true || range === undefined || range === null) return;
      const [start, end] = range;
      const source = text.slice(start, end);
      if (!quoted.test(source)) opened.push(openQuote(start, 'The quote that opens here is not closed'));
      else if (source.includes('\n') && ends.has(end)) {
        opened.push(
          openQuote(start, 'The quote that opens here is closed by one of another line, with a text behind it'),
        );
        told.add(end);
      }
    },
  });
  const isSaid = ({ message, pos: [at] }: YAMLError): boolean =>
    told.has(at) || (opened.length > 0 && /^Missing closing .?quote/.test(message));
  return [...opened, ...faults.filter((fault) => !isSaid(fault))];
}

function openQuote(at: number, message: string): YAMLError {
  return new YAMLParseError([at, at + 1], 'MISSING_CHAR', message);
}

/** The parser makes an error for each fault, of which a hostile text has thousands: where in the code that was takes most of the time. */
export function withoutTraces<T>(work: () => T): T {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    return work();
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

/** `"a"#b`: to libyaml and PyYAML a comment may follow a quote or bracket at once. */
function isBlankBeforeComment({ message }: YAMLError): boolean {
  return message.startsWith('Comments must be separated from other tokens');
}

/** `...` more than once, with nothing behind it: one end of the document to libyaml and PyYAML. */
function isRepeatedEnd({ code, pos: [at] }: YAMLError, text: string): boolean {
  return code === 'MULTIPLE_DOCS' && /^(?:\.\.\.)?\s*(?:#[^\n]*\s*|\.\.\.(?=\s|$)\s*)*$/.test(text.slice(at));
}

/**
 * Takes back the line break that the parser gives a block text which ends with the text itself: libyaml, and so go-yaml, and
 * PyYAML give it none.
 */
export function endAsWritten(contents: unknown, text: string): void {
  if (/[\r\n]$/.test(text)) return;
  let last = contents;
  while (isMap(last) || isSeq(last)) last = isMap(last) ? last.items.at(-1)?.value : last.items.at(-1);
  if (!isScalar(last) || last.type?.startsWith('BLOCK') !== true || last.range?.[2] !== text.length) return;
  if (typeof last.value !== 'string') return;
  // A last line of blanks no wider than the indentation says nothing, so there the line break is that of the line before.
  const isBlank = /(?:^|[\r\n]) *$/.test(text) && /[^\n]/.test(last.value) && !/(?:^|\n) +\n$/.test(last.value);
  if (!isBlank) last.value = last.value.replace(/\n$/, '');
}
