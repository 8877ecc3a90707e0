import type { Socket } from 'node:net';
import type { DebugOptions, SessionIo, TerminalSize } from '../agent/agent-service.ts';
import { encodeFrame, FrameReader, type SessionExit, type SessionOpen } from '../api/frames.ts';
import { fromProblem } from '../api/problem.ts';
import { BerthError } from '../core/errors.ts';
import type { ExecOptions } from '../engine/container-engine.ts';

/** The client's side of a session on an upgraded connection. @returns the command's exit code. */
export async function runSession(
  socket: Socket,
  head: Buffer,
  options: ExecOptions | DebugOptions,
  io: SessionIo,
  signal?: AbortSignal,
): Promise<number> {
  const open: SessionOpen = { ...options, ...(io.size === undefined ? {} : { size: io.size }) };
  socket.write(encodeFrame('open', JSON.stringify(open)));
  io.onResize?.((size: TerminalSize) => void socket.write(encodeFrame('resize', JSON.stringify(size))));
  const hangUp = (): void => void socket.destroy();
  signal?.addEventListener('abort', hangUp);
  const stopInput = sendInput(socket, io.stdin);
  try {
    return await receive(socket, head, io);
  } finally {
    stopInput();
    signal?.removeEventListener('abort', hangUp);
    socket.destroy();
  }
}

async function receive(socket: Socket, head: Buffer, io: SessionIo): Promise<number> {
  const reader = new FrameReader();
  return new Promise<number>((resolve, reject) => {
    const take = (chunk: Buffer): void => {
      for (const { kind, payload } of reader.push(chunk)) {
        if (kind === 'stdout' || kind === 'stderr') io.onOutput(kind, payload);
        if (kind !== 'exit') continue;
        const exit = JSON.parse(payload.toString()) as SessionExit;
        if ('problem' in exit) reject(fromProblem(exit.problem));
        else resolve(exit.exitCode);
      }
    };
    const lose = (): void =>
      reject(new BerthError('AGENT_UNREACHABLE', 'the connection to the agent broke', { retryable: true }));
    socket.on('error', lose);
    socket.on('close', lose);
    socket.on('data', (chunk: Buffer) => {
      try {
        take(chunk);
      } catch (error) {
        reject(error instanceof Error ? error : new Error(String(error)));
      }
    });
    if (head.length > 0) take(head);
  });
}

/** @returns how to stop sending. */
function sendInput(socket: Socket, stdin: NodeJS.ReadableStream | undefined): () => void {
  if (stdin === undefined) {
    socket.write(encodeFrame('stdin-end'));
    return () => undefined;
  }
  const send = (chunk: Buffer | string): void => {
    const isTaken = socket.write(encodeFrame('stdin', typeof chunk === 'string' ? Buffer.from(chunk) : chunk));
    if (isTaken) return;
    stdin.pause();
    socket.once('drain', () => stdin.resume());
  };
  const end = (): void => void socket.write(encodeFrame('stdin-end'));
  stdin.on('data', send);
  stdin.on('end', end);
  stdin.resume();
  return () => {
    stdin.off('data', send);
    stdin.off('end', end);
    stdin.pause();
  };
}
