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
