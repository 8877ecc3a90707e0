import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { addAbortSignal } from 'node:stream';
import { BerthError } from '../../core/errors.ts';
import type { Signer } from './signer.ts';

/** A signature has some hundred bytes at most. */
const maxOutputBytes = 65_536;

/**
 * A command that signs, for keys in hardware or in a service: it gets the bytes on its standard input and writes the signature
 * to its standard output, as it is, in hexadecimal or in base64. It may take its time: somebody may have to touch something.
 */
export function commandSigner(command: string): Signer {
  return {
    name: command,
    sign: async (bytes, signal) => {
      const output = await run(command, bytes, signal);
      if (output.length === 0) throw failed(command, 'it wrote no signature');
      return decode(output);
    },
  };
}

async function run(command: string, input: Uint8Array, signal: AbortSignal): Promise<Buffer> {
  const child = spawn('/bin/sh', ['-c', command], { stdio: ['pipe', 'pipe', 'inherit'], signal });
  const ended = once(child, 'close') as Promise<[number | null, string | null]>;
  // It is awaited after the output; until then its failure is nobody's surprise.
  ended.catch(() => undefined);
  // A command that does not read its input says what is wrong by how it ends.
  child.stdin.on('error', () => undefined).end(input);
  const parts: Buffer[] = [];
  let length = 0;
  // What the shell started may hold its output open after the shell was killed.
  const stdout: AsyncIterable<Buffer> = addAbortSignal(signal, child.stdout);
  for await (const part of stdout) {
    length += part.length;
    if (length <= maxOutputBytes) parts.push(part);
  }
  const [code, killedBy] = await ended;
  if (code !== 0) throw failed(command, `it ended with ${killedBy ?? `exit code ${code ?? ''}`}`);
  if (length > maxOutputBytes) throw failed(command, `it wrote ${length} bytes`);
  return Buffer.concat(parts);
}

/** Text when all of it is text of one of the two forms, in lines of any length; else it is the signature itself. Pure. */
export function decode(output: Buffer): Buffer {
  const text = output.toString('latin1').replace(/[ \t\r\n]+/g, '');
  if (text.length % 2 === 0 && /^[0-9a-fA-F]+$/.test(text)) return Buffer.from(text, 'hex');
  if (/^[A-Za-z0-9+/]{40,}={0,2}$/.test(text)) return Buffer.from(text, 'base64');
  return output;
}

function failed(command: string, what: string): BerthError {
  return new BerthError('RELEASE_REFUSED', `the signer "${command}" failed: ${what}`, {
    hint: 'it gets what is to be signed on its standard input, and writes the signature to its standard output',
  });
}
