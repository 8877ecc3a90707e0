import { CST, Lexer } from 'yaml';

/** The lexer's marks, which are not in the text. */
const marks: readonly string[] = [CST.DOCUMENT, CST.FLOW_END, CST.SCALAR];

/** What no document begins with. */
const blankTypes: ReadonlySet<string> = new Set(['space', 'newline', 'comment', 'directive-line', 'error']);

/** go-yaml looks this far for the next line of comments. */
const commentReach = 512;

/** What may be, or begin, a key. */
const keyParts: ReadonlySet<string> = new Set([
  'alias',
  'anchor',
  'tag',
  'single-quoted-scalar',
  'double-quoted-scalar',
  'flow-seq-start',
  'flow-map-start',
]);

/**
 * The offset of the first tab that libyaml's scanner, and so go-yaml's, stops at: one that stands where a line's first word could
 * (also when nothing or a comment follows), or where a line of text is not indented enough yet. Pure.
 */
export function findGoTab(text: string): number | undefined {
  return text.includes('\t') ? new TabScanner().scan(text) : undefined;
}

/** Where the lines of comments end that are read as one, with all that is blank between them. */
function endOfComments(text: string, end: number): number {
  const blanks = /\s*/y;
  blanks.lastIndex = end;
  const next = end + (blanks.exec(text)?.[0].length ?? 0);
  if (text[next] !== '#' || next - end >= commentReach) return end;
  const lineEnd = text.indexOf('\n', next);
  return lineEnd === -1 ? text.length : endOfComments(text, lineEnd);
}

class TabScanner {
  /** Columns of the block collections that are open, the innermost last. */
  readonly #indents: number[] = [];
  #flowLevel = 0;
  #column = 0;
  /** A key could begin here: so libyaml takes blanks only. */
  #mayBeKey = true;
  #keyColumn = 0;
  #isOnNewLine = true;
  /** Only blanks and line breaks since a plain text: they are still read as a part of it. */
  #isAfterPlain = false;
  /** Header of the block text that comes next, when one does. */
  #header: string | undefined;

  scan(text: string): number | undefined {
    let offset = text.startsWith(CST.BOM) ? CST.BOM.length : 0;
    let [isBody, hasContent, isItem, commentsEnd] = [false, false, false, 0];
    for (const token of new Lexer().lex(text)) {
      if (marks.includes(token) && !isBody) {
        isBody = token === CST.SCALAR;
        continue;
      }
      if (token === CST.BOM) continue;
      const type = isBody ? 'scalar' : (CST.tokenType(token) ?? 'error');
      // Of the documents after the first one nothing is read.
      if (hasContent && (type === 'doc-start' || type === 'doc-end')) return undefined;
      hasContent ||= !blankTypes.has(type);
      if (type === 'comment' && (this.#isOnNewLine || isItem)) commentsEnd = endOfComments(text, offset + token.length);
      if (type !== 'space') isItem = type === 'seq-item-ind';
      const tab = isBody ? this.#body(token) : this.#token(token, type);
      if (tab !== -1 && offset + tab >= commentsEnd) return offset + tab;
      isBody = false;
      offset += token.length;
      const lineStart = token.lastIndexOf('\n') + 1;
      this.#column = lineStart === 0 ? this.#column + token.length : token.length - lineStart;
    }
    return undefined;
  }

  get #leastColumn(): number {
    return (this.#indents.at(-1) ?? -1) + 1;
  }

  #token(token: string, type: string): number {
    if (type === 'space') return this.#blanks(token);
    if (type === 'newline') {
      this.#isOnNewLine = true;
      if (this.#flowLevel === 0) this.#mayBeKey = true;
      return -1;
    }
    this.#isAfterPlain = false;
    if (type === 'comment') return -1;
    this.#enter(keyParts.has(type));
    if (type === 'block-scalar-header') this.#header = token;
    else if (type === 'flow-seq-start' || type === 'flow-map-start') this.#flowLevel += 1;
    else if (type === 'flow-seq-end' || type === 'flow-map-end') this.#flowLevel = Math.max(0, this.#flowLevel - 1);
    else if (this.#flowLevel > 0) return -1;
    else if (type === 'seq-item-ind' || type === 'explicit-key-ind') {
      this.#open(this.#column);
      this.#mayBeKey = true;
    } else if (type === 'map-value-ind') this.#open(this.#keyColumn);
    return -1;
  }

  #blanks(token: string): number {
    const tab = token.indexOf('\t');
    if (tab === -1) return -1;
    if (this.#isAfterPlain && this.#isOnNewLine) return this.#column + tab < this.#leastColumn ? tab : -1;
    return this.#flowLevel === 0 && this.#mayBeKey && !this.#isAfterPlain ? tab : -1;
  }

  /** Notes that something stands here: it ends the collections that are indented more, and may begin a key. */
  #enter(isKeyPart: boolean): void {
    this.#isOnNewLine = false;
    if (this.#flowLevel > 0) return;
    while ((this.#indents.at(-1) ?? -1) > this.#column) this.#indents.pop();
    if (isKeyPart && this.#mayBeKey) this.#keyColumn = this.#column;
    this.#mayBeKey = false;
  }

  #open(column: number): void {
    if (column >= this.#leastColumn) this.#indents.push(column);
  }

  /** The text of a scalar that is not quoted. */
  #body(text: string): number {
    const header = this.#header;
    this.#header = undefined;
    if (header !== undefined) {
      this.#isOnNewLine = true;
      this.#mayBeKey = true;
      return this.#block(text, Number(/\d/.exec(header)?.[0] ?? 0));
    }
    this.#enter(true);
    this.#isAfterPlain = true;
    for (const { 0: blanks, index } of text.matchAll(/(?<=\n)[ \t]+/g)) {
      const tab = blanks.indexOf('\t');
      if (tab !== -1 && tab < this.#leastColumn) return index + tab;
    }
    return -1;
  }

  /** @param given indentation that the header tells; 0: the first line tells. */
  #block(text: string, given: number): number {
    let indent = given === 0 ? 0 : Math.max(0, this.#leastColumn - 1) + given;
    let [offset, most] = [0, 0];
    for (const line of text.split('\n')) {
      const blanks = /^ */.exec(line)?.[0].length ?? 0;
      if (line[blanks] === '\t' && (indent === 0 || blanks < indent)) return offset + blanks;
      most = Math.max(most, blanks);
      if (indent === 0 && !/^ *\r?$/.test(line)) indent = Math.max(1, most, this.#leastColumn);
      offset += line.length + 1;
    }
    return -1;
  }
}
