import { spawn } from 'node:child_process';
import { BerthError, type ErrorCode } from '../src/core/errors.ts';

export interface CommandOptions {
  readonly directory?: string;
  readonly environment?: Readonly<Record<string, string>>;
  /** File descriptor to read stdin from; default: nothing. */
  readonly input?: number;
  /** File descriptor to write stdout to; default: it is collected, as text. */
  readonly output?: number;
  /** Exit codes that are not failures. Default: only 0. */
  readonly accept?: readonly number[];
  /** What a failure is called. */
  readonly code?: ErrorCode;
  /** True when trying again may help (a network was involved). */
  readonly retryable?: boolean;
}

export interface CommandResult {
  readonly exitCode: number;
  readonly stdout: string;
}

/**
 * Runs a program without a shell, in the C locale, and collects its output.
 * Throws {@link BerthError} (`options.code`, default UNSUPPORTED) with the last lines of stderr when it fails or is missing.
 */
export async function runCommand(
  program: string,
  commandArguments: readonly string[],
  options: CommandOptions = {},
): Promise<CommandResult> {
  const child = spawn(program, commandArguments, {
    cwd: options.directory,
    env: { ...process.env, LC_ALL: 'C', DEBIAN_FRONTEND: 'noninteractive', ...options.environment },
    stdio: [options.input ?? 'ignore', options.output ?? 'pipe', 'pipe'],
  });
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout?.on('data', (chunk: Buffer) => stdout.push(chunk));
  child.stderr?.on('data', (chunk: Buffer) => stderr.push(chunk));
  const exitCode = await new Promise<number>((resolve, reject) => {
    child.once('error', (cause) =>
      reject(new BerthError(options.code ?? 'UNSUPPORTED', `cannot run ${program}: ${cause.message}`, { cause })),
    );
    child.once('close', (code) => resolve(code ?? 255));
  });
  if (!(options.accept ?? [0]).includes(exitCode)) {
    const tail = Buffer.concat(stderr).toString().trim().split('\n').slice(-5).join('\n');
    throw new BerthError(options.code ?? 'UNSUPPORTED', `${program} ended with ${exitCode}: ${tail}`, {
      retryable: options.retryable ?? false,
    });
  }
  return { exitCode, stdout: Buffer.concat(stdout).toString() };
}
