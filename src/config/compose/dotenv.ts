import { BerthError } from '../../core/errors.ts';
import { substitute, type Variables } from './template.ts';

const blank = /^[\t\v\f\r \u0085\u00a0]+/;

/**
 * Reads an env file: `NAME=value` or `NAME: value` lines, `export` allowed, `#` comments (after a value only behind a
 * space), single quotes for text as it is, double quotes with escapes, both over several lines. Values may use variables:
 * the environment's first, then those of earlier lines. A name alone takes the environment's value, if there is one.
 * Source: Compose specification, 05-services.md, "Env_file format".
 * @throws BerthError CONFIG_INVALID with the line number.
 */
export function parseDotenv(source: string, environment: Variables): Record<string, string> {
  const text = source.replace(/^\ufeff/, '').replaceAll('\r\n', '\n');
  const found = new Map<string, string>();
  const variables = defined(environment);
  let rest = text;
  const failAt: FailAt = (remaining, message) => {
    const line = text.slice(0, text.length - remaining.length).split('\n').length;
    throw new BerthError('CONFIG_INVALID', `line ${line}: ${message}`, { details: { line } });
  };
  for (;;) {
    rest = skipToStatement(rest);
    if (rest === '') return Object.fromEntries(found);
    const { name, after, inherited } = readName(rest, failAt);
    if (inherited) {
      const value = environment[name];
      if (typeof value === 'string') found.set(name, value);
      rest = after;
      continue;
    }
    const raw = readValue(after, failAt);
    const value = raw.isLiteral ? raw.value : substitute(raw.value, variables).text;
    found.set(name, value);
    if (typeof environment[name] !== 'string') variables[name] = value;
    rest = raw.rest;
  }
}

/** Throws an error about the line where the remaining text starts. */
type FailAt = (remaining: string, message: string) => never;

function defined(environment: Variables): Record<string, string> {
  const entries = Object.entries(environment).flatMap(([name, value]) =>
    typeof value === 'string' ? [[name, value] as const] : [],
  );
  return Object.fromEntries(entries);
}

function skipToStatement(text: string): string {
  return text.replace(/^(?:\s+|\u0085|#[^\n]*(?:\n|$))+/, '');
}

interface Name {
  readonly name: string;
  readonly after: string;
  readonly inherited: boolean;
}

function readName(statement: string, failAt: FailAt): Name {
  const text = statement.replace(/^export[\s\u0085]+/, '');
  const raw = /^[^=:\n]*/.exec(text)?.[0] ?? '';
  const wrong = /[^\p{L}\p{N}_.\-[\]\t\v\f\r \u0085\u00a0]/u.exec(raw);
  if (wrong !== null)
    failAt(statement, `unexpected character ${JSON.stringify(wrong[0])} in variable name ${JSON.stringify(raw)}`);
  const name = raw.trimEnd();
  if (name.includes(' ')) failAt(statement, 'key cannot contain a space');
  const end = text[raw.length];
  return { name, after: text.slice(raw.length + 1).replace(blank, ''), inherited: end === '\n' || end === undefined };
}

interface Value {
  readonly value: string;
  readonly rest: string;
  /** Single quotes: no variables inside. */
  readonly isLiteral: boolean;
}

function readValue(text: string, failAt: FailAt): Value {
  const quote = text[0];
  if (quote === '"' || quote === "'") return readQuoted(text, quote, failAt);
  const newline = text.indexOf('\n');
  const raw = newline === -1 ? text : text.slice(0, newline);
  const comment = raw.indexOf(' #');
  const value = (comment === -1 ? raw : raw.slice(0, comment)).replace(/[\s\u0085]+$/, '');
  return { value, rest: newline === -1 ? '' : text.slice(newline + 1), isLiteral: false };
}

function readQuoted(text: string, quote: '"' | "'", failAt: FailAt): Value {
  let value = '';
  for (let index = 1; index < text.length; index += 1) {
    const char = text[index] ?? '';
    if (char === quote) {
      const isLiteral = quote === "'";
      return { value: isLiteral ? value : expandEscapes(value), rest: text.slice(index + 1), isLiteral };
    }
    const next = text[index + 1];
    if (char === '\\' && next !== undefined) {
      value += next === quote ? quote : char + next;
      index += 1;
    } else value += char;
  }
  return failAt(text, `unterminated quoted value ${text.split('\n', 1)[0] ?? ''}`);
}

const escapes: Readonly<Record<string, string>> = {
  a: '\u0007',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  '"': '"',
  // The template's own way to write a dollar sign.
  $: '$$',
};

/** The escapes of double quotes; `\c` and anything else stay as they are, an octal one needs its three digits. */
function expandEscapes(text: string): string {
  return text.replace(
    /\\(?:([abcfnrtv$"\\])|0(\d{0,3}))/g,
    (whole, letter: string | undefined, octal: string | undefined) => {
      if (letter !== undefined) return escapes[letter] ?? whole;
      const code = /^[0-3][0-7]{2}$/.test(octal ?? '') ? Number.parseInt(octal ?? '', 8) : undefined;
      return code === undefined ? whole.replace('\\0', '\\') : String.fromCharCode(code);
    },
  );
}
