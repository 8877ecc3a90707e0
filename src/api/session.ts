import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { PassThrough } from 'node:stream';
import type { AgentService, SessionIo, TerminalSize } from '../agent/agent-service.ts';
import { BerthError } from '../core/errors.ts';
import { encodeFrame, type Frame, FrameReader, type SessionExit, type SessionOpen, sessionProtocol } from './frames.ts';
import { problemType, toProblem } from './problem.ts';
import type { SessionRoute } from './route.ts';
import { routes } from './routes.ts';

/** Answers HTTP Upgrade requests: `exec` and `debug`. */
export function serveSessions(server: Server, service: AgentService): void {
  const open = new Set<Duplex>();
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const match = findSession(request);
    if (match === undefined) {
      refuse(socket);
      return;
    }
    open.add(socket);
    socket.on('close', () => open.delete(socket));
    socket.write(`HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ${sessionProtocol}\r\n\r\n`);
    new Session(socket, match.route, match.name, service).begin(head);
  });
  // The server itself forgets upgraded connections.
  server.on('close', () => {
    for (const socket of open) socket.destroy();
  });
}

function findSession(request: IncomingMessage): { route: SessionRoute; name: string } | undefined {
  if (request.headers.upgrade?.toLowerCase() !== sessionProtocol) return undefined;
  const path = (request.url ?? '').split('?', 1)[0] ?? '';
  for (const route of routes) {
    if (route.kind !== 'session') continue;
    const name = new RegExp(`^${route.path.replace('{name}', '([^/]+)')}$`).exec(path)?.[1];
    if (name !== undefined) return { route, name: decodeURIComponent(name) };
  }
  return undefined;
}

function refuse(socket: Duplex): void {
  const problem = JSON.stringify(toProblem(new BerthError('NOT_FOUND', 'there is no such session')));
  socket.end(
    `HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Type: ${problemType}\r\nContent-Length: ${Buffer.byteLength(problem)}\r\n\r\n${problem}`,
  );
}

/** The server's side of one command: frames in, frames out. */
class Session {
  readonly #socket: Duplex;
  readonly #route: SessionRoute;
  readonly #name: string;
  readonly #service: AgentService;
  readonly #reader = new FrameReader();
  readonly #stdin = new PassThrough();
  readonly #abort = new AbortController();
  readonly #resizeListeners: ((size: TerminalSize) => void)[] = [];
  #size: TerminalSize | undefined;
  #isRunning = false;

  constructor(socket: Duplex, route: SessionRoute, name: string, service: AgentService) {
    this.#socket = socket;
    this.#route = route;
    this.#name = name;
    this.#service = service;
  }

  begin(head: Buffer): void {
    const hangUp = (): void => {
      this.#stdin.end();
      this.#abort.abort(new BerthError('CANCELLED', 'the client hung up'));
    };
    this.#socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    this.#socket.on('error', hangUp);
    this.#socket.on('close', hangUp);
    if (head.length > 0) this.#receive(head);
  }

  #receive(chunk: Buffer): void {
    try {
      for (const frame of this.#reader.push(chunk)) this.#take(frame);
    } catch (error) {
      this.#end({ problem: toProblem(new BerthError('USAGE', 'the session was not understood', { cause: error })) });
    }
  }

  #take({ kind, payload }: Frame): void {
    switch (kind) {
      case 'open':
        if (!this.#isRunning) void this.#run(JSON.parse(payload.toString()) as SessionOpen);
        return;
      case 'stdin':
        this.#takeInput(payload);
        return;
      case 'stdin-end':
        this.#stdin.end();
        return;
      case 'resize':
        this.#setSize(JSON.parse(payload.toString()) as TerminalSize);
        return;
      case 'stdout':
      case 'stderr':
      case 'exit':
        throw new Error(`a client does not send ${kind}`);
    }
  }

  #takeInput(payload: Buffer): void {
    if (this.#stdin.writableEnded || this.#stdin.write(payload)) return;
    this.#socket.pause();
    this.#stdin.once('drain', () => this.#socket.resume());
  }

  async #run(open: SessionOpen): Promise<void> {
    this.#isRunning = true;
    this.#size = open.size;
    const io: SessionIo = {
      stdin: this.#stdin,
      onOutput: (stream, chunk) => void this.#socket.write(encodeFrame(stream, chunk)),
      onResize: (listener) => void this.#resizeListeners.push(listener),
      onStart: (resize) => this.#followSize(resize),
      ...(open.size === undefined ? {} : { size: open.size }),
    };
    try {
      if (!Array.isArray(open.command)) throw new BerthError('USAGE', 'command must be a list of strings');
      this.#end({ exitCode: await this.#route.handle(this.#service, this.#name, open, io, this.#abort.signal) });
    } catch (error) {
      this.#end({ problem: toProblem(error) });
    }
  }

  #setSize(size: TerminalSize): void {
    this.#size = size;
    for (const listener of this.#resizeListeners) listener(size);
  }

  /** Gives the command's terminal the size of the client's, now and whenever that changes. */
  #followSize(resize: (columns: number, rows: number) => Promise<void>): void {
    // A command may end just then; a wrong size is no reason to end a session.
    const follow = ({ columns, rows }: TerminalSize): void => void resize(columns, rows).catch(() => undefined);
    this.#resizeListeners.push(follow);
    if (this.#size !== undefined) follow(this.#size);
  }

  #end(exit: SessionExit): void {
    if (!this.#socket.writableEnded) this.#socket.end(encodeFrame('exit', JSON.stringify(exit)));
  }
}
