import { CST, Lexer } from 'yaml';

/** A text with blanks put before some lines. */
export interface IndentedText {
  readonly text: string;
  /** How many, by the number of the line, from 1. */
  readonly added: ReadonlyMap<number, number>;
}

/** After a failure the lexer has to find its way again, so a text of many of them takes some passes. */
const maxPasses = 8;
/** Deeper than people nest; keeps what a hostile text can grow to within bounds. */
const maxIndent = 200;

/** More are not meant as texts. */
const maxDashes = 1000;

/**
 * To libyaml and PyYAML the next lines of a quoted text, or of a list or mapping in brackets, may stand anywhere; to YAML's
 * letter, and to the parser here, they are indented. So they get blanks, which mean nothing there. Pure; never throws.
 */
export function indentContinuations(text: string): IndentedText {
  const lines = text.split('\n');
  const added = new Map<number, number>();
  const limit = 2 * text.length + 4096;
  let size = text.length;
  for (let pass = 0; pass < maxPasses; pass += 1) {
    const short = shortLines(lines.join('\n'), lines);
    if (short.size === 0) break;
    for (const [index, blanks] of short) {
      size += blanks;
      if (size > limit) return { text, added: new Map() };
      lines[index] = ' '.repeat(blanks) + (lines[index] ?? '');
      added.set(index + 1, (added.get(index + 1) ?? 0) + blanks);
    }
  }
  return { text: lines.join('\n'), added };
}

/**
 * A dash by itself between brackets (`[tar, -xf, -]`) is text to libyaml and PyYAML, and the mark of an item to the parser
 * here: so it gets quotes. `quotes` are the offsets, in the new text, of those that open. Pure; never throws.
 */
export function quoteDashes(text: string): { readonly text: string; readonly quotes: readonly number[] } {
  const dashes: number[] = [];
  for (const { token, offset, depth } of marksOf(text)) {
    if (token === '-' && depth > 0 && /[,[\]{}]/.test(text[offset + 1] ?? '')) dashes.push(offset);
  }
  if (dashes.length > maxDashes) return { text, quotes: [] };
  const starts = [0, ...dashes.map((at) => at + 1)];
  const parts = starts.map((start, index) => text.slice(start, dashes[index]));
  return { text: parts.join('"-"'), quotes: dashes.map((at, index) => at + 2 * index) };
}

/** The lines, from 0, that the lexer stumbles over, and how many blanks each lacks. */
function shortLines(text: string, lines: readonly string[]): Map<number, number> {
  const short = new Map<number, number>();
  let done = 0;
  let last = 0;
  for (const { start, end } of brokenRegions(text)) {
    if (start < done) continue;
    const first = last + lineEnds(text, done, start);
    last = first + lineEnds(text, start, end);
    done = end;
    const inside = lines.slice(first + 1, last + 1);
    // A document ends there, to PyYAML too.
    if (inside.some((line) => /^(?:---|\.\.\.)(?:\s|$)/.test(line))) continue;
    const column = start - (text.lastIndexOf('\n', start - 1) + 1);
    const wanted = Math.min(Math.max(1, column), maxIndent);
    for (const [index, line] of inside.entries()) {
      const indent = line.search(/[^ ]|$/);
      if (line.trim() !== '' && indent < wanted) short.set(first + 1 + index, wanted - indent);
    }
  }
  return short;
}

function lineEnds(text: string, start: number, end: number): number {
  let count = 0;
  for (let at = text.indexOf('\n', start); at !== -1 && at < end; at = text.indexOf('\n', at + 1)) count += 1;
  return count;
}

/** Quoted texts, and lists and mappings in brackets, that the lexer ends too early. */
function* brokenRegions(text: string): Generator<{ readonly start: number; readonly end: number }> {
  let first: number | undefined;
  // Brackets that nothing closes are each looked through to the end.
  let budget = maxPasses * (text.length + 1);
  for (const { token, offset, depth } of marksOf(text)) {
    if (token === CST.FLOW_END) {
      const end = first === undefined ? undefined : endOfBrackets(text, first);
      budget -= (end ?? text.length) - (first ?? 0);
      if (budget < 0) return;
      if (first !== undefined && end !== undefined) yield { start: first, end };
    } else if (depth === 1 && (token === '[' || token === '{')) first = offset;
    else if (token.startsWith('"') || token.startsWith("'")) {
      const end = endOfQuoted(text, offset);
      if (end !== undefined && end > offset + token.length) yield { start: offset, end };
    }
  }
}

interface Mark {
  readonly token: string;
  readonly offset: number;
  /** In how many brackets it stands; a bracket that opens counts itself. */
  readonly depth: number;
}

/** What the lexer finds besides the texts of plain and block scalars. */
function* marksOf(text: string): Generator<Mark> {
  let depth = 0;
  let offset = 0;
  let isBody = false;
  for (const token of new Lexer().lex(text)) {
    if (!isBody && (token === CST.DOCUMENT || token === CST.SCALAR)) {
      isBody = token === CST.SCALAR;
      continue;
    }
    if (!isBody && (token === '[' || token === '{')) depth += 1;
    if (!isBody) yield { token, offset, depth };
    if (!isBody && (token === ']' || token === '}')) depth = Math.max(0, depth - 1);
    if (!isBody && token === CST.FLOW_END) depth = 0;
    else offset += token.length;
    isBody = false;
  }
}

/** Behind the quote that closes the one at a place. */
function endOfQuoted(text: string, start: number): number | undefined {
  const quote = text[start] ?? '';
  for (let at = start + 1; at < text.length; at += 1) {
    const character = text[at];
    if (character === '\\' && quote === '"') at += 1;
    else if (character === quote) {
      if (quote === '"' || text[at + 1] !== quote) return at + 1;
      at += 1;
    }
  }
  return undefined;
}

/** Behind the bracket that closes the one at a place. */
function endOfBrackets(text: string, start: number): number | undefined {
  let depth = 0;
  for (let at = start; at < text.length; at += 1) {
    const character = text[at] ?? '';
    const isStart = /[\s,:[{]/.test(text[at - 1] ?? ' ');
    if (isStart && (character === '"' || character === "'")) {
      const end = endOfQuoted(text, at);
      if (end === undefined) return undefined;
      at = end - 1;
    } else if (isStart && character === '#') {
      const end = text.indexOf('\n', at);
      if (end === -1) return undefined;
      at = end;
    } else if (character === '[' || character === '{') depth += 1;
    else if (character === ']' || character === '}') {
      depth -= 1;
      if (depth === 0) return at + 1;
    }
  }
  return undefined;
}
