import { BerthError } from '../../core/errors.ts';

/** Variables by name; null and absent both mean "not set". */
export type Variables = Readonly<Record<string, string | null | undefined>>;

export interface Substitution {
  readonly text: string;
  /** Names that were used, are not set and have no default: they became empty text. */
  readonly unset: readonly string[];
}

/** What to put for a variable, by the operator behind its name. */
type Operator = ':?' | '?' | ':-' | '-' | ':+' | '+';

/**
 * Replaces `$NAME` and `${NAME}` with their operators (`:-` `-` `:?` `?` `:+` `+`, whose words may hold variables again);
 * `$$` is a dollar sign. A dollar sign that starts neither stays. Source: Compose specification, 12-interpolation.md.
 * @throws BerthError CONFIG_INVALID for an unreadable `${` or a required variable (`?`) that is missing.
 */
export function substitute(text: string, variables: Variables): Substitution {
  return substituteNested(text, variables, 0);
}

/** Deeper nesting is a mistake or an attack, and would take time with its square. */
const maxNesting = 50;

function substituteNested(text: string, variables: Variables, depth: number): Substitution {
  if (depth > maxNesting) throw new BerthError('CONFIG_INVALID', `variables are nested more than ${maxNesting} deep`);
  const unset: string[] = [];
  let output = '';
  let rest = text;
  for (;;) {
    const dollar = rest.indexOf('$');
    if (dollar === -1) return { text: output + rest, unset };
    output += rest.slice(0, dollar);
    const { value, length } = readReference(rest.slice(dollar), variables, unset, depth);
    output += value;
    rest = rest.slice(dollar + length);
  }
}

interface Reference {
  readonly value: string;
  /** Characters of the text that the reference takes. */
  readonly length: number;
}

function readReference(text: string, variables: Variables, unset: string[], depth: number): Reference {
  if (text.startsWith('$$')) return { value: '$', length: 2 };
  const name = /^\$([_a-z][_a-z0-9]*)/i.exec(text);
  if (name !== null) return { value: lookUp(name[1] ?? '', variables, unset), length: name[0].length };
  if (!text.startsWith('${')) return { value: '$', length: 1 };
  const end = closingBrace(text);
  const braced = /^\$\{([_a-z][_a-z0-9]*)(?:(:?[-+?])(.*))?\}$/is.exec(end === -1 ? '' : text.slice(0, end + 1));
  if (braced === null) {
    throw new BerthError('CONFIG_INVALID', `invalid interpolation at ${JSON.stringify(text.slice(0, 60))}`, {
      hint: 'write ${NAME} or ${NAME:-default}; for a dollar sign itself write $$',
    });
  }
  const [, variable = '', operator, word = ''] = braced;
  if (operator === undefined) return { value: lookUp(variable, variables, unset), length: end + 1 };
  const resolve = (): string => {
    const inner = substituteNested(word, variables, depth + 1);
    unset.push(...inner.unset);
    return inner.text;
  };
  return { value: apply(operator as Operator, variable, variables, resolve), length: end + 1 };
}

function lookUp(name: string, variables: Variables, unset: string[]): string {
  const value = valueOf(name, variables);
  if (value === undefined) unset.push(name);
  return value ?? '';
}

function apply(operator: Operator, name: string, variables: Variables, resolve: () => string): string {
  const value = valueOf(name, variables);
  const isMissing = operator.startsWith(':') ? value === undefined || value === '' : value === undefined;
  switch (operator) {
    case ':-':
    case '-':
      return isMissing ? resolve() : (value ?? '');
    case ':+':
    case '+':
      return isMissing ? '' : resolve();
    case ':?':
    case '?': {
      if (!isMissing) return value ?? '';
      const reason = resolve();
      throw new BerthError(
        'CONFIG_INVALID',
        `required variable ${name} is missing a value${reason === '' ? '' : `: ${reason}`}`,
      );
    }
  }
}

function valueOf(name: string, variables: Variables): string | undefined {
  return Object.hasOwn(variables, name) ? (variables[name] ?? undefined) : undefined;
}

/**
 * Where the brace that opens the text's reference closes; braces inside it pair up (`${A:-{"b":1}}`).
 * When they do not, the last one of the line closes it, as in the reference implementation (`${A:-{}`).
 */
function closingBrace(text: string): number {
  let open = 0;
  for (let index = 1; index < text.length; index += 1) {
    if (text[index] === '{') open += 1;
    else if (text[index] === '}') open -= 1;
    if (open === 0) return index;
  }
  return (text.split('\n', 1)[0] ?? '').lastIndexOf('}');
}
