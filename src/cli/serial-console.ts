import { connect } from 'node:net';
import { BerthError } from '../core/errors.ts';
import type { CliContext } from './context.ts';

/** Ctrl-], as telnet has it. */
export const consoleEscape = 0x1d;

/**
 * Joins the person's terminal to a serial console behind a socket, until Ctrl-], the end of the input when it is no terminal,
 * or the end of the machine. Throws NOT_FOUND when nothing is behind the socket.
 */
export async function attendConsole(
  path: string,
  { stdin, stdout, signal }: Pick<CliContext, 'stdin' | 'stdout' | 'signal'>,
): Promise<void> {
  const socket = connect(path);
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('error', (cause) => reject(new BerthError('NOT_FOUND', 'the machine does not run', { cause })));
  });
  const isTerminal = stdin.isTTY === true;
  if (isTerminal) stdin.setRawMode?.(true);
  const leave = (): void => void socket.end();
  const send = (chunk: Buffer | string): void => {
    const bytes = Buffer.from(chunk);
    const end = isTerminal ? bytes.indexOf(consoleEscape) : -1;
    if (end === -1) socket.write(bytes);
    else {
      socket.write(bytes.subarray(0, end));
      leave();
    }
  };
  try {
    await new Promise<void>((resolve) => {
      socket.on('data', (chunk) => void stdout.write(chunk));
      socket.on('close', () => resolve());
      socket.on('error', () => resolve());
      signal.addEventListener('abort', leave);
      stdin.on('data', send);
      stdin.on('end', leave);
      stdin.resume();
    });
  } finally {
    signal.removeEventListener('abort', leave);
    stdin.off('data', send);
    stdin.off('end', leave);
    stdin.pause();
    if (isTerminal) stdin.setRawMode?.(false);
    socket.destroy();
  }
}
