import { appendFileSync } from 'node:fs';

/** Says on the machine's console what the boot is at; a line each. */
export type Say = (line: string) => void;

/** A console that nobody can write to must not stop a boot. */
export const sayOnConsole: Say = (line) => {
  try {
    appendFileSync('/dev/console', `berth: ${line}\r\n`);
  } catch {
    process.stderr.write(`${line}\n`);
  }
};

/** Lines for a boot's progress: a console has 25, and the initrd, the state partition and the end of the boot need some. */
export const progressLines = 19;

/**
 * The console while the machine boots: no more lines than it has room for, and none twice in a row. What is left out is in
 * `berth status`. Once the boot has ended, every line is said.
 */
export class BootConsole {
  readonly #write: Say;
  readonly #limit: number;
  #said = 0;
  #leftOut = 0;
  #last = '';
  #hasEnded = false;

  constructor(write: Say, limit = progressLines) {
    this.#write = write;
    this.#limit = limit;
  }

  readonly say: Say = (line) => {
    if (line === this.#last) return;
    if (!this.#hasEnded && this.#said >= this.#limit) {
      this.#leftOut += 1;
      return;
    }
    this.#said += 1;
    this.#last = line;
    this.#write(line);
  };

  /** The last line of the boot, always said. Later calls do nothing. */
  end(line: string): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#last = line;
    this.#write(this.#leftOut === 0 ? line : `${line} (${this.#leftOut} more lines were left out: berth status)`);
  }
}
