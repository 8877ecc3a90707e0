import { type ExecFileException, execFile } from 'node:child_process';

export interface CommandOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly signal?: AbortSignal;
}

/** Node's own words hold the whole command once more. */
function howItEnded({ code, signal, message }: ExecFileException): string {
  if (typeof code === 'number') return `ended with ${code}`;
  return signal == null ? message : `ended by ${signal}`;
}

/** Runs a program to its end. @returns what it wrote to stdout. Throws a plain Error with the end of its stderr when it fails. */
export function runCommand(command: string, args: readonly string[], options: CommandOptions = {}): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(command, args, { maxBuffer: 64 * 2 ** 20, ...options }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else
        reject(
          new Error(`${command} ${args[0] ?? ''}: ${stderr.trim().slice(-2000) || howItEnded(error)}`, {
            cause: error,
          }),
        );
    });
  });
}
