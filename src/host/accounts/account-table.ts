/**
 * One of passwd(5), group(5), shadow(5) and gshadow(5): lines of fields with colons between them, the first one a name.
 * Lines that are none are kept where they stand.
 */
export class AccountTable {
  readonly #lines: (string | string[])[];
  readonly #byName = new Map<string, string[]>();

  /** Reads a table. Of two lines with one name the first counts, as in getpwnam(3). */
  constructor(text: string, fields: number) {
    this.#lines = text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => {
        const parts = line.split(':');
        const [name = ''] = parts;
        if (parts.length !== fields || name === '' || /^[#+-]/.test(name) || this.#byName.has(name)) return line;
        this.#byName.set(name, parts);
        return parts;
      });
  }

  /** The fields of a name; to be changed in place. */
  get(name: string): string[] | undefined {
    return this.#byName.get(name);
  }

  names(): string[] {
    return [...this.#byName.keys()];
  }

  /** Appends a line. */
  add(fields: readonly string[]): void {
    const copy = [...fields];
    this.#lines.push(copy);
    this.#byName.set(copy[0] ?? '', copy);
  }

  remove(name: string): void {
    const fields = this.#byName.get(name);
    if (fields === undefined) return;
    this.#byName.delete(name);
    this.#lines.splice(this.#lines.indexOf(fields), 1);
  }

  /** The number of every name: the third field of passwd(5) and group(5). */
  numbers(): Map<string, number> {
    return new Map([...this.#byName].map(([name, fields]) => [name, Number(fields[2])]));
  }

  render(): string {
    return this.#lines.map((line) => `${typeof line === 'string' ? line : line.join(':')}\n`).join('');
  }
}

/** A field must not end itself or its line. */
export function plainField(text: string): string {
  return text.replace(/[:\r\n\0]/g, ' ');
}
