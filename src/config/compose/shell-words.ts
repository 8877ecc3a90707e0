import { BerthError } from '../../core/errors.ts';

export interface ShellWords {
  readonly words: readonly string[];
  /** What follows the first unquoted shell operator, with it: no shell runs a command, so nobody would act on it. */
  readonly rest: string;
}

type Quote = "'" | '"' | '`' | '(';

/**
 * Splits a command as Compose does (mattn/go-shellwords without environment and backquotes): words are separated by
 * blanks; quotes and backslashes protect them; reading stops at an unquoted `;`, `&`, `|`, `<` or `>`.
 * @throws BerthError CONFIG_INVALID when a quote or an escape does not end, or a parenthesis stands alone.
 */
export function splitShellWords(line: string): ShellWords {
  const words: string[] = [];
  let word = '';
  let started = false;
  let escaped = false;
  let quote: Quote | undefined;

  function endWord(): void {
    if (started) words.push(word);
    word = '';
    started = false;
  }

  for (let index = 0; index < line.length; index += 1) {
    const char = line.charAt(index);
    if (escaped) {
      word += escapes[char] ?? char;
      escaped = false;
      started = true;
    } else if (char === '\\' && quote !== "'") {
      escaped = true;
    } else if (char === quote && (quote === '"' || quote === "'")) {
      quote = undefined;
      started = true;
    } else if ((char === '"' || char === "'") && quote !== '"' && quote !== "'" && quote !== '(') {
      quote ??= char;
    } else if (quote === undefined && /\s/.test(char)) {
      endWord();
    } else if (quote === undefined && operators.has(char)) {
      const rest = line.slice(index);
      // `2>` belongs to the redirection, not to the words.
      if (char === '>' && /^\d/.test(word)) word = '';
      else endWord();
      return { words, rest };
    } else {
      quote = nested(quote, char, word, line);
      word += char;
      started = true;
    }
  }
  if (escaped || quote !== undefined) throw invalid(line);
  endWord();
  return { words, rest: '' };
}

const escapes: Readonly<Record<string, string>> = { t: '\t', n: '\n' };
const operators: ReadonlySet<string> = new Set([';', '&', '|', '<', '>']);

/** Backquotes and `$(…)` are kept as they are, but blanks and operators inside them do not end a word. */
function nested(quote: Quote | undefined, char: string, word: string, line: string): Quote | undefined {
  if (char === '`' && (quote === undefined || quote === '`')) return quote === undefined ? '`' : undefined;
  if (char === '(' && (quote === undefined || quote === '(')) {
    if (quote === undefined && word.endsWith('$')) return '(';
    throw invalid(line);
  }
  if (char === ')' && quote === '(') return undefined;
  if (char === ')' && quote === undefined) throw invalid(line);
  return quote;
}

function invalid(line: string): BerthError {
  return new BerthError(
    'CONFIG_INVALID',
    `cannot split ${JSON.stringify(line)} into words: a quote, an escape or a parenthesis is not closed`,
    {
      hint: 'write the command as a list: ["program", "first argument"]',
    },
  );
}
