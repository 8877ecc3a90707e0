import { ByteReader } from './byte-reader.ts';

/** What is wrong with the text of a unit. */
export class UnitFault extends Error {}

/** systemd's own limit, in bytes. */
const maxLine = 2048;

/**
 * The sections of a systemd unit that have options, found as the Go library does that Ignition checks units with
 * (go-systemd). Throws UnitFault.
 */
export function readUnitText(text: string): ReadonlySet<string> {
  return new UnitReader(text).read();
}

type Step = (() => Step) | undefined;

class UnitReader {
  readonly #bytes: ByteReader;
  readonly #sections = new Set<string>();
  #section = '';

  constructor(text: string) {
    this.#bytes = new ByteReader(text);
  }

  read(): ReadonlySet<string> {
    let step: Step = this.#beforeSection;
    while (step !== undefined) {
      if (this.#bytes.hasLongLine(maxLine)) throw new UnitFault(`a line has more than ${maxLine} bytes`);
      step = step.call(this);
    }
    return this.#sections;
  }

  /** Whatever stands before the first section is passed over. */
  #beforeSection(): Step {
    const found = this.#bytes.character();
    if (found === undefined) return undefined;
    if (found === '[') return this.#sectionName;
    return isComment(found) ? () => this.#comment(this.#beforeSection) : this.#beforeSection;
  }

  #sectionName(): Step {
    const name = this.#bytes.until(']');
    if (name === undefined) throw new UnitFault('a section name has no "]" after it');
    return () => {
      const rest = this.#bytes.line().trim();
      if (rest !== '')
        throw new UnitFault(`there is ${JSON.stringify(rest.slice(0, 40))} behind the section name [${name}]`);
      this.#section = name;
      return this.#inSection;
    };
  }

  #inSection(): Step {
    const found = this.#bytes.character();
    if (found === undefined) return undefined;
    if (/\s|\u0085/.test(found) && found !== '\ufeff') return this.#inSection;
    if (found === '[') return this.#sectionName;
    if (isComment(found)) return () => this.#comment(this.#inSection);
    this.#bytes.back();
    return this.#optionName;
  }

  /** A comment goes on in the next line after a backslash. */
  #comment(next: () => Step): Step {
    while (this.#bytes.line().replace(/ $/, '').endsWith('\\'));
    return next;
  }

  #optionName(): Step {
    for (;;) {
      const found = this.#bytes.character();
      if (found === undefined) throw new UnitFault('the last line is an option without "="');
      if (found === '\n' || found === '\r') throw new UnitFault(`a line of [${this.#section}] has no "="`);
      if (found === '=') return this.#optionValue;
    }
  }

  #optionValue(): Step {
    if (this.#bytes.line().endsWith('\\')) return this.#optionValue;
    this.#sections.add(this.#section);
    return this.#inSection;
  }
}

function isComment(character: string): boolean {
  return character === '#' || character === ';';
}
