import { gunzipSync } from 'node:zlib';

/** What stands where a secret stood in a text that was not made by us. */
export const blank = '********';
/** Shorter ones would blank half of any text. */
const shortest = 4;
/** Base64 that a text may break into lines; shorter runs are words. */
const encodedRun = /[A-Za-z0-9+/]{16,}(?:\s+[A-Za-z0-9+/]{2,})*={0,2}/g;
const shortestEncoded = 12;
/** Also one that the config does not use, as something is wrong with it. Never over the end of a text in JSON. */
const privateKey = /-----BEGIN ((?:[A-Z0-9]+ )*PRIVATE KEY)-----[A-Za-z0-9+/=\\:,\s-]*?-----END \1-----/g;
/** A hash of crypt(5), which may be of somebody whom the config does not have in the end. */
const passwordHash = /\$[0-9a-z]{1,3}\$[./A-Za-z0-9$,=]{20,}/g;

/** Blanks secrets in texts, however a config or an answer writes them: indented, escaped, as base64 in lines, compressed. */
export class SecretBlanker {
  readonly #plain: readonly string[];
  readonly #lined: readonly { readonly hint: string; readonly pattern: RegExp }[];
  readonly #encoded: readonly string[];

  /** @param secrets longest first. */
  constructor(secrets: readonly string[]) {
    const usable = secrets.filter(({ length }) => length >= shortest);
    this.#plain = usable;
    this.#lined = usable.filter((secret) => secret.trim().includes('\n')).map(linedPattern);
    this.#encoded = usable.filter((secret) => secret.length >= shortestEncoded && isBase64(secret));
  }

  blank(text: string): string {
    let result = text;
    for (const secret of this.#plain) result = result.replaceAll(secret, blank);
    for (const { hint, pattern } of this.#lined) if (result.includes(hint)) result = result.replace(pattern, blank);
    result = result.replace(privateKey, blank).replace(passwordHash, blank);
    if (this.#encoded.length > 0) result = result.replace(encodedRun, (run) => (this.#isSecret(run) ? blank : run));
    return result;
  }

  #isSecret(run: string): boolean {
    const bare = run.replace(/\s+/g, '');
    const content = bare.startsWith('H4sI') ? unpacked(bare) : bare;
    return content !== undefined && this.#encoded.some((secret) => content.includes(secret));
  }
}

/** A text of several lines as a block of YAML indents it, or as JSON writes it. */
function linedPattern(secret: string): { hint: string; pattern: RegExp } {
  const lines = secret.trim().split(/\r?\n/);
  const hint = lines.map(asWritten).reduce((longest, line) => (line.length > longest.length ? line : longest));
  const either = (line: string): string => {
    const escaped = JSON.stringify(line).slice(1, -1);
    return escaped === line ? RegExp.escape(line) : `(?:${RegExp.escape(line)}|${RegExp.escape(escaped)})`;
  };
  return { hint, pattern: new RegExp(lines.map(either).join('(?:(?:\\\\r)?\\\\n|\\r?\\n)[ \\t]*'), 'g') };
}

/** The part of a line that is the same in every way of writing it. */
function asWritten(line: string): string {
  return line.split(/["\\\t]/).reduce((longest, part) => (part.length > longest.length ? part : longest));
}

function isBase64(secret: string): boolean {
  return secret.length % 4 === 0 && /^[A-Za-z0-9+/]+={0,2}$/.test(secret);
}

/** The base64 of what a gzip stream in base64 holds; undefined when it is none, or too much for a config. */
function unpacked(base64: string): string | undefined {
  try {
    return gunzipSync(Buffer.from(base64, 'base64'), { maxOutputLength: 16 * 2 ** 20 }).toString('base64');
  } catch {
    return undefined;
  }
}
