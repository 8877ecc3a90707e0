import type { CommandConfig } from '../../config/commands-config.ts';

/** Where the shell tells the exit code of each command: `INDEX CODE`. */
export const statusDescriptor = 3;

/**
 * A list of commands as one script for /bin/sh: a command that fails does not stop the next one, and what one sets (a
 * directory, a variable) the next one sees, `$?` too. Pure.
 */
export function shellScript(commands: readonly CommandConfig[]): string {
  const lines = commands.flatMap((command, index) => [
    command.kind === 'shell' ? command.text : command.args.map(quoted).join(' '),
    `berth_status=$?; echo "${index} $berth_status" >&${statusDescriptor}; (exit "$berth_status")`,
  ]);
  return `${lines.join('\n')}\nexit 0\n`;
}

/** A word that the shell takes as it is. */
function quoted(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}

/** One command of a list, and how it ended; null: the shell ended before it. */
export interface CommandStatus {
  readonly index: number;
  readonly exitCode: number | null;
}

/** What the shell told of the commands. Pure. */
export function readStatuses(text: string, count: number): CommandStatus[] {
  const codes = new Map(
    text.split('\n').flatMap((line): [number, number][] => {
      const match = /^(\d+) (\d+)$/.exec(line);
      return match === null ? [] : [[Number(match[1]), Number(match[2])]];
    }),
  );
  return Array.from({ length: count }, (_, index) => ({ index, exitCode: codes.get(index) ?? null }));
}

/**
 * What is wrong with a list of commands that has run, a line for each that failed; the first one that the shell did not come
 * back from stands for those after it. Pure. @param exitCode the shell's own.
 */
export function describeStatuses(key: string, statuses: readonly CommandStatus[], exitCode: number): string[] {
  const lines: string[] = [];
  for (const { index, exitCode: code } of statuses) {
    if (code === 0) continue;
    if (code !== null) {
      lines.push(`${key}[${index}] ended with ${code}`);
      continue;
    }
    // A command may end the shell by itself: "exit 0" is no failure.
    if (exitCode !== 0) lines.push(`${key}[${index}] ended the shell with ${exitCode}`);
    break;
  }
  return lines;
}
