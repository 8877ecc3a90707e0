import { spawn } from 'node:child_process';
import { BerthError } from '../core/errors.ts';
import type { CommandRequest, CommandResult, HostCommands } from './ports.ts';

const searchPath = '/usr/sbin:/usr/bin:/sbin:/bin';
/** More output than this is nobody's answer. */
const maxOutputBytes = 16 * 2 ** 20;

/** Runs the programs of this machine, in the C locale, so that their output can be read. */
export class ProgramRunner implements HostCommands {
  readonly #environment: Readonly<Record<string, string>>;

  /** @param environment goes over PATH and the locale. */
  constructor(environment: Readonly<Record<string, string>> = {}) {
    this.#environment = { PATH: searchPath, LC_ALL: 'C.UTF-8', ...environment };
  }

  run({ program, args, input, signal }: CommandRequest): Promise<CommandResult> {
    return new Promise((resolve, reject) => {
      const child = spawn(program, args, {
        env: this.#environment,
        stdio: ['pipe', 'pipe', 'pipe'],
        ...(signal === undefined ? {} : { signal }),
      });
      const output = { stdout: '', stderr: '' };
      for (const name of ['stdout', 'stderr'] as const) {
        child[name].setEncoding('utf8').on('data', (chunk: string) => {
          if (output[name].length < maxOutputBytes) output[name] += chunk;
        });
      }
      child.on('error', (error: NodeJS.ErrnoException) =>
        reject(error.code === 'ENOENT' ? unknownProgram(program) : error),
      );
      child.on('close', (exitCode) => resolve({ exitCode: exitCode ?? 128, ...output }));
      // A program that does not read its input may end before it is written.
      child.stdin.on('error', () => undefined);
      child.stdin.end(input ?? '');
    });
  }
}

function unknownProgram(program: string): BerthError {
  return new BerthError('UNSUPPORTED', `this host has no program ${program}`, {
    details: { program },
    hint: 'it is part of the Berth image; on other systems, install it',
  });
}

/**
 * Runs a program that has to succeed. @returns what it wrote to stdout.
 * Throws HOST_REFUSED with the end of its stderr, UNSUPPORTED when there is no such program.
 */
export async function runProgram(commands: HostCommands, request: CommandRequest): Promise<string> {
  const { exitCode, stdout, stderr } = await commands.run(request);
  if (exitCode === 0) return stdout;
  const { program, args } = request;
  const said = (stderr.trim() || stdout.trim()).slice(-2000);
  throw new BerthError('HOST_REFUSED', `${program} ended with ${exitCode}: ${said || 'it said nothing'}`, {
    details: { program, args, exitCode },
    hint: `try by hand: ${[program, ...args].join(' ')}`,
  });
}
