import type { DebugOptions, TerminalSize } from '../agent/agent-service.ts';
import type { ExecOptions } from '../engine/container-engine.ts';
import type { ProblemDocument } from './problem.ts';

/** The protocol named in `Upgrade:` by clients of exec and debug. */
export const sessionProtocol = 'berth-session';

/**
 * A frame of a session: one byte kind, four bytes length (big endian), payload. The client begins with `open` (JSON
 * options); the server ends with `exit` (JSON: the exit code, or the problem that kept the command from running).
 */
export const frameKinds = { stdin: 0, stdout: 1, stderr: 2, resize: 3, exit: 4, 'stdin-end': 5, open: 6 } as const;

/** The names of the kinds. */
export type FrameKind = keyof typeof frameKinds;

/** The payload of `open`. */
export type SessionOpen = (ExecOptions | DebugOptions) & { readonly size?: TerminalSize };

/** The payload of `exit`. */
export type SessionExit = { readonly exitCode: number } | { readonly problem: ProblemDocument };

/** One frame, taken apart. */
export interface Frame {
  readonly kind: FrameKind;
  readonly payload: Buffer;
}

const headerBytes = 5;
const maxPayloadBytes = 16 * 2 ** 20;
const kindNames = new Map<number, FrameKind>(
  Object.entries(frameKinds).map(([name, code]) => [code, name as FrameKind]),
);

/** One frame as bytes. */
export function encodeFrame(kind: FrameKind, payload: Buffer | string = ''): Buffer {
  const content = typeof payload === 'string' ? Buffer.from(payload) : payload;
  const frame = Buffer.alloc(headerBytes + content.length);
  frame.writeUInt8(frameKinds[kind], 0);
  frame.writeUInt32BE(content.length, 1);
  content.copy(frame, headerBytes);
  return frame;
}

/** Cuts a byte stream into frames, however the network cut it. Throws on a kind or a length that cannot be. */
export class FrameReader {
  #pending: Buffer = Buffer.alloc(0);

  /** The frames completed by this chunk. */
  push(chunk: Buffer): Frame[] {
    this.#pending = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk]);
    const frames: Frame[] = [];
    while (this.#pending.length >= headerBytes) {
      const kind = kindNames.get(this.#pending.readUInt8(0));
      const length = this.#pending.readUInt32BE(1);
      if (kind === undefined || length > maxPayloadBytes) throw new Error('this is not a session frame');
      const end = headerBytes + length;
      if (this.#pending.length < end) break;
      frames.push({ kind, payload: this.#pending.subarray(headerBytes, end) });
      this.#pending = this.#pending.subarray(end);
    }
    return frames;
  }
}
