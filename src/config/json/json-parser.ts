import { type JsonMember, type JsonNode, OddNumber } from './json-node.ts';

/** Go allows 10,000; nothing that people write comes near this. */
const maxDepth = 500;
/** Keeps the time that a hostile text can take to about a second. */
const maxValues = 50_000;
const maxInteger = 2n ** 63n;

/** What is wrong with a JSON text, and where. */
export class JsonFault extends Error {
  readonly offset: number;

  constructor(message: string, offset: number) {
    super(message);
    this.offset = offset;
  }
}

/**
 * A JSON text (RFC 8259) as a tree with places, read as Go's encoding/json reads it: members of one name are all kept, and
 * halves of surrogate pairs become U+FFFD. Throws JsonFault.
 */
export function parseJson(text: string): JsonNode {
  return new JsonParser(text).document();
}

class JsonParser {
  readonly #text: string;
  #at = 0;
  #values = 0;

  constructor(text: string) {
    this.#text = text;
  }

  document(): JsonNode {
    const node = this.#value(0);
    this.#blanks();
    if (this.#at < this.#text.length) throw this.#unexpected('after the end of the JSON value');
    return node;
  }

  #value(depth: number): JsonNode {
    this.#values += 1;
    if (this.#values > maxValues) throw new JsonFault(`has more than ${maxValues} values`, this.#at);
    if (depth > maxDepth) throw new JsonFault(`is nested more than ${maxDepth} levels deep`, this.#at);
    this.#blanks();
    const start = this.#at;
    switch (this.#text[start]) {
      case '{': {
        const members = this.#members(depth);
        return { kind: 'object', start, end: this.#at, members };
      }
      case '[':
        return { kind: 'list', start, items: this.#items(depth) };
      case '"':
        return { kind: 'scalar', start, value: this.#string() };
      default:
        return { kind: 'scalar', start, value: this.#literal() };
    }
  }

  #members(depth: number): JsonMember[] {
    const members: JsonMember[] = [];
    this.#at += 1;
    this.#blanks();
    if (this.#skip('}')) return members;
    do {
      this.#blanks();
      const keyStart = this.#at;
      if (this.#text[keyStart] !== '"') throw this.#unexpected('where a key in double quotes must stand');
      const key = this.#string();
      this.#blanks();
      if (!this.#skip(':')) throw this.#unexpected('where ":" must stand after a key');
      members.push({ key, keyStart, value: this.#value(depth + 1) });
      this.#blanks();
    } while (this.#skip(','));
    if (!this.#skip('}')) throw this.#unexpected('where "," or "}" must stand');
    return members;
  }

  #items(depth: number): JsonNode[] {
    const items: JsonNode[] = [];
    this.#at += 1;
    this.#blanks();
    if (this.#skip(']')) return items;
    do {
      items.push(this.#value(depth + 1));
      this.#blanks();
    } while (this.#skip(','));
    if (!this.#skip(']')) throw this.#unexpected('where "," or "]" must stand');
    return items;
  }

  #string(): string {
    const start = this.#at;
    for (let end = start + 1; ; end += 1) {
      const code = this.#text.charCodeAt(end);
      if (code === 0x22) {
        this.#at = end + 1;
        const raw = this.#text.slice(start + 1, end);
        return raw.includes('\\') ? this.#unescape(raw, start + 1) : raw.toWellFormed();
      }
      if (code === 0x5c) end += 1;
      else if (Number.isNaN(code)) throw new JsonFault('ends within a text in double quotes', start);
      else if (code < 0x20) throw new JsonFault('a text has a control character or a line break in it', end);
    }
  }

  #unescape(raw: string, offset: number): string {
    const text = raw.replace(/\\(u[0-9a-fA-F]{4}|[^])?/g, (_all, escape: string | undefined, at: number) => {
      const known = escapes.get(escape ?? '');
      if (known !== undefined) return known;
      if (escape?.length === 5) return String.fromCharCode(Number.parseInt(escape.slice(1), 16));
      throw new JsonFault(`a text has the unknown escape "\\${escape ?? ''}" in it`, offset + at);
    });
    return text.toWellFormed();
  }

  #literal(): number | boolean | null | OddNumber {
    const start = this.#at;
    const found = literal(this.#text, start);
    if (found === undefined) throw this.#unexpected('where a value must stand');
    this.#at += found.length;
    if (found === 'null') return null;
    if (found === 'true' || found === 'false') return found === 'true';
    const isInteger = /^-?\d+$/.test(found) && found.length <= 20;
    if (!isInteger || BigInt(found) >= maxInteger || BigInt(found) < -maxInteger) return new OddNumber(found);
    return Number(found);
  }

  #blanks(): void {
    for (;;) {
      const code = this.#text.charCodeAt(this.#at);
      if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return;
      this.#at += 1;
    }
  }

  #skip(character: string): boolean {
    if (this.#text[this.#at] !== character) return false;
    this.#at += 1;
    return true;
  }

  #unexpected(where: string): JsonFault {
    const found = this.#text.codePointAt(this.#at);
    const what = found === undefined ? 'the text ends' : `found ${JSON.stringify(String.fromCodePoint(found))}`;
    return new JsonFault(`${what} ${where}`, this.#at);
  }
}

const literalPattern = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y;

function literal(text: string, at: number): string | undefined {
  literalPattern.lastIndex = at;
  return literalPattern.exec(text)?.[0];
}

const escapes = new Map<string, string>([
  ['"', '"'],
  ['\\', '\\'],
  ['/', '/'],
  ['b', '\b'],
  ['f', '\f'],
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
]);
