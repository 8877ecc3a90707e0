/** What a value could have been; each is true where it would be right. */
export interface Wanted {
  readonly text?: boolean;
  readonly truth?: boolean;
  readonly number?: boolean;
  readonly list?: boolean;
}

/** What to write instead of a value of the wrong type, where it can be guessed; undefined otherwise. Pure. */
export function typeHint(value: unknown, wanted: Wanted): string | undefined {
  if (typeof value === 'string') {
    if (/^none$/i.test(value))
      return `"${value}" is text in YAML: remove the key, or write null where it takes nothing`;
    if (wanted.truth === true && /^(?:true|false)$/i.test(value)) return 'remove the quotes';
    if (wanted.truth === true && /^(?:y|n|yes|no|on|off)$/i.test(value)) return 'write true or false';
    if (wanted.number === true && /^-?\d+$/.test(value)) return 'remove the quotes';
  }
  if (typeof value === 'object' || value === undefined) return undefined;
  if (wanted.text === true) return 'quote the value if it is meant as text';
  return wanted.list === true ? 'write it as a list, with "- " before each entry' : undefined;
}
